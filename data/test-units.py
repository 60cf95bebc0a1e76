#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-units.py DAEMON BUS-SERVICE UNIT...: do systemd and the bus understand
what starts the program?

systemd-analyze looks for the program where the unit says, so the units are
checked as they will be, with the program where it is now.
"""

import configparser
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


def read(path):
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser


def compare(bus_service, units):
    """The bus and systemd have to start the same, by the same name."""
    service = read(bus_service)["D-BUS Service"]
    unit = next((unit for unit in units if unit.name == service["SystemdService"]), None)
    if service["Name"] != bus_service.stem:
        yield f"{bus_service.name} has the name {service['Name']}"
    if unit is None:
        yield f"there is no unit {service['SystemdService']}"
        return
    for key, other in ("Name", "BusName"), ("Exec", "ExecStart"):
        if service[key] != read(unit)["Service"][other]:
            yield f"{key} is {service[key]}, but {other} is {read(unit)['Service'][other]}"
    for socket in units:
        if socket.suffix == ".socket" and read(socket)["Socket"]["Service"] != unit.name:
            yield f"{socket.name} starts {read(socket)['Socket']['Service']}"


def report(number, name, faults):
    for fault in faults:
        print(f"# {fault}")
    print(f"{'not ok' if faults else 'ok'} {number} - {name}")


def main():
    daemon = pathlib.Path(sys.argv[1]).resolve()
    units = [pathlib.Path(name) for name in sys.argv[3:]]

    print("1..2")
    report(1, "bus-service", list(compare(pathlib.Path(sys.argv[2]), units)))
    if shutil.which("systemd-analyze") is None:
        print("ok 2 - units # SKIP systemd-analyze is not installed")
        return
    report(2, "units", verify(daemon, units))


main()
