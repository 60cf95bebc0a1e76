#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# test-completion.sh SCRIPT SCRIPT-OF-DAEMON PROGRAM: does bash complete what the
# programs take?

source "$1"
source "$2"
program=$3
count=0

# What stands for the program: its sessions are known.
almucantar ()
{
  printf '41\ta.fits\n42\tb.fits and 1 more\n7\t\n'
}

check ()
{
  local name=$1 expected=$2
  shift 2
  COMP_WORDS=("$@")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  "_$1"
  count=$((count + 1))
  if [[ "${COMPREPLY[*]}" == "$expected" ]]; then
    echo "ok $count $name"
  else
    echo "not ok $count $name"
    echo "# “${COMPREPLY[*]}” instead of “$expected”"
  fi
}

check 'a command' 'resume' almucantar re
check 'commands that begin alike' 'sessions show status' almucantar s
check 'an option of all' '--no-start' almucantar --n
check 'after an option of all' 'quit' almucantar --no-start q
check 'an option of a command' '--no-browser' almucantar open --no-b
check 'sessions' '41 42 7' almucantar resume ''
check 'a session' '41 42' almucantar forget 7 4
check 'nothing after quit' '' almucantar quit ''

# bash takes words apart at =
check 'an option of the daemon' '--log-level= --log-performance --log-protocol-messages' almucantard --log
check 'a choice' 'auto' almucantard --restore = au
check 'all choices, after the sign' 'ask auto never' almucantard --restore =
check 'a choice of its own word' 'warning' almucantard --log_level w
check 'a number nobody can guess' '' almucantard --port ''
check 'a folder' '/usr' almucantard --top-level-folder = /us
check 'a file' "$0" almucantard --read-only-mode "${0%.sh}"

# no command is left out
for word in $(LC_ALL=C "$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
  check "the command $word" "$word" almucantar "$word"
done

echo "1..$count"
