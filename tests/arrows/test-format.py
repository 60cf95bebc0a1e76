#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-format.py TOP: is every file formatted as clang-format 14 does it?

Other versions do it differently in places, so they do not count.
"""

import pathlib
import re
import shutil
import subprocess
import sys

from tap import Tap, skip_all

VERSION = 14


def find_tool():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        tool = shutil.which(name)
        if tool is None:
            continue
        said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"version (\d+)\.", said)
        if found and int(found.group(1)) == VERSION:
            return tool
    return None


def main():
    top = pathlib.Path(sys.argv[1])
    tool = find_tool()
    if tool is None:
        skip_all(f"there is no clang-format {VERSION}")

    tap = Tap()
    for folder in ("src", "tests"):
        files = sorted((top / folder).rglob("*.[ch]"))
        files = [path for path in files if "node_modules" not in path.parts]
        run = subprocess.run([tool, "--dry-run", "--style=file", *map(str, files)],
                             capture_output=True, text=True, check=False)
        wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "warning:" in line or "error:" in line})
        tap.check(f"{folder} is formatted", [f"{pathlib.Path(name).relative_to(top)}: run clang-format -i" for name in wrong]
                  or ([run.stderr] if run.returncode else []))
    tap.finish()


if __name__ == "__main__":
    main()
