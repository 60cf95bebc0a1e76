#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-metainfo.py METAINFO VERSION TOP: is what software centres show of now?

The newest release is this version, which the news have too, and the screenshot
is a picture that the sources have.
"""

import datetime
import pathlib
import re
import struct
import sys
import xml.etree.ElementTree as ElementTree

# what software centres want at least
SMALLEST = (620, 349)


def check_release(root, version, news):
    releases = root.findall("releases/release")
    if not releases or releases[0].get("version") != version:
        yield f"the newest release is not {version}"
        return
    if not releases[0].findall("description/p"):
        yield f"release {version} has no notes"
    dates = [datetime.date.fromisoformat(release.get("date")) for release in releases]
    if dates != sorted(dates, reverse=True):
        yield "the releases are not in order"
    if not re.search(rf"(?m)^## {re.escape(version)}\b", news):
        yield f"NEWS.md has nothing of {version}"


def check_screenshot(root, top):
    for image in root.findall("screenshots/screenshot/image"):
        name = re.fullmatch(r"https://.*/raw/main/(.*\.png)", image.text.strip())
        path = top / name.group(1) if name else None
        if path is None or not path.is_file():
            yield f"{image.text} is no picture of the sources"
            continue
        head = path.read_bytes()[:24]
        if head[:8] != b"\x89PNG\r\n\x1a\n":
            yield f"{path} is no PNG"
        elif any(size < least for size, least in zip(struct.unpack(">II", head[16:24]), SMALLEST)):
            yield f"{path} is too small"
    if root.find("screenshots/screenshot[@type='default']/image") is None:
        yield "there is no screenshot"


def main():
    root = ElementTree.parse(sys.argv[1]).getroot()
    top = pathlib.Path(sys.argv[3])
    checks = [
        ("release", list(check_release(root, sys.argv[2], (top / "NEWS.md").read_text(encoding="utf-8")))),
        ("screenshot", list(check_screenshot(root, top))),
    ]
    print(f"1..{len(checks)}")
    for number, (name, faults) in enumerate(checks, 1):
        for fault in faults:
            print(f"# {fault}")
        print(f"{'not ok' if faults else 'ok'} {number} - {name}")


main()
