#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-complete.py TOP: is every text of the program in every translation?

The texts are taken from the sources as for a translator; POTFILES names every
source that has one.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MARKED = re.compile(r"\b(?:_|N_|ngettext|g_dngettext) \(")
INCLUDED = re.compile(r"#include <glib/gi18n(?:-lib)?\.h>")


def sources_with_text(top):
    return {path.relative_to(top).as_posix() for path in (top / "src").rglob("*.c")
            if INCLUDED.search(text := path.read_text(encoding="utf-8")) and MARKED.search(text)}


def languages(top):
    lines = (top / "po/LINGUAS").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def extract(top, names, folder):
    pot = folder / "almucantar.pot"
    subprocess.run(["xgettext", "--from-code=UTF-8", "--keyword=_", "--keyword=N_",
                    "--keyword=g_dngettext:2,3",
                    f"--output={pot}", *sorted(names)], cwd=top, check=True, capture_output=True)
    return pot


def untranslated(top, language, pot, folder):
    merged = folder / f"{language}.po"
    subprocess.run(["msgmerge", "--quiet", "--no-fuzzy-matching", str(top / "po" / f"{language}.po"), str(pot),
                    "-o", str(merged)], check=True, capture_output=True)
    left = subprocess.run(["msgattrib", "--untranslated", "--no-obsolete", "--no-wrap", str(merged)],
                          check=True, capture_output=True, text=True).stdout
    fuzzy = subprocess.run(["msgattrib", "--only-fuzzy", "--no-obsolete", "--no-wrap", str(top / "po" / f"{language}.po")],
                           check=True, capture_output=True, text=True).stdout
    return [line for line in (left + fuzzy).splitlines() if line.startswith("msgid ") and line != 'msgid ""']


def main():
    top = pathlib.Path(sys.argv[1])
    if shutil.which("xgettext") is None or shutil.which("msgmerge") is None:
        print("1..0 # SKIP gettext is not installed")
        return 0

    named = set((top / "po/POTFILES").read_text(encoding="utf-8").split())
    listed = {name for name in named if name.startswith("src/")}
    found = sources_with_text(top)
    checks = [("POTFILES", [f"{name} is not listed" for name in sorted(found - listed)]
               + [f"{name} has no text" for name in sorted(listed - found)])]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pot = extract(top, found | named, folder)
        for language in languages(top):
            checks.append((language, untranslated(top, language, pot, folder)))

    print(f"1..{len(checks)}")
    for number, (name, complaints) in enumerate(checks, 1):
        for complaint in complaints:
            print(f"# {complaint}")
        print(f"{'not ok' if complaints else 'ok'} {number} - {name}")
    return 0


sys.exit(main())
