# SPDX-License-Identifier: GPL-3.0-or-later
"""The little of TAP that the checks of the source need."""

import sys


class Tap:
    def __init__(self):
        self.n_tests = 0
        self.n_failed = 0

    def check(self, name, complaints):
        """One test: well if there is nothing to complain about."""
        complaints = list(complaints)
        self.n_tests += 1
        self.n_failed += bool(complaints)
        print(f"{'not ok' if complaints else 'ok'} {self.n_tests} {name}")
        for complaint in complaints:
            print(f"# {complaint}")

    def finish(self):
        print(f"1..{self.n_tests}")
        sys.exit(1 if self.n_failed else 0)


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)
