#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-units.py DAEMON UNIT...: does systemd understand the user units?

systemd-analyze looks for the program where the unit says, so the units are
checked as they will be, with the program where it is now.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def verify(daemon, units):
    """What there is to object, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for unit in units:
            text = unit.read_text(encoding="utf-8")
            path = pathlib.Path(folder) / unit.name
            path.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={daemon}", text), encoding="utf-8")
            paths.append(str(path))
        run = subprocess.run(["systemd-analyze", "verify", "--user", "--man=no", *paths],
                             capture_output=True, text=True, check=False,
                             env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": folder, "HOME": folder})
    # of units that are not ours nothing is to be said here
    names = {unit.name for unit in units}
    said = [line for line in (run.stdout + run.stderr).splitlines()
            if any(name in line for name in names)]
    return said or ([] if run.returncode == 0 else (run.stdout + run.stderr).splitlines())


def main():
    daemon = pathlib.Path(sys.argv[1]).resolve()
    units = [pathlib.Path(name) for name in sys.argv[2:]]

    print("1..1")
    if shutil.which("systemd-analyze") is None:
        print("ok 1 - units # SKIP systemd-analyze is not installed")
        return
    faults = verify(daemon, units)
    for fault in faults:
        print(f"# {fault}")
    print(f"{'not ok' if faults else 'ok'} 1 - units")


main()
