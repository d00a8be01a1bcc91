#!/usr/bin/env python3
"""Fails where a number in the headers that decides by size is in no test of sizes.

Usage: size_limits.py REPOSITORY

Every integer constant of 12 or more below include/boxlap must be named in one of the tests of sizes (both sides of it
are tried there), or in NO_LIMIT below with what it is instead. A name in NO_LIMIT that no header has fails, too.
"""
import pathlib
import re
import sys

TESTS = ["tests/**/*_sizes_test.cpp", "tests/pairs/team_test.cpp"]

NO_LIMIT = {
    # How many of something are looked at, to guess.
    "sample": "scores or boxes that are looked at",
    "crowd": "leaves that a box may meet before an index is taken for crowded",
    "sampled": "leaves of an index that are looked at",
    "sampled_leaves": "leaves of a join that are looked at",
    "most_sampled": "boxes that a plan looks at",
    "crowded": "scores in one bucket: nms_sizes_test tries few different scores",
    "too_many_alike": "scores of a sample in one step: nms_sizes_test tries equal scores",
    "crowded_cell": "boxes in one cell: hidden_crowd_test and join_scenes' crowds",
    # Sizes of tables, bits and units that no input exceeds or undercuts.
    "columns": "of the table of cells of a label",
    "rows_a_label": "of that table",
    "level_offset": "the level of side 1 among all levels of the grid",
    "lowest": "the lowest power of two of a sum without rounding",
    "first_slots": "slots of a hash table that doubles when full",
    "levels": "as many as there are exponents",
    "cell_limit": "coordinates of cells are cut off there: nms_test has far outliers",
    "cells": "of a byte",
    "table_size": "values of a byte",
    "most_cells": "columns of the finest plan",
    "at_once": "words that a byte can count",
    "ahead": "rows that are asked for early",
    "batch": "pairs measured, or searches counted, at once: tests have many more",
    # Places in lists that are emptied when full; crowds in overlaps_test fill them several times.
    "most_waiting": "pairs that wait for their row",
    "most_blocks": "blocks of a row at once",
    # Chunks that only share work among threads.
    "leaves_per_chunk": "rows of a leaf share nothing with others",
    "places_per_chunk": "places share nothing with others",
    "rows_per_chunk": "more than the rows that ask an index one by one",
    # Numbers with tests of their own, named there by what they decide.
    "insertion_limit": "order_test: 2 to 200 scores of one step",
    "too_few": "batched_test: 255 to 257 boxes",
    "rows_per_tile": "tiled decisions: nms_test's worst cases",
    "candidates_at_once": "sides of polygons: polygon tests of 5,000 sides",
    "inlined": "sides of polygons: polygon tests of 3 to 600 sides",
}

CONSTANT = re.compile(r"constexpr\s+(?:Index|int|std::size_t|std::u?int(?:16|32|64)_t|T|double)\s+([a-z]\w*\s*=[^;{}()]+);")
NUMBER = re.compile(r"^[\d']+(?:\s*(?:<<|\*)\s*[\d']+)?[uUlL]*$")


def constants(text):
    """(name, value as text) of each integer constant of the source text."""
    text = re.sub(r"//[^\n]*", "", text)
    for match in CONSTANT.finditer(text):
        for part in match.group(1).split(","):
            name, _, value = (side.strip() for side in part.partition("="))
            value = re.sub(r"std::(?:size_t|u?int\d+_t)\{(\d+)\}", r"\1", value)
            if NUMBER.match(value):
                number = eval(re.sub(r"['uUlL]", "", value))  # digits, << and * alone
                if number >= 12:
                    yield name, value


def main():
    root = pathlib.Path(sys.argv[1])
    tests = "\n".join(test.read_text() for pattern in TESTS for test in sorted(root.glob(pattern)))
    seen, wrong = set(), []
    for header in sorted((root / "include" / "boxlap").rglob("*.hpp")):
        for name, value in constants(header.read_text()):
            seen.add(name)
            if name not in NO_LIMIT and not re.search(rf"\b{name}\b", tests):
                wrong.append(f"{header.relative_to(root)}: {name} = {value} is in no test of sizes and not in NO_LIMIT")
    wrong += [f"NO_LIMIT names {name}, which no header has" for name in NO_LIMIT if name not in seen]
    print("\n".join(wrong) if wrong else f"{len(seen)} constants, each tried on both sides or named as no limit")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
