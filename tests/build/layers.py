#!/usr/bin/env python3
"""Fails where the headers are not built as include/boxlap/README.md shows them.

  - Floors: a header includes headers of its own floor and of floors below, never of one above or beside it. A floor's
    detail/ belongs to the floor.
  - No header includes itself, over whatever others.
  - No header has more than 350 lines.
  - README.md names every header: one line each, public ones as `name.hpp`, internal ones as `detail/name.hpp`, below
    a heading with the folder's name. It names none that does not exist.
  - Old paths forward: a header of at most three lines, with one include that says FORWARD. Only boxlap.hpp includes them.

Usage: layers.py <folder of headers>
"""
import pathlib
import re
import sys

# folder: the folders that its headers may include beside their own; "" is the top, with core.hpp and boxlap.hpp
BELOW = {
    "base": [],
    "shape": ["base"],
    "pairs": ["base", "shape"],
    "nms": ["base", "shape", "pairs"],
    "match": ["base", "shape", "pairs"],
    "evaluate": ["base", "shape", "pairs", "nms", "match"],
    "raster": ["base", "shape"],
    "": ["base", "shape", "pairs", "nms", "match", "evaluate", "raster"],
}
FORWARD = "moved there; this header goes with the next release"
MOST_LINES = 350
MOST_FORWARD_LINES = 3


def floor_of(header):
    return header.split("/")[0] if "/" in header else ""


def read(folder):
    """header: (its lines, the headers of this library that it includes)."""
    headers = {}
    for path in sorted(folder.rglob("*.hpp")):
        lines = path.read_text().splitlines()
        included = []
        for line in lines:
            match = re.match(r'\s*#\s*include\s*"(.*)"', line)
            if match:
                included.append((path.parent / match[1]).resolve().relative_to(folder).as_posix())
            elif re.match(r"\s*#\s*include\s*<boxlap/", line):
                included.append("<" + line.split("<")[1])
        headers[path.relative_to(folder).as_posix()] = (lines, included)
    return headers


def forwards(headers):
    return {name for name, (lines, _) in headers.items() if any(FORWARD in line for line in lines)}


def upward(headers):
    old = forwards(headers)
    for name, (_, included) in headers.items():
        for other in included:
            if other not in headers:
                yield f"{name}: includes {other}, which is no header of the library by a relative path"
            elif other in old and name != "boxlap.hpp":
                yield f"{name}: includes {other}, which only forwards"
            elif other not in old and name not in old and floor_of(other) != floor_of(name):
                if floor_of(name) not in BELOW:
                    yield f"{name}: its folder is on no floor"
                elif floor_of(other) not in BELOW[floor_of(name)]:
                    yield f"{name}: includes {other}, which is not on a floor below"


def circles(headers):
    """Depth first; a header that is reached while it is open closes a circle."""
    done, open_ = set(), []

    def visit(name):
        if name in open_:
            yield "circle: " + " -> ".join(open_[open_.index(name):] + [name])
        elif name not in done:
            open_.append(name)
            for other in headers[name][1]:
                if other in headers:
                    yield from visit(other)
            open_.pop()
            done.add(name)

    for name in headers:
        yield from visit(name)


def too_long(headers):
    old = forwards(headers)
    for name, (lines, included) in headers.items():
        if name in old:
            if len(lines) > MOST_FORWARD_LINES or len(included) != 1:
                yield f"{name}: {len(lines)} lines, {len(included)} includes: a forward has one include and 3 lines"
        elif len(lines) > MOST_LINES:
            yield f"{name}: {len(lines)} lines, at most {MOST_LINES}"


def unnamed(headers, readme):
    """What the floor plan leaves out, names twice, or names although it does not exist."""
    folder, named = None, []
    for line in readme.splitlines():
        heading = re.match(r"#+ (?:The )?(.*)", line)
        if heading:
            first = heading[1].split()[0].rstrip("/:").lower()
            folder = "" if first == "top" else first
        row = re.match(r"[|*-] *`((?:detail/)?\w+\.hpp)`", line)
        if row:
            named.append((folder + "/" if folder else "") + row[1])
    for name in sorted(set(headers) - set(named) - forwards(headers)):
        yield f"README.md: {name} has no line"
    for name in sorted(set(named) - set(headers) | set(named) & forwards(headers)):
        yield f"README.md: {name} does not exist, or only forwards"
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield f"README.md: {name} has two lines"


def main(folder):
    folder = pathlib.Path(folder).resolve()
    headers = read(folder)
    faults = [*upward(headers), *circles(headers), *too_long(headers)]
    faults += unnamed(headers, (folder / "README.md").read_text())
    for fault in faults:
        print(fault)
    includes = sum(len(included) for _, included in headers.values())
    print(f"{len(headers)} headers, {includes} includes of one another, {len(faults)} faults")
    if len(headers) < 50 or includes < 200:
        print("too few headers or includes: they were not read as they should be")
        return False
    return not faults


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1]) else 1)
