# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of almucantard for bash.

_almucantard ()
{
  local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()

  # bash takes --name=value apart
  if [[ $current == '=' ]]; then
    current=
  elif [[ $option == '=' ]]; then
    option=${COMP_WORDS[COMP_CWORD-2]}
  fi

  case ${option//_/-} in
    --top-level-folder | --starting-folder | --frontend-folder | --state-dir)
      compopt -o filenames 2> /dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return
      ;;
    --restore)
      mapfile -t COMPREPLY < <(compgen -W 'ask auto never' -- "$current")
      return
      ;;
    --log-level)
      mapfile -t COMPREPLY < <(compgen -W 'off critical error warning info debug' -- "$current")
      return
      ;;
    --verbosity)
      mapfile -t COMPREPLY < <(compgen -W '0 1 2 3 4 5' -- "$current")
      return
      ;;
    --browser)
      mapfile -t COMPREPLY < <(compgen -c -- "$current")
      return
      ;;
    --host | -p | --port | --http-url-prefix | --allow-origin | --session-grace | --session-retention | --link-idle | \
      --idle-timeout | --exit-timeout | --initial-timeout | --idle-exit | --cache-size | -t | --omp-threads)
      return
      ;;
  esac

  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '--help --version
      --top-level-folder= --starting-folder= --read-only-mode
      --host= --port= --http-url-prefix= --allow-origin= --frontend-folder= --no-frontend --no-database
      --no-runtime-config --no-browser --browser= --enable-scripting
      --state-dir= --restore= --session-grace= --session-retention= --link-idle= --idle-timeout=
      --exit-timeout= --initial-timeout= --idle-exit= --cache-size= --omp-threads=
      --verbosity= --log-level= --no-log --log-performance --log-protocol-messages
      --no-user-config --no-system-config' -- "$current")
    if [[ ${COMPREPLY[0]} == *= ]]; then
      compopt -o nospace 2> /dev/null
    fi
    return
  fi

  compopt -o filenames 2> /dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$current")
}

complete -F _almucantard almucantard carta_backend
