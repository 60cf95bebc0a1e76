#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-count.py TOP: is build-aux/count-tests honest?"""

import json
import pathlib
import subprocess
import sys
import tempfile

from tap import Tap

# (name, [(result, stdout)...], the last line, exit status)
CASES = [
    ("all well", [("OK", "1..2\nok 1 /a\nok 2 /b # fast\n")], "2 passed, 0 failed, 0 skipped", 0),
    ("plan at the end", [("OK", "ok 1\nok 2\n1..2\n")], "2 passed, 0 failed, 0 skipped", 0),
    ("one failed", [("FAIL", "1..2\nok 1 /a\nnot ok 2 /b\n")], "1 passed, 1 failed, 0 skipped", 1),
    ("aborted", [("FAIL", "1..3\nok 1 /a\nBail out! assertion failed\n")], "1 passed, 2 failed, 0 skipped", 1),
    ("killed without a plan", [("FAIL", "ok 1 /a\n")], "1 passed, 1 failed, 0 skipped", 1),
    ("leaked after all was well", [("FAIL", "1..1\nok 1 /a\n")], "1 passed, 1 failed, 0 skipped", 1),
    ("timed out before a word", [("TIMEOUT", "")], "0 passed, 1 failed, 0 skipped", 1),
    ("skips", [("OK", "1..3\nok 1 /a # SKIP no data\nok 2 /b\nnot ok 3 /c # TODO one day\n")],
     "1 passed, 0 failed, 2 skipped", 0),
    ("a program skipped", [("SKIP", "1..0 # SKIP no browser\n"), ("OK", "1..1\nok 1\n")],
     "1 passed, 0 failed, 1 skipped", 0),
    ("no TAP", [("OK", "hello\n"), ("FAIL", "hello\n"), ("SKIP", "")], "1 passed, 1 failed, 1 skipped", 1),
    ("talk in between", [("OK", "# ok 7\n1..1\nokay\n  ok 3\nok 1 - /a\n")], "1 passed, 0 failed, 0 skipped", 0),
    ("nothing at all", [], "0 passed, 0 failed, 0 skipped", 1),
]


def count(counter, programs):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as log:
        for result, stdout in programs:
            log.write(json.dumps({"name": "a", "result": result, "stdout": stdout}) + "\n")
        log.flush()
        run = subprocess.run([sys.executable, counter, log.name], capture_output=True, text=True, check=False)
    return run.stdout.strip(), run.returncode


def main():
    counter = str(pathlib.Path(sys.argv[1]) / "build-aux" / "count-tests")
    tap = Tap()
    for name, programs, line, status in CASES:
        found = count(counter, programs)
        tap.check(name, [] if found == (line, status) else [f"{found}, but {(line, status)} is right"])
    run = subprocess.run([sys.executable, counter, "/nonexistent"], capture_output=True, text=True, check=False)
    tap.check("no log", [] if run.returncode == 2 and "/nonexistent" in run.stderr else [run.stderr])
    tap.finish()


if __name__ == "__main__":
    main()
