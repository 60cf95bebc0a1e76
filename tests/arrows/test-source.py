#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-source.py TOP: what every file of the project keeps to.

The licence line, a length one can read, no path of one machine, no address of
a package registry.
"""

import pathlib
import re
import subprocess
import sys

from tap import Tap

LICENCE = "SPDX-License-Identifier: GPL-3.0-or-later"
MAX_LINES = 1200

LICENSED = {".c", ".h", ".py", ".mjs", ".js", ".sh"}
MEASURED = {".c", ".h", ".py", ".mjs", ".js"}

# Put together, or this file would complain about itself.
MACHINE_PATHS = re.compile(r"(?<![\w.~/$}-])/(?:" + "work|root|home/[a-z][a-z0-9_-]*" + r")(?:/|\b)(?![\w-]*@)")
REGISTRIES = re.compile("registry" + r"\.[a-z]+js\.org|" + "registry" + r"\.yarnpkg|"
                        + "deb" + r"\.debian\.org|" + "proxy" + r"\.golang|" + "pypi" + r"\.org|"
                        + "files" + r"\.pythonhosted|" + "crates" + r"\.io")


def list_files(top):
    """What belongs to the project: all that git knows or could add, or, in
    an unpacked archive, all there is."""
    try:
        out = subprocess.run(["git", "-C", str(top), "-c", f"safe.directory={top}", "ls-files", "-z",
                              "--cached", "--others", "--exclude-standard"],
                             check=True, capture_output=True).stdout
        names = [name for name in out.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [path.relative_to(top).as_posix() for path in top.rglob("*")
                 if not any(part.startswith(("build", "node_modules", ".git")) and part != "build-aux"
                            for part in path.relative_to(top).parts)]
    return sorted(name for name in names if (top / name).is_file())


def read(path):
    """The text, or None for what is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def lacks_licence(name, text):
    lines = text.splitlines()
    if pathlib.PurePath(name).suffix in LICENSED:
        first = 1 if lines and lines[0].startswith("#!") else 0
    elif lines and lines[0].startswith("#!"):
        first = 1
    else:
        return False
    return len(lines) <= first or LICENCE not in lines[first]


def too_long(name, text):
    return pathlib.PurePath(name).suffix in MEASURED and text.count("\n") >= MAX_LINES


def lines_with(pattern, text):
    return [number for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


def check_the_check(tap):
    root = "/" + "root"
    wrong = ["/" + "work/main", f"cd {root}/x", f'"{root}"', "=/" + "home/me/x"]
    right = ["network/" + "work", "~/work", "/network", "$HOME/" + "work/x", "src/" + "root/x", "/workspace"]
    tap.check("finds paths of one machine", [t for t in wrong if not MACHINE_PATHS.search(t)])
    tap.check("knows other paths", [t for t in right if MACHINE_PATHS.search(t)])
    tap.check("finds a missing licence",
              [] if lacks_licence("a.c", "int a;\n") and lacks_licence("a", "#!/bin/sh\ntrue\n")
              and not lacks_licence("a.c", f"/* {LICENCE} */\n") and not lacks_licence("a.txt", "a")
              else ["it does not"])
    tap.check("finds a file too long", [] if too_long("a.c", "\n" * MAX_LINES) else ["it does not"])
    tap.check("finds registries",
              [] if REGISTRIES.search("https://registry" + ".npmjs.org/a") else ["it does not"])


def main():
    top = pathlib.Path(sys.argv[1])
    tap = Tap()
    check_the_check(tap)

    texts = {name: read(top / name) for name in list_files(top)}
    texts = {name: text for name, text in texts.items() if text is not None and name != "COPYING"}

    tap.check("the licence stands first", [f"{n}: no {LICENCE}" for n, t in texts.items() if lacks_licence(n, t)])
    tap.check("files are short enough",
              [f"{n}: {t.count(chr(10))} lines, at most {MAX_LINES - 1}" for n, t in texts.items() if too_long(n, t)])
    tap.check("no path of one machine",
              [f"{n}:{line}" for n, t in texts.items() for line in lines_with(MACHINE_PATHS, t)])
    tap.check("no package registry",
              [f"{n}:{line}" for n, t in texts.items() for line in lines_with(REGISTRIES, t)])
    tap.check("no tabs, no trailing blanks, a line end at the end",
              [n for n, t in texts.items() if n.endswith((".c", ".h", ".py", "meson.build"))
               and t and ("\t" in t or re.search(r"[ \t]+$", t, re.M) or not t.endswith("\n"))])
    tap.finish()


if __name__ == "__main__":
    main()
