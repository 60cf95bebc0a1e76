#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-arrows.py TOP: may every file include what it includes?

The build sees to most of the arrows between the rooms: a header that no
dependency leads to is not found. This reads the #include lines for the rest:
the libraries that belong to one room or to one file.
"""

import pathlib
import re
import sys

from tap import Tap

# Which rooms' headers a room may include, beside its own.
ROOMS = {
    "base": [],
    "wire": ["base"],
    "engine": ["base"],
    "model": ["base", "engine"],
    "link": ["base", "wire", "model", "engine"],
    "bus": ["base", "model", "engine"],
    "store": ["base", "model", "engine"],
    "daemon": ["base", "wire", "engine", "model", "link", "bus", "store"],
    "ctl": ["base"],
}

# Headers that a room keeps from some that may include its others.
PRIVATE = {
    re.compile(r"kernel(-.*)?\.h"): ["engine"],
    re.compile(r"almu-fits(-image)?\.h"): ["engine", "model", "daemon"],
    # where each name of a library has to be called through its table
    re.compile(r"almu-(module|cfitsio|hdf5-reader|libxml)\.h"): ["engine"],
    re.compile(r"carta\.pb-c\.h"): ["wire", "link"],
}

# What the build makes, and for whom.
GENERATED = {
    "config.h": list(ROOMS),
    "carta.pb-c.h": ["wire", "link"],
    "almu-dbus-generated.h": ["bus", "daemon", "ctl"],
}

# Libraries, the rooms that may use them, and the only files that may.
LIBRARIES = {
    "cfitsio": (r"(fitsio2?|longnam|drvrsmem)\.h", ["engine"], ["almu-cfitsio.h"]),
    "hdf5": (r"(hdf5|H5.*)\.h", ["engine"], ["almu-hdf5-reader.h"]),
    "wcslib": (r"(wcslib/.*|wcs.*|spc|spx|cel|prj|lin|tab|dis|log|sph|fitshdr|getwcstab)\.h",
               ["engine"], ["almu-wcs.c"]),
    "erfa": (r"erfa.*\.h", ["engine"], ["almu-sky-frame.c"]),
    "zfp": (r"zfp(/.*)?\.h", ["engine"], None),
    "zstd": (r"zstd.*\.h", ["engine"], None),
    "bzip2": (r"bzlib\.h", ["engine"], None),
    "libxml2": (r"libxml/.*", ["engine"], ["almu-libxml.h"]),
    "protobuf-c": (r"protobuf-c/.*", ["wire", "link"], None),
    "libsoup": (r"libsoup/.*", ["link", "daemon"], None),
    "wslay": (r"wslay/.*", ["link"], None),
    "sqlite": (r"sqlite3.*\.h", ["store"], None),
    "json-glib": (r"json-glib/.*", ["link", "store", "daemon", "ctl"], None),
}

INCLUDE = re.compile(r'[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]')


def complaints_about(room, name, text, owners):
    """What is wrong with the #include lines of one file of @room. @owners
    tells the room of each header of ours."""
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        header = found.group(2)
        where = f"src/{room}/{name}:{number}: "
        if found.group(1) == '"':
            yield from (where + c for c in complaints_about_own(room, header, owners))
        else:
            yield from (where + c for c in complaints_about_foreign(room, name, header))


def complaints_about_own(room, header, owners):
    if header in GENERATED:
        if room not in GENERATED[header]:
            yield f"{room} may not include {header}, only {', '.join(GENERATED[header])}"
        return
    if "/" in header:
        yield f"{header}: headers are included by their bare name"
        return
    owner = owners.get(header)
    if owner is None:
        yield f"{header} is not a header of src/; a library's stands in <>"
        return
    if owner != room and owner not in ROOMS[room]:
        yield f"{room} may not include {header} of {owner}"
        return
    for pattern, rooms in PRIVATE.items():
        if pattern.fullmatch(header) and room not in rooms:
            yield f"{room} may not include {header}, only {', '.join(rooms)}"


def complaints_about_foreign(room, name, header):
    for library, (pattern, rooms, files) in LIBRARIES.items():
        if not re.fullmatch(pattern, header):
            continue
        if room not in rooms:
            yield f"{room} may not use {library} (<{header}>), only {', '.join(rooms)}"
        elif files is not None and name.rpartition("/")[2] not in files:
            yield f"only {', '.join(files)} may use {library} (<{header}>)"
        return


def check_the_check(tap):
    """A check that finds nothing in what is wrong is worth nothing."""
    owners = {"almu-error.h": "base", "almu-session.h": "model", "almu-plane.h": "engine",
              "almu-fits.h": "engine", "kernel.h": "engine"}
    wrong = [
        ("base", "a.c", '#include "almu-session.h"'),
        ("engine", "a.c", '#include "almu-session.h"'),
        ("link", "a.c", '#include "almu-fits.h"'),
        ("model", "a.c", '#include "kernel.h"'),
        ("model", "a.c", '#include "../engine/almu-plane.h"'),
        ("model", "a.c", '#include "carta.pb-c.h"'),
        ("bus", "a.c", "#include <protobuf-c/protobuf-c.h>"),
        ("engine", "almu-fits.c", "#include <fitsio.h>"),
        ("engine", "almu-fits.c", "#include <wcs.h>"),
        ("model", "a.c", "  #  include <libsoup/soup.h>"),
        ("link", "a.c", "#include <sqlite3.h>"),
        ("ctl", "a.c", '#include "almu-session.h"'),
        ("base", "a.c", '#include "no-such.h"'),
    ]
    right = [
        ("link", "a.c", '#include "config.h"\n#include "almu-session.h"\n#include "almu-plane.h"'),
        ("engine", "almu-cfitsio.h", "#include <fitsio.h>\n#include <math.h>"),
        ("engine", "almu-wcs.c", "#include <wcs.h>\n#include <wcshdr.h>"),
        ("engine", "a.c", '#include "kernel.h"'),
    ]
    tap.check("finds what is wrong",
              [f"nothing said about {text} in {room}/{name}" for room, name, text in wrong
               if not list(complaints_about(room, name, text, owners))])
    tap.check("finds nothing in what is right",
              [c for room, name, text in right for c in complaints_about(room, name, text, owners)])


def main():
    source = pathlib.Path(sys.argv[1]) / "src"
    tap = Tap()
    check_the_check(tap)

    found = sorted(path.name for path in source.iterdir() if path.is_dir())
    tap.check("every folder of src is a room",
              [f"src/{name} is not in the table of rooms" for name in found if name not in ROOMS])

    owners = {path.name: room for room in ROOMS for path in (source / room).rglob("*.h")}
    for room in ROOMS:
        complaints = []
        for path in sorted((source / room).rglob("*.[ch]")):
            complaints += complaints_about(room, path.relative_to(source / room).as_posix(),
                                           path.read_text(encoding="utf-8"), owners)
        tap.check(f"arrows of {room}", complaints)

    tap.finish()


if __name__ == "__main__":
    main()
