#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-manifest.py MANIFEST APP-ID: is the Flatpak manifest sound?

With flatpak-builder its own parser reads it too; nothing is fetched.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def complaints(manifest, app_id):
    if manifest["id"] != app_id:
        yield f"id is {manifest['id']}, but the program's is {app_id}"
    for module in manifest["modules"]:
        for source in module["sources"]:
            name = f"module {module['name']}"
            if source["type"] == "git" and not re.fullmatch("[0-9a-f]{40}", source.get("commit", "")):
                yield f"{name}: a git source needs its commit"
            if source["type"] == "archive" and not re.fullmatch("[0-9a-f]{64}", source.get("sha256", "")):
                yield f"{name}: an archive needs its sha256"
            if not source.get("url", "https://").startswith("https://"):
                yield f"{name}: {source['url']} is not fetched by https"


def show(builder, path):
    """flatpak-builder's opinion; it keeps things in the current folder."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([builder, "--show-manifest", str(path)],
                             cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return run.stderr.strip() or f"exit status {run.returncode}"
    known = set(json.loads(run.stdout))
    lost = set(json.loads(path.read_text(encoding="utf-8"))) - known
    return f"not understood: {', '.join(sorted(lost))}" if lost else None


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    found = list(complaints(json.loads(path.read_text(encoding="utf-8")), sys.argv[2]))
    print("1..2")
    print("ok 1 sources are pinned" if not found else "not ok 1 sources are pinned\n# " + "\n# ".join(found))

    builder = shutil.which("flatpak-builder")
    if builder is None:
        print("ok 2 flatpak-builder reads it # SKIP there is no flatpak-builder")
        return 1 if found else 0

    failure = show(builder, path)
    print("ok 2 flatpak-builder reads it" if failure is None else f"not ok 2 flatpak-builder reads it\n# {failure}")
    return 1 if found or failure else 0


if __name__ == "__main__":
    sys.exit(main())
