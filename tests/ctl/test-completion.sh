#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# test-completion.sh SCRIPT PROGRAM: does bash complete what the program takes?

source "$1"
program=$2
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
  _almucantar
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

# no command is left out
for word in $(LC_ALL=C "$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
  check "the command $word" "$word" almucantar "$word"
done

echo "1..$count"
