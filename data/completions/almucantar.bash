# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of almucantar for bash.

_almucantar ()
{
  local current=${COMP_WORDS[COMP_CWORD]} command= word options ids
  COMPREPLY=()

  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word != -* ]]; then
      command=$word
      break
    fi
  done

  case $command in
    '') options='--help --version --no-start' ;;
    open | resume) options='--help --no-start --no-browser' ;;
    sessions | show | status) options='--help --no-start --json' ;;
    *) options='--help --no-start' ;;
  esac

  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    return
  fi

  case $command in
    '')
      mapfile -t COMPREPLY < <(compgen -W 'open sessions show resume forget status quit' -- "$current")
      ;;
    open)
      compopt -o filenames 2> /dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      ;;
    show | resume | forget)
      ids=$("${COMP_WORDS[0]}" sessions --ids 2> /dev/null | cut -f 1)
      mapfile -t COMPREPLY < <(compgen -W "$ids" -- "$current")
      ;;
  esac
}

complete -F _almucantar almucantar
