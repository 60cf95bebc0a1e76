#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-man.py DAEMON CLIENT FOLDER: do the man pages say what the programs do?

Every option and command of the help is described, nothing else is, and
mandoc, where it is there, has nothing to object.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys


def ask(*command):
    """What a program says in the words of the sources."""
    environment = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="C")
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def options_in_help(text):
    return set(re.findall(r"^  (?:-\w, )?--([a-z-]+)", text, re.MULTILINE))


def options_in_page(text):
    """Those that have an entry of their own."""
    entries = re.findall(r"^\.It (?:Cm .*)?Fl.*", text, re.MULTILINE)
    return {name.replace("\\", "") for entry in entries
            for name in re.findall(r"Fl \\-((?:[a-z]|\\-)+)", entry)}


def commands_in_help(text):
    return set(re.findall(r"^  ([a-z]+) {2,}", text.split("Commands:")[1], re.MULTILINE))


def commands_in_page(text):
    return set(re.findall(r"^\.It Cm ([a-z]+)", text.split(".Sh COMMANDS")[1].split(".Sh ")[0], re.MULTILINE))


def differences(what, promised, described):
    for name in sorted(promised - described):
        yield f"{what} {name} is not described"
    for name in sorted(described - promised):
        yield f"{what} {name} is described, but does not exist"


def lint(pages):
    run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *map(str, pages)],
                         capture_output=True, text=True, check=False)
    return run.stdout.splitlines()


def main():
    daemon, client = sys.argv[1:3]
    folder = pathlib.Path(sys.argv[3])
    daemon_page = (folder / "almucantard.1").read_text(encoding="utf-8")
    client_page = (folder / "almucantar.1").read_text(encoding="utf-8")
    client_help = ask(client, "--help")
    commands = commands_in_help(client_help)
    client_options = options_in_help(client_help).union(
        *(options_in_help(ask(client, command, "--help")) for command in commands))

    checks = [
        ("options of almucantard", list(differences("--", options_in_help(ask(daemon, "--help")),
                                                    options_in_page(daemon_page)))),
        ("commands of almucantar", list(differences("command", commands, commands_in_page(client_page)))),
        ("options of almucantar", list(differences("--", client_options, options_in_page(client_page)))),
    ]

    print(f"1..{len(checks) + 1}")
    for number, (name, faults) in enumerate(checks, 1):
        for fault in faults:
            print(f"# {fault}")
        print(f"{'not ok' if faults else 'ok'} {number} - {name}")

    number = len(checks) + 1
    if shutil.which("mandoc") is None:
        print(f"ok {number} - mandoc # SKIP mandoc is not installed")
        return
    faults = lint(sorted(folder.glob("*.[1-8]")))
    for fault in faults:
        print(f"# {fault}")
    print(f"{'not ok' if faults else 'ok'} {number} - mandoc")


main()
