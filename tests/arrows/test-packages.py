#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-packages.py TOP: is a library that one list has forgotten by another?

What is installed to build (build-aux/packages) and what the Debian package
builds with (debian/control) are the same; every library that the Flatpak's
runtime lacks has a module of its own.
"""

import json
import pathlib
import re
import sys

from tap import Tap

# build-essential, and what meson brings
IMPLIED = {"gcc", "libc6-dev", "ninja-build"}
# what makes the package, and fetches the page
OF_DEBIAN = {"debhelper-compat", "npm"}

# Debian's name → the module; None: the runtime or the SDK has it
MODULES = {
    "libcfitsio-dev": "cfitsio",
    "liberfa-dev": "erfa",
    "libhdf5-dev": "hdf5",
    "libprotobuf-c-dev": "protobuf-c",
    "libwslay-dev": "wslay",
    "libzfp-dev": "zfp",
    "wcslib-dev": "wcslib",
    "libglib2.0-dev": None,
    "libjson-glib-dev": None,
    "libsoup-3.0-dev": None,
    "libsqlite3-dev": None,
    "libxml2-dev": None,
    "libzstd-dev": None,
    "libbz2-dev": None,
}


def group(text, name):
    body = text.split(f"[{name}]\n", 1)[1].split("\n[", 1)[0]
    return {line.split()[0] for line in body.splitlines() if line.strip() and not line.startswith("#")}


def build_depends(text):
    field = re.search(r"(?m)^Build-Depends:((?:.*\n)(?:[ \t].*\n)*)", text).group(1)
    return {re.split(r"[ (|]", entry.strip())[0] for entry in field.replace("\n", " ").split(",") if entry.strip()}


def main():
    top = pathlib.Path(sys.argv[1])
    packages = group((top / "build-aux/packages").read_text(encoding="utf-8"), "build")
    debian = build_depends((top / "debian/control").read_text(encoding="utf-8"))
    tap = Tap()

    tap.check("debian-control", [f"{name} is not in debian/control" for name in sorted(packages - IMPLIED - debian)]
              + [f"{name} is not in build-aux/packages" for name in sorted(debian - OF_DEBIAN - packages)])

    libraries = {name for name in packages if name.endswith("-dev")} - IMPLIED
    for path in sorted((top / "flatpak").glob("*.json")):
        modules = {module["name"] for module in json.loads(path.read_text(encoding="utf-8"))["modules"]}
        tap.check(path.name, [f"this test does not know where {name} comes from" for name in sorted(libraries - set(MODULES))]
                  + [f"no module {MODULES[name]}" for name in sorted(libraries & set(MODULES))
                     if MODULES[name] is not None and MODULES[name] not in modules])
    tap.finish()


main()
