# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# For scripts that make systems to try things in. Whatever they mount and start
# is gone when they end, also when they are killed; and no tree is removed that
# something is mounted beneath.

own_mounts() {
  readlink /proc/self/ns/mnt
}

is_apart() {
  [ "${ALMU_APART_FROM:-$(own_mounts)}" != "$(own_mounts)" ]
}

# Runs the command with mounts and processes of its own. Its first process has
# the number 1 there: with it end all others, and with the last of them the
# mounts. It is killed with the one that waits here, however that one ends.
run_apart() {
  local waited status=0

  ALMU_APART_FROM=$(own_mounts) setpriv --pdeathsig KILL \
    unshare --mount --pid --mount-proc --fork --kill-child -- "$@" &
  waited=$!
  # shellcheck disable=SC2064 # the number of now
  trap "kill -KILL $waited 2>/dev/null || true; wait $waited 2>/dev/null || true" EXIT
  trap 'exit 130' INT
  trap 'exit 143' HUP TERM
  wait "$waited" || status=$?
  trap - EXIT INT HUP TERM
  return "$status"
}

# Who uses the folder for the same has to wait.
claim_folder() {
  local lock

  mkdir -p "$1"
  exec {lock}>"$1/lock"
  flock "$lock"
}

# What is mounted at PATH or beneath it, a line each.
mounts_beneath() {
  local tree point
  tree=$(realpath -m -- "$1")

  while read -r _ _ _ _ point _; do
    printf -v point %b "$point"
    [[ $point/ != "$tree"/* ]] || printf '%s\n' "$point"
  done </proc/self/mountinfo
}

remove_tree() {
  local path mounted

  for path in "$@"; do
    mounted=$(mounts_beneath "$path")
    [ -z "$mounted" ] || {
      printf '%s: %s is not removed, because this is mounted there; please umount it:\n%s\n' \
        "${0##*/}" "$path" "$mounted" >&2
      return 1
    }
  done
  rm -rf --one-file-system -- "$@"
}
