#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-weaknesses.py TOP: does every weakness of tests/weaknesses.tsv have a test?

The table lists what went wrong with sessions before, W1 to W27, each with the
names of tests that show it does not here: of C tests by their path, of tests
in the browser by their title. A dash stands for what cannot happen yet.
"""

import pathlib
import sys

from tap import Tap

COUNT = 27


def main():
    top = pathlib.Path(sys.argv[1])
    lines = (top / "tests/weaknesses.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    sources = "\n".join(path.read_text(encoding="utf-8") for folder in ("tests",)
                        for suffix in ("*.c", "*.mjs") for path in (top / folder).rglob(suffix)
                        if "node_modules" not in path.parts)
    tap = Tap()
    tap.check("all are listed", [f"W{i + 1} is not in its place" for i in range(COUNT)
                                 if i >= len(rows) or rows[i][0] != f"W{i + 1}"])
    tap.check("each has tests", [row[0] for row in rows if len(row) < 3])
    tap.check("the tests are there", [f"{row[0]}: there is no test “{name}”" for row in rows for name in row[2:]
                                      if name != "-" and f'"{name}"' not in sources and f"'{name}'" not in sources])
    tap.finish()


if __name__ == "__main__":
    main()
