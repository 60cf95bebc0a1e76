#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-apart.py TOP: does nothing stay behind of what build-aux/apart.bash runs?"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from tap import Tap, skip_all

HEAD = """
set -euo pipefail
. "$1/build-aux/apart.bash"
"""

# Says that it is there, and stays; whoever waits reads to the end of the pipe,
# which all that run here hold.
STAY = HEAD + """
is_apart || {
  run_apart bash "$0" "$@"
  exit
}
mount -t tmpfs none "$2"
touch "$2/inside"
sleep 1000 &
echo ready
sleep 1000
"""

STATUS = HEAD + """
is_apart || {
  run_apart bash "$0" "$@"
  exit
}
mount -t tmpfs none "$2"
touch "$2/inside"
exit 7
"""

REMOVE = HEAD + """
is_apart || {
  run_apart bash "$0" "$@"
  exit
}
mkdir "$2/a tree" "$2/a tree/point" "$2/a tree 2"
touch "$2/a tree/kept" "$2/a tree 2/file"
mount -t tmpfs none "$2/a tree/point"
! remove_tree "$2/a tree 2" "$2/a tree" || exit 2
[ -e "$2/a tree/kept" ] && [ -e "$2/a tree 2/file" ] || exit 3
! remove_tree "$2/a tree/point" || exit 4
remove_tree "$2/a tree 2" "$2/nothing"
[ ! -e "$2/a tree 2" ] || exit 5
umount "$2/a tree/point"
remove_tree "$2/a tree"
[ ! -e "$2/a tree" ] || exit 6
"""


class Try:
    """A script that runs; its folder is there for what it mounts."""

    def __init__(self, top, text):
        self.folder = tempfile.TemporaryDirectory(prefix="almu-apart-")
        self.place = pathlib.Path(self.folder.name)
        script = self.place / "script"
        script.write_text(text, encoding="utf-8")
        self.point = self.place / "point"
        self.point.mkdir()
        self.process = subprocess.Popen(["bash", script, top, self.point], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end(self):
        """The status, once all that ran is gone, and what there is to complain about."""
        _, stderr = self.process.communicate()
        complaints = [f"{path.name} is left" for path in self.point.iterdir()]
        if self.place.name in pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8"):
            complaints.append("a mount is left")
        else:
            self.folder.cleanup()
        return self.process.returncode, stderr.strip(), complaints


def ends_with(status, expected, stderr, complaints):
    if status != expected:
        complaints = complaints + [f"it ends with {status}, not {expected}, and says: {stderr}"]
    return complaints


def try_signal(top, number, expected):
    stay = Try(top, STAY)
    line = stay.process.stdout.readline()
    complaints = [] if line == "ready\n" else [f"it said {line!r}"]
    stay.process.send_signal(number)
    status, stderr, more = stay.end()
    return ends_with(status, expected, stderr, complaints + more)


def main():
    top = sys.argv[1]
    probe = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child", "true"]
    try:
        if os.getuid() != 0 or subprocess.run(probe, capture_output=True, check=False).returncode != 0:
            skip_all("namespaces need root here")
    except FileNotFoundError:
        skip_all("there is no setpriv or no unshare")

    tap = Tap()
    status, stderr, complaints = Try(top, STATUS).end()
    tap.check("the status is handed on, no mount is left", ends_with(status, 7, stderr, complaints))
    tap.check("killed", try_signal(top, signal.SIGKILL, -signal.SIGKILL))
    tap.check("terminated", try_signal(top, signal.SIGTERM, 128 + signal.SIGTERM))
    tap.check("interrupted", try_signal(top, signal.SIGINT, 128 + signal.SIGINT))
    status, stderr, complaints = Try(top, REMOVE).end()
    tap.check("no tree is removed with a mount in it", ends_with(status, 0, stderr, complaints))
    tap.finish()


if __name__ == "__main__":
    main()
