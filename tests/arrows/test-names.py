#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-names.py TOP: what ARCHITECTURE.md and HACKING.md name is there.

Files with their folders or without, types, functions and ceilings in
backquotes: who follows one in the text has to find it in the source.
"""

import pathlib
import re
import sys

from tap import Tap

PAGES = ["ARCHITECTURE.md", "HACKING.md"]
FOLDERS = ["src", "tests", "build-aux", "data", "dbus", "docs", "flatpak", "po", "debian"]
SOURCES = {".c", ".h", ".proto"}

FENCE = re.compile(r"^```.*?^```", re.M | re.S)
QUOTED = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#:]+)\)")

# A word that can only be the name of a file: it ends like one, or begins in a
# folder of ours.
FILE = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.(?:c|h|py|mjs|md|json|tsv|supp|bash|proto)")
ROOMS = "link|model|engine|wire|base|store|bus|daemon|ctl"
BELOW = re.compile(r"(?:" + "|".join(FOLDERS) + "|" + ROOMS + r")/[\w./-]*\w")
# Also where no backquotes are around it.
IN_PROSE = re.compile(r"(?<![\w./-])(?:src/)?(?:" + ROOMS + r")/[\w./-]*\.[ch]\b")
TYPE = re.compile(r"Almu[A-Z]\w+")
FUNCTION = re.compile(r"(almu_\w+)(?: ?\(\))?")
CEILING = re.compile(r"ALMU_LIMIT_\w+")
# A family of files by what they begin or end with: almu-succession, -cut.c.
FAMILY = re.compile(r"-?(?:almu|kernel|test)-[a-z0-9-]+|-[a-z0-9-]+\.[ch]")


def list_paths(top):
    """All files below our folders, and what lies beside them."""
    paths = [path.relative_to(top).as_posix() for folder in FOLDERS
             for path in (top / folder).rglob("*") if path.is_file() and "node_modules" not in path.parts]
    return paths + [path.name for path in top.iterdir() if path.is_file()]


def read_words(top):
    """All words of the sources."""
    return {word for path in (top / "src").rglob("*") if path.suffix in SOURCES
            for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}


def words_of(text):
    """The words of what stands in backquotes, and files of the rooms in prose."""
    text = FENCE.sub("", text)
    for quoted in QUOTED.findall(text):
        yield from quoted.split()
    yield from IN_PROSE.findall(text)


def is_path(word, paths):
    word = word.rstrip("/")
    return any(path == word or path.endswith("/" + word) or f"/{word}/" in "/" + path for path in paths)


def is_known(word, paths, words):
    """Whether what the word names is there; None if it names nothing of ours."""
    word = word.strip(".,;:")
    if re.search(r"/[A-Z]+$", word):
        return None  # stands for any
    if FILE.fullmatch(word) and not word.startswith("-"):
        return is_path(word, paths)
    if BELOW.fullmatch(word):
        return is_path(word, paths)
    if FAMILY.fullmatch(word):
        name = word.lstrip("-")
        return any(name in path.rsplit("/", 1)[-1] for path in paths)
    for pattern in (TYPE, FUNCTION, CEILING):
        match = pattern.fullmatch(word)
        if match:
            return match.group(match.lastindex or 0) in words
    return None


def check_the_check(tap):
    paths = ["src/base/almu-limits.h", "src/link/page/almu-succession.c", "tests/bench/NOTES.md"]
    words = {"AlmuLink", "almu_link_new", "ALMU_LIMIT_FILES"}
    right = ["almu-limits.h", "src/base/almu-limits.h", "base/almu-limits.h", "almu-succession", "-succession.c",
             "tests/bench", "AlmuLink", "almu_link_new()", "almu_link_new", "ALMU_LIMIT_FILES"]
    wrong = ["almu-limit.h", "src/wire/almu-limits.h", "almu-success-story", "-limits.c", "tests/benches",
             "AlmuLinks", "almu_link", "ALMU_LIMIT_FILE"]
    tap.check("knows what is there", [w for w in right if is_known(w, paths, words) is not True])
    tap.check("knows what is not", [w for w in wrong if is_known(w, paths, words) is not False])
    tap.check("finds files in prose",
              [] if list(words_of("see (link/almu-link.c), `a b`\n```\n`c`\n```\n")) == ["a", "b", "link/almu-link.c"]
              else ["it does not"])
    tap.check("leaves other words alone",
              [w for w in ["git", "-Ddocs=true", "epoch", "REGISTER_VIEWER", "tests/fuzz/corpus/TARGET"] if is_known(w, paths, words) is not None])


def main():
    top = pathlib.Path(sys.argv[1])
    tap = Tap()
    check_the_check(tap)

    paths = list_paths(top)
    words = read_words(top)
    for page in PAGES:
        text = (top / page).read_text(encoding="utf-8")
        named = {word: known for word in set(words_of(text))
                 if (known := is_known(word, paths, words)) is not None}
        missing = sorted(word for word, known in named.items() if not known)
        links = sorted({link for link in LINK.findall(text) if not (top / link).exists()})
        tap.check(f"{page} names what is there", missing + links + ([] if named else ["it names nothing"]))
    tap.finish()


if __name__ == "__main__":
    main()
