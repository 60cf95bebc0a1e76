#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-completions.py DAEMON CLIENT FOLDER: do the shells know all options?

Every option of the help is in both completions, with a value where it takes
one, and no other is.
"""

import os
import pathlib
import re
import subprocess
import sys


def ask(*command):
    """What a program says in the words of the sources."""
    environment = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="C")
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def options_in_help(text):
    """“--name=” if it takes a value."""
    return set(re.findall(r"^  (?:-\w, )?(--[a-z-]+=?)", text, re.MULTILINE))


def commands_in_help(text):
    return set(re.findall(r"^  ([a-z]+) {2,}", text.split("Commands:")[1], re.MULTILINE))


def offered_by_bash(text):
    """The words that are offered, not those that are looked for."""
    lists = re.findall(r"compgen -W '(-[^']*)'|options='([^']*)'", text)
    return {word for pair in lists for words in pair for word in words.split()}


def offered_by_zsh(text):
    specs = re.sub(r"\([^()]*\)", "", re.sub(r"\[[^]]*\].*", "", text, flags=re.MULTILINE))
    return {word for word in re.findall(r"--[a-z-]+=?", specs)}


def commands_of_zsh(text):
    listed = set(re.findall(r"^    '([a-z]+):", text, re.MULTILINE))
    handled = {word for case in re.findall(r"^        \(([a-z |]+)\)$", text, re.MULTILINE) for word in case.split(" | ")}
    return listed, handled


def differences(promised, offered):
    for name in sorted(promised - offered):
        yield f"{name} is not offered"
    for name in sorted(offered - promised):
        yield f"{name} is offered, but does not exist"


def main():
    daemon, client = sys.argv[1:3]
    folder = pathlib.Path(sys.argv[3])
    text = {name: (folder / name).read_text(encoding="utf-8")
            for name in ("almucantard.bash", "_almucantard", "almucantar.bash", "_almucantar")}
    daemon_options = options_in_help(ask(daemon, "--help"))
    client_help = ask(client, "--help")
    commands = commands_in_help(client_help)
    client_options = options_in_help(client_help).union(
        *(options_in_help(ask(client, command, "--help")) for command in commands))
    listed, handled = commands_of_zsh(text["_almucantar"])

    checks = [
        ("almucantard, bash", differences(daemon_options, offered_by_bash(text["almucantard.bash"]))),
        ("almucantard, zsh", differences(daemon_options, offered_by_zsh(text["_almucantard"]))),
        ("almucantar, bash", differences(client_options, offered_by_bash(text["almucantar.bash"]))),
        ("almucantar, zsh", differences(client_options, offered_by_zsh(text["_almucantar"]))),
        ("commands of almucantar, zsh", [*differences(commands, listed), *differences(commands, handled)]),
    ]
    print(f"1..{len(checks)}")
    for number, (name, faults) in enumerate(checks, 1):
        faults = list(faults)
        for fault in faults:
            print(f"# {fault}")
        print(f"{'not ok' if faults else 'ok'} {number} - {name}")


main()
