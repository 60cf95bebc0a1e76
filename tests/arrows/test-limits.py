#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-limits.py TOP: is every ceiling of almu-limits.h tried by a test?

A test that tries a ceiling calls it by its name. What cannot be tried that
way, because it would take minutes or a disk full of files, stands in
tests/limits.tsv: the ceiling, why, and the tests that come closest.
"""

import pathlib
import re
import sys

from tap import Tap


def main():
    top = pathlib.Path(sys.argv[1])
    header = (top / "src/base/almu-limits.h").read_text(encoding="utf-8")
    names = re.findall(r"^#define (ALMU_\w+)", header, re.MULTILINE)
    sources = "\n".join(path.read_text(encoding="utf-8") for suffix in ("*.c", "*.h", "*.mjs")
                        for path in (top / "tests").rglob(suffix) if "node_modules" not in path.parts)
    rows = [line.split("\t") for line in (top / "tests/limits.tsv").read_text(encoding="utf-8").splitlines()]
    excused = {row[0] for row in rows}
    named = set(re.findall(r"\bALMU_\w+", sources))
    code = "\n".join(path.read_text(encoding="utf-8") for path in (top / "src").rglob("*.c"))
    values = re.findall(r"^#define ALMU_\w+(.*)$", header, re.MULTILINE)
    used = set(re.findall(r"\bALMU_\w+", code + " ".join(values)))
    tap = Tap()
    tap.check("each is tried", [f"{name} is in no test and not in tests/limits.tsv" for name in names
                                if name not in named and name not in excused])
    tap.check("none is excused that is tried or is not there",
              [name for name in sorted(excused) if name in named or name not in names])
    tap.check("each excuse has a reason", [row[0] for row in rows if len(row) < 3])
    tap.check("the tests are there", [f"{row[0]}: there is no test “{name}”" for row in rows for name in row[2:]
                                      if name != "-" and f'"{name}"' not in sources])
    tap.check("each is in force", [name for name in names if name not in used])
    tap.finish()


if __name__ == "__main__":
    main()
