#!/usr/bin/env python3
"""Would the tests notice? Mutation testing of the headers.

    python3 tests/mutation/mutate.py --results /some/where/results.jsonl      240 mutants, an hour or two
    python3 tests/mutation/mutate.py --random 3 --seed 7                      three of all, for a quick look
    python3 tests/mutation/mutate.py --file nms/soft.hpp --list               what could be changed there
    python3 tests/mutation/mutate.py --ids 1f2e3d4c                           one mutant by its id
    python3 tests/mutation/mutate.py --results FILE --again                   the survivors once more

A mutant is one plausible bug: < for <=, + for -, a bound off by one, a statement or a check left out, min for max, x for
y, a sort that is not stable. Each is put alone into a copy of include/ (the tree is never touched), and the tests of
its header are built and run, most telling first, until one fails. g++ at -O0, or -O1 where running dominates.

How to read a row:

    survived   3 tests   41 s  1f2e3d4c  nms/soft.hpp:88  bound    if (k < n) {  ->  if (k <= n) {

    killed      a test failed, crashed or ran out of time: the bug would be noticed
    survived    all tests of the header passed: write a test that fails, or show that no answer changes
    equivalent  no answer changes; listed with the reason in equivalent.txt
    invalid     does not compile; not counted
    score       killed / (killed + survived)

The mutants of a run are a function of --seed and --count alone; an id is a function of the header's path and of the two
texts, so it outlives lines that move. With --results every verdict is written at once, and a run that was stopped goes
on where it was. A test that kills is run on the unchanged headers once; if it fails there too the run ends (--trust
leaves that out).
"""

import argparse
import collections
import hashlib
import json
import math
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# Which tests of a header to run first, where the names do not tell. `*` ends a beginning of names.
FIRST = {
    "base/detail/ascending_key.hpp": ["base/order", "match/greedy"],
    "base/detail/decimal.hpp": ["base/decimal", "shape/wkt"],
    "base/detail/error.hpp": ["misuse", "base/range"],
    "base/index.hpp": ["misuse", "base/range", "nms/select"],
    "base/detail/rounded.hpp": ["digest"],
    "base/detail/rows_by_label.hpp": ["base/rows_by_label", "nms/batched", "nms/merge", "evaluate/coco"],
    "base/detail/score_steps.hpp": ["base/order", "nms/nms"],
    "base/detail/two_sum.hpp": ["base/two_sum", "shape/predicates"],
    "evaluate/detail/category_rows.hpp": ["evaluate/coco", "evaluate/voc"],
    "evaluate/coco_image.hpp": ["evaluate/coco_shapes", "evaluate/coco"],
    "evaluate/detail/coco_matcher.hpp": ["evaluate/coco_shapes", "evaluate/coco", "misuse"],
    "evaluate/detail/coco_tables.hpp": ["evaluate/coco", "evaluate/ties"],
    "evaluate/coco_types.hpp": ["evaluate/coco", "misuse"],
    "evaluate/image_pairs.hpp": ["evaluate/detection", "evaluate/tide"],
    "match/anchor_rules.hpp": ["match/anchors"],
    "match/detail/anchor_scan.hpp": ["match/anchors"],
    "match/assignment.hpp": ["match/certify", "match/assign"],
    "match/assign.hpp": ["match/certify", "match/reuse"],
    "match/detail/augmenting_path.hpp": ["match/tie_rule", "match/reuse", "match/sparse", "match/assign_dense",
                                         "match/assign"],
    "match/detail/frontier.hpp": ["match/reuse", "match/sparse", "match/assign_dense", "match/assign"],
    "match/detail/gains.hpp": ["match/gains", "match/certify", "match/assign", "match/ties"],
    "nms/detail/reach.hpp": ["nms/kept_grid", "nms/tiled", "nms/nms"],
    "nms/detail/decide_rows.hpp": ["nms/nms", "nms/tiled", "nms/batched"],
    "nms/detail/detections.hpp": ["nms/nms", "nms/batched"],
    "nms/detail/small_nms.hpp": ["nms/nms"],
    "nms/detail/kept_index.hpp": ["nms/nms", "nms/tiled", "nms/soft"],
    "nms/detail/isolated.hpp": ["nms/batched"],
    "nms/detail/kept_boxes.hpp": ["nms/nms", "nms/batched"],
    "nms/detail/kept_grid.hpp": ["nms/nms", "nms/tiled"],
    "nms/measure.hpp": ["nms/nms", "nms/merge", "nms/presets"],
    "nms/detail/regions.hpp": ["nms/tiled_limits", "nms/tiled_order", "nms/tiled"],
    "nms/tiled.hpp": ["nms/tiled_limits", "nms/tiled_order", "nms/tiled"],
    "nms/detail/tile_partition.hpp": ["nms/tiled", "nms/nms"],
    "nms/detail/waiting_rows.hpp": ["nms/tiled_limits", "nms/tiled_order", "nms/tiled"],
    "pairs/detail/box_rows.hpp": ["pairs/packed_tree", "pairs/join", "pairs/shape_index"],
    "pairs/detail/sorted_pairs.hpp": ["pairs/covering", "pairs/join"],
    "pairs/detail/sorted_matrix.hpp": ["pairs/overlaps", "pairs/join"],
    "pairs/detail/shape_matrix.hpp": ["pairs/overlaps", "laws/threads_calls"],
    "pairs/detail/pair_density.hpp": ["pairs/overlaps", "pairs/join"],
    "pairs/detail/matrix_from_join.hpp": ["pairs/overlaps", "pairs/join"],
    "pairs/detail/block_overlap.hpp": ["pairs/overlaps", "pairs/join"],
    "pairs/detail/dense_row_kernel.hpp": ["pairs/overlaps", "pairs/join"],
    "pairs/detail/box_block.hpp": ["pairs/packed_tree", "pairs/join", "pairs/overlaps"],
    "pairs/detail/quantized_boxes.hpp": ["pairs/prefilters", "pairs/shape_index", "pairs/overlaps", "nms/nms"],
    "pairs/centers.hpp": ["pairs/center_index"],
    "pairs/detail/center_tree.hpp": ["pairs/center_index"],
    "pairs/detail/collect_chunks.hpp": ["pairs/long_lists", "pairs/join", "pairs/overlaps"],
    "pairs/detail/dense_rows.hpp": ["pairs/overlaps"],
    "pairs/detail/meeting_bitmask.hpp": ["pairs/prefilters", "pairs/overlaps"],
    "pairs/detail/small_matrix.hpp": ["pairs/overlaps"],
    "pairs/detail/count_then_fill.hpp": ["pairs/overlaps", "pairs/join"],
    "pairs/detail/quantized_leaves.hpp": ["pairs/prefilters", "pairs/covering", "pairs/shape_index", "pairs/join"],
    "pairs/detail/packed_tree.hpp": ["pairs/packed_tree", "pairs/join", "pairs/overlaps"],
    "pairs/detail/packing.hpp": ["pairs/join", "pairs/overlaps"],
    "pairs/detail/index_join.hpp": ["pairs/covering", "pairs/shape_index", "pairs/join"],
    "pairs/detail/box_query.hpp": ["pairs/prefilters", "pairs/overlaps", "nms/nms"],
    "pairs/detail/str_plan.hpp": ["pairs/join", "pairs/overlaps"],
    "base/detail/thread_team.hpp": ["laws/threads", "base/parallel", "pairs/join"],
    "pairs/detail/tree_join.hpp": ["pairs/join", "pairs/overlaps"],
    "pairs/detail/range_join.hpp": ["pairs/join", "pairs/overlaps"],
    "raster/detail/doubling.hpp": ["raster/window", "raster/sweep"],
    "raster/detail/own_mean.hpp": ["raster/lee_range", "raster/window", "raster/lee"],
    "raster/image.hpp": ["raster/window", "raster/lee", "eigen"],
    "raster/detail/row_order.hpp": ["raster/stream", "raster/window"],
    "raster/detail/row_stream.hpp": ["raster/stream"],
    "raster/detail/scaled_sums.hpp": ["raster/lee_range", "raster/lee", "raster/window"],
    "raster/detail/statistics.hpp": ["raster/window", "raster/lee"],
    "raster/window_options.hpp": ["raster/window", "raster/lee", "misuse"],
    "raster/detail/window_sums.hpp": ["raster/window", "raster/sweep"],
    "shape/convex_hull.hpp": ["shape/large_rings", "shape/polygon", "shape/rotated_box"],
    "shape/detail/ring_moments.hpp": ["shape/measures", "shape/exactness", "shape/polygon"],
    "shape/detail/convex_overlap.hpp": ["shape/touching", "shape/exactness", "shape/large_rings", "shape/mixed_overlap",
                                 "shape/rotated_box"],
    "shape/decision.hpp": ["nms/nms", "shape/overlap"],
    "base/detail/lanes.hpp": ["shape/rotated_box", "pairs/overlaps"],
    "shape/measures.hpp": ["shape/box", "shape/overlap"],
    "shape/detail/own_shape.hpp": ["shape/mixed_overlap", "nms/own_measure", "shape/overlap"],
    "shape/pixel_box.hpp": ["shape/box", "evaluate/voc"],
    "shape/point.hpp": ["shape/polygon"],
    "shape/polygon.hpp": ["shape/large_rings", "shape/mixed_overlap"],
    "shape/detail/polygon_sweep.hpp": ["shape/polygon", "shape/wkt"],
    "shape/detail/predicates.hpp": ["shape/predicates", "shape/polygon"],
    "shape/prepared_rotated_box.hpp": ["shape/rotated_box"],
    "shape/quad.hpp": ["shape/large_rings", "shape/polygon", "shape/mixed_overlap"],
    "shape/detail/quad_overlap.hpp": ["shape/touching", "shape/polygon", "shape/mixed_overlap"],
    "shape/ring_repair.hpp": ["laws/defaults", "shape/polygon"],
    "shape/rotated_box.hpp": ["shape/mixed_overlap"],
    "shape/rotated_formats.hpp": ["shape/rotated_box"],
    "shape/detail/rotated_overlap.hpp": ["shape/rotated_box"],
    "shape/detail/side.hpp": ["shape/touching", "shape/large_rings", "shape/polygon"],
    "shape/detail/side_blocks.hpp": ["shape/large_rings", "shape/polygon", "shape/mixed_overlap"],
    "shape/detail/trapezoids.hpp": ["shape/touching", "shape/large_rings", "shape/polygon", "shape/mixed_overlap"],
    "shape/detail/ring_validity.hpp": ["shape/polygon"],
    "shape/detail/polygon_builder.hpp": ["shape/polygon", "shape/large_rings", "shape/mixed_overlap"],
    "shape/detail/wkt_reader.hpp": ["shape/wkt"],
    "shape/detail/angle.hpp": ["shape/angle", "shape/rotated_box"],
    "shape/detail/ring_touches.hpp": ["shape/polygon"],
}

# Tests that run for long at -O0 and are quicker on the whole at -O1, and tests that say nothing about one header.
OPTIMISED = {"nms/nms", "nms/batched", "nms/tiled", "pairs/overlaps", "pairs/join", "pairs/shape_index", "base/order",
             "match/assign", "match/anchors", "raster/window", "raster/sweep", "raster/box_window", "raster/lee",
             "shape/polygon", "shape/rotated_box", "pairs/center_index", "pairs/nanoflann_oracle"}
NEVER = {"evaluate/programs", "laws/memory", "laws/out_of_memory", "evaluate/memory", "raster/memory",
         "shape/polygon_memory"}
DIGEST_PROGRAMS = ["digest", "digest_nms", "digest_shapes"]
DIGEST_BUILDS = [["-O0"], ["-O2", "-march=x86-64-v3", "-ffp-contract=fast"]]

# --- What can be changed -------------------------------------------------------------------------------------------


def blanked(text):
    """The text with comments, strings, attributes, directives and static_asserts replaced by blanks, offsets kept."""
    out = list(text)

    def blank(begin, end):
        for k in range(begin, end):
            if out[k] != "\n":
                out[k] = " "

    pattern = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9a-zA-Z])'(?:\\.|[^'\\\n])+'|\[\[.*?\]\]"
                         r"|^[ \t]*#(?:\\\n|[^\n])*|\bstatic_assert\s*\((?:[^;])*;|\bnoexcept\b"
                         r"|\btemplate <[^\n]*>|\brequires\b[^\n]*|\b(?:using|typedef|friend|concept|namespace)\b[^;{]*",
                         re.S | re.M)
    for found in pattern.finditer(text):
        blank(found.start(), found.end())
    return "".join(out)


SWAPS = [  # kind, what stands there, what comes in its place (several: one mutant each)
    ("bound", r" (<) ", ["<="]), ("bound", r" (<=) ", ["<"]), ("bound", r" (>) ", [">="]), ("bound", r" (>=) ", [">"]),
    ("turned", r" (<|<=) ", [">"]), ("equal", r" (==) ", ["!="]), ("equal", r" (!=) ", ["=="]),
    ("logic", r" (&&) ", ["||"]), ("logic", r" (\|\|) ", ["&&"]), ("negation", r"(!)(?=[\w(])", [""]),
    ("sign", r" (\+) ", ["-"]), ("sign", r" (-) ", ["+"]), ("sign", r" (\+=) ", ["-="]), ("sign", r" (-=) ", ["+="]),
    ("sign", r"(?<=[(,=?:] )(-)(?=[\w(])", [""]), ("factor", r" (\*) ", ["+"]), ("factor", r" (/) ", ["*"]),
    ("factor", r" (%) ", ["/"]), ("mask", r" (&) ", ["|"]), ("mask", r" (\|) ", ["&"]), ("mask", r" (\^) ", ["|"]),
    ("mask", r" (<<) ", [">>"]), ("mask", r" (>>) ", ["<<"]), ("mask", r" (\|=|&=|\^=) ", ["="]),
    ("mask", r"(~)(?=[\w(])", [""]),
    ("min_max", r"(?:\(std::|std::)(min)\b", ["max"]), ("min_max", r"(?:\(std::|std::)(max)\b", ["min"]),
    ("tie", r"std::(lower_bound)\b", ["upper_bound"]), ("tie", r"std::(upper_bound)\b", ["lower_bound"]),
    ("tie", r"std::(stable_sort)\b", ["sort"]),
    ("algorithm", r"std::(any_of)\b", ["all_of"]), ("algorithm", r"std::(all_of)\b", ["any_of"]),
    ("algorithm", r"std::(none_of)\b", ["any_of"]), ("algorithm", r"std::(floor)\b", ["ceil"]),
    ("algorithm", r"std::(ceil)\b", ["floor"]),
    ("cast", r"static_cast<(double)>", ["float"]), ("cast", r"static_cast<(std::int64_t)>", ["std::int32_t"]),
    ("cast", r"static_cast<(std::uint64_t)>", ["std::uint32_t"]),
    ("rounding", r"\b(rounded)\(", [""]),
    ("axis", r"\.(x1)\b", ["y1"]), ("axis", r"\.(y2)\b", ["x2"]), ("axis", r"\.(w)\b", ["h"]), ("axis", r"\.(y)\b", ["x"]),
    ("axis", r"\.(rows)\b", ["cols"]), ("axis", r"\.(first)\b", ["second"]),
    ("value", r"\breturn (true)\b", ["false"]), ("value", r"\breturn (false)\b", ["true"]),
    ("value", r" = (true)\b", ["false"]), ("value", r" = (false)\b", ["true"]),
    ("constant", r"(?<![\w.'<])(\d+)(?:[uU][lL]*)?(?![\w.'>]|(?:, \d+)*>)", ["+1"]),
    ("constant", r"(?<![\w.])(\d+\.\d+f?)(?![\w.])", ["*2"]), ("constant", r"(?<![\w.])(\d+e-?\d+)(?![\w.])", ["*2"]),
]

ASSIGNMENT = re.compile(r"^\s+[\w.\[\]()>:*-]+(?:\[[^=;]*\])? (?:=|[-+*/|&^]=|<<=|>>=) [^;]*;$")
CALL = re.compile(r"^\s+(?!return\b|throw\b|delete\b|if\b|for\b|while\b|else\b|case\b)[\w:.>\[\]()*-]+\([^;]*\);$")
STEP = re.compile(r"^\s+(?:\+\+|--)[\w.\[\]()>-]+;$|^\s+(?:continue|break|return);$")
SPEED = re.compile(r"\.(?:reserve|shrink_to_fit)\(|prefetch")
IF = re.compile(r"^\s+(?:\} else )?if \((?!.*; )(.*)\) (?:\[\[\w+\]\] )?\{$")


class Mutant:
    def __init__(self, path, number, kind, old_line, new_line, twin):
        self.path, self.number, self.kind = path, number, kind
        self.old, self.new = old_line.strip(), new_line.strip()
        self.line = new_line
        text = "|".join([path, self.old, self.new] + ([str(twin)] if twin else []))
        self.id = hashlib.sha1(text.encode()).hexdigest()[:8]


def replacement(found, how):
    if how == "+1":
        return str(int(found) + 1)
    if how == "*2":
        number = found.rstrip("f")
        return ("0.25" if float(number) == 0 else repr(2 * float(number))) + ("f" if found.endswith("f") else "")
    return how


def mutants_of(path, text):
    """All mutants of a header, each of one line."""
    mutants, twins = [], collections.Counter()
    lines, code = text.split("\n"), blanked(text).split("\n")
    statement_ended = True

    def add(number, kind, new_line):
        if new_line == lines[number]:
            return
        key = (lines[number].strip(), new_line.strip())
        mutants.append(Mutant(path, number + 1, kind, lines[number], new_line, twins[key]))
        twins[key] += 1

    for number, (line, blank) in enumerate(zip(lines, code)):
        stripped = blank.rstrip()
        if not stripped.strip() or SPEED.search(stripped):
            continue
        for kind, pattern, news in SWAPS:
            if kind == "turned" and stripped.lstrip().startswith("for ("):
                continue  # a loop that never runs: no plausible slip
            for found in re.finditer(pattern, blank):
                for new in news:
                    new = replacement(found.group(1), new)
                    add(number, kind, line[:found.start(1)] + new + line[found.end(1):])
        own = lines[number][:len(stripped)]
        if statement_ended and stripped.count("(") == stripped.count(")"):
            if ASSIGNMENT.match(stripped) or CALL.match(stripped) or STEP.match(stripped):
                add(number, "dropped", re.match(r"\s*", own).group() + ";")
        condition = IF.match(stripped)
        if condition and "constexpr" not in stripped:
            begin, end = condition.span(1)
            add(number, "check", line[:begin] + "false && (" + line[begin:end] + ")" + line[end:])
            add(number, "check", line[:begin] + "true || (" + line[begin:end] + ")" + line[end:])
        statement_ended = stripped.endswith(("{", "}", ";", ":"))
    return mutants


def read_headers():
    headers = {}
    for folder, _, names in os.walk(os.path.join(ROOT, "include", "boxlap")):
        for name in sorted(names):
            full = os.path.join(folder, name)
            with open(full, encoding="utf-8") as file:
                headers[os.path.relpath(full, os.path.join(ROOT, "include", "boxlap"))] = file.read()
    return dict(sorted(headers.items()))


def draw(everything, headers, count, seed):
    """About `count` mutants: to each header its share by lines of code, at least one, and in turn from all kinds."""
    size = {path: sum(1 for line in blanked(text).split("\n") if line.strip()) for path, text in headers.items()}
    total = sum(size[path] for path in headers if everything[path])
    chosen = []
    for path in headers:
        share = min(len(everything[path]), max(1, round(count * size[path] / total))) if everything[path] else 0
        kinds = collections.defaultdict(list)
        for mutant in everything[path]:
            kinds[mutant.kind].append((hashlib.sha1(f"{seed}|{mutant.id}".encode()).hexdigest(), mutant))
        ordered = []
        for kind, ranked in kinds.items():
            ranked.sort(key=lambda pair: pair[0])
            ordered += [(turn, rank, mutant) for turn, (rank, mutant) in enumerate(ranked)]
        ordered.sort(key=lambda entry: entry[:2])
        chosen += [mutant for _, _, mutant in ordered[:share]]
    return chosen


# --- Which tests tell about a header -------------------------------------------------------------------------------


def includes_of(text, folder):
    for quoted, angled in re.findall(r'^\s*#include\s+(?:"([^"]+)"|<boxlap/([^>]+)>)', text, re.M):
        yield os.path.normpath(os.path.join(folder, quoted)) if quoted else angled


class Tests:
    def __init__(self, headers):
        self.direct = {path: [p for p in includes_of(text, os.path.dirname(path)) if p in headers]
                       for path, text in headers.items()}
        self.depth, self.size = {}, {}
        tests = os.path.join(ROOT, "tests")
        for folder, _, names in os.walk(tests):
            for name in sorted(names):
                if name.endswith("_test.cpp"):
                    full = os.path.join(folder, name)
                    stem = os.path.relpath(full, tests)[:-len("_test.cpp")]
                    if stem not in NEVER:
                        self.size[stem] = os.path.getsize(full)
                        self.depth[stem] = self.reach(full)

    def reach(self, test):
        """How many steps each header is away from a test, over the test's own helpers."""
        depth, ring, files, seen = {}, [], [test], set()
        while files:
            file = files.pop()
            if file in seen or not os.path.isfile(file):
                continue
            seen.add(file)
            with open(file, encoding="utf-8") as opened:
                text = opened.read()
            ring += re.findall(r"#include <boxlap/([^>]+)>", text)
            files += [os.path.normpath(os.path.join(os.path.dirname(file), name))
                      for name in re.findall(r'#include "([^"]+)"', text)]
        step = 0
        while ring:
            ring = [path for path in dict.fromkeys(ring) if path not in depth and path in self.direct]
            depth.update((path, step) for path in ring)
            ring = [inner for path in ring for inner in self.direct[path]]
            step += 1
        return depth

    def of(self, mutant, most):
        """Tests named for the header, tests that FIRST names (those that begin with the name too), then the nearest."""
        path = mutant.path
        stem = path[:-len(".hpp")]
        if mutant.kind == "rounding":
            return ["digest"]
        names = [stem, os.path.dirname(path) + "/ties"] + FIRST.get(path, [])
        if "  ///<" in mutant.old and " = " in mutant.old:  # a public field and its default
            names.insert(0, "laws/defaults")
        known = sorted(self.depth, key=lambda test: self.size[test])
        order = [test for name in names for test in known if test == name or test.startswith(name + "_")]
        order.sort(key=lambda test: test in OPTIMISED)  # quick ones first; stable, so names keep their order
        if "digest" in names:
            order.append("digest")
        near = [test for test in known if path in self.depth[test]]
        order += sorted(near, key=lambda test: (self.depth[test][path], test in OPTIMISED, self.size[test]))
        return list(dict.fromkeys(order))[:most]


# --- Building and running ------------------------------------------------------------------------------------------


class Bench:
    """A folder with a copy of the headers and the compiler's precompiled ones."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.include = os.path.join(folder, "include")
        shutil.rmtree(self.include, ignore_errors=True)
        shutil.copytree(os.path.join(ROOT, "include"), self.include)
        self.sound, self.compiled = {}, set()  # of tests

    def flags(self, level):
        return ["-std=c++20", level, "-w", "-D_GLIBCXX_ASSERTIONS", f"-DBOXLAP_TEST_SHARE={self.options.share}",
                f'-DBOXLAP_DATA_DIR="{self.options.data}"']

    def precompiled(self, level):
        """The standard library, Catch2, Eigen and nanoflann, parsed once a level."""
        command = [self.options.compiler, *self.flags(level), *self.system()]
        name = hashlib.sha1(" ".join([ROOT] + command).encode()).hexdigest()[:8]
        header = os.path.join(self.folder, f"common{level}-{name}.hpp")
        if not os.path.exists(header + ".gch"):
            with open(header, "w", encoding="utf-8") as file:
                file.write(f'#include "{ROOT}/tests/catch.hpp"\n')
                for name in ("algorithm array bit cmath concepts cstdint fstream functional limits map numeric "
                             "optional random set span sstream string thread vector Eigen/Core").split():
                    file.write(f"#include <{name}>\n")
            if not self.run(command + ["-x", "c++-header", header, "-o", header + ".gch"], 600):
                sys.exit(f"the precompiled header does not compile, see {self.folder}/log.txt")
        return header

    def system(self):
        return ["-isystem", self.options.eigen]

    def run(self, command, seconds, environment=None):
        """True if the command ends well in `seconds` of the processor, and in ten times that by the clock: on a busy
        machine the clock alone would take a slow test for a killed mutant. Memory and files are bounded, too."""
        def bounded():
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 5))
            resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 30, 2 << 30))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        log = open(os.path.join(self.folder, "log.txt"), "wb")
        with log, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                                   preexec_fn=bounded, start_new_session=True, cwd=self.folder) as process:
            try:
                return process.wait(10 * seconds) == 0
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if isinstance(error, subprocess.TimeoutExpired):
                    return False
                raise

    def outcome(self, test):
        """passed, failed or invalid, with the headers as they are in the copy now."""
        if test == "digest":
            return self.digest()
        level = "-O1" if test in OPTIMISED else "-O0"
        program, unit = os.path.join(self.folder, "program"), os.path.join(self.folder, "unit.o")
        compile_ = [self.options.compiler, *self.flags(level), "-include", self.precompiled(level), "-I", self.include,
                    *self.system(), "-c", os.path.join(ROOT, "tests", test + "_test.cpp"), "-o", unit]
        if not self.run(compile_, 600):
            return "invalid"
        self.compiled.add(test)
        if not self.run([self.options.compiler, unit, "-o", program, "-lCatch2WithMain", "-pthread"], 600):
            return "invalid"
        return "passed" if self.run([program, "--abort"], self.options.timeout) else "failed"

    def digest(self):
        """The same bits without optimisation and with fused multiply-adds?"""
        for name in DIGEST_PROGRAMS:
            printed = []
            for level in DIGEST_BUILDS:
                program = os.path.join(self.folder, "digest")
                if not self.run([self.options.compiler, "-std=gnu++20", *level, "-w", "-I", self.include,
                                 *self.system(), os.path.join(ROOT, "tests", "build", name + ".cpp"), "-o", program,
                                 "-pthread"], 600):
                    return "invalid"
                if not self.run([program], self.options.timeout):
                    return "failed"
                with open(os.path.join(self.folder, "log.txt"), "rb") as log:
                    printed.append(log.read())
            if printed[0] != printed[1]:
                return "failed"
        self.compiled.add("digest")
        return "passed"

    def is_sound(self, test):
        """Whether the test passes on the unchanged headers; asked once a test."""
        if test not in self.sound and not self.options.trust:
            self.sound[test] = self.outcome(test) == "passed"
        return self.options.trust or self.sound[test]

    def judge(self, mutant, text, tests):
        """The verdict on one mutant, and the tests that were run."""
        file = os.path.join(self.include, "boxlap", mutant.path)
        lines = text.split("\n")
        lines[mutant.number - 1] = mutant.line
        ran = []
        try:
            with open(file, "w", encoding="utf-8") as opened:
                opened.write("\n".join(lines))
            verdict = "survived"
            for test in tests:
                outcome = self.outcome(test)
                ran.append(test)
                if outcome != "passed":
                    verdict = {"failed": "killed"}.get(outcome, outcome)
                    break
        finally:
            with open(file, "w", encoding="utf-8") as opened:
                opened.write(text)
        if verdict == "invalid" and ran[-1] not in self.compiled and self.outcome(ran[-1]) == "invalid":
            sys.exit(f"{ran[-1]} does not compile with the unchanged headers either, see {self.folder}/log.txt")
        if verdict == "killed" and not self.is_sound(ran[-1]):
            sys.exit(f"{ran[-1]} fails on the unchanged headers too, see {self.folder}/log.txt")
        return verdict, ran


# --- The run -------------------------------------------------------------------------------------------------------


def read_equivalent():
    """id -> reason, from lines `id  header  reason`."""
    reasons = {}
    path = os.path.join(HERE, "equivalent.txt")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                cells = line.rstrip("\n").split(None, 2)
                if cells and not line.startswith("#"):
                    reasons[cells[0]] = cells[2]
    return reasons


def shown(line):
    return line.split("  //")[0].rstrip()


def row(mutant, verdict, ran=(), seconds=0.0):
    tests = f"{len(ran)} tests {seconds:4.0f} s  " if ran else ""
    return (f"{verdict:<10} {tests}{mutant.id}  {mutant.path}:{mutant.number}  {mutant.kind:<9}  "
            f"{shown(mutant.old)}  ->  {shown(mutant.new)}")


def summary(records):
    folders = collections.defaultdict(collections.Counter)
    for record in records:
        folders[record["path"].split("/")[0]][record["verdict"]] += 1
        folders["all"][record["verdict"]] += 1
    names = ["killed", "survived", "equivalent", "invalid"]
    print("\n" + f"{'':<14}" + "".join(f"{name:>12}" for name in names) + f"{'score':>9}")
    for folder in sorted(folders, key=lambda name: (name == "all", name)):
        count = folders[folder]
        judged = count["killed"] + count["survived"]
        score = f"{100 * count['killed'] / judged:8.1f}%" if judged else f"{'-':>9}"
        print(f"{folder:<14}" + "".join(f"{count[name]:>12}" for name in names) + score)
    judged = folders["all"]["killed"] + folders["all"]["survived"]
    return 100.0 * folders["all"]["killed"] / judged if judged else 100.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=240, help="mutants in all, spread by lines of code (240)")
    parser.add_argument("--random", type=int, metavar="N", help="N of all mutants instead, any header")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", action="append", default=[], help="only this header; may be given again")
    parser.add_argument("--ids", nargs="+", default=[], help="only these, of all there are")
    parser.add_argument("--list", action="store_true", help="print the mutants and the tests of each, run nothing")
    parser.add_argument("--results", help="a file outside the tree: verdicts are added, and read to go on")
    parser.add_argument("--again", action="store_true", help="try the survivors of --results once more")
    parser.add_argument("--tests", type=int, default=5, help="at most so many tests a mutant (5)")
    parser.add_argument("--share", type=int, default=1, help="draw one of so many random cases (1: all)")
    parser.add_argument("--trust", action="store_true", help="take for granted that the tests pass on the headers as is")
    parser.add_argument("--timeout", type=float, default=240,
                        help="seconds of the processor after which a test counts as failed (240)")
    parser.add_argument("--least", type=float, default=0, help="exit status 1 if the score is below this percentage")
    parser.add_argument("--stop-after", type=float, help="begin no mutant after so many seconds")
    parser.add_argument("--work", help="folder to build in (a temporary one)")
    parser.add_argument("--compiler", default=os.environ.get("CXX", shutil.which("clang++") or "g++"))
    parser.add_argument("--eigen", default="/usr/include/eigen3")
    parser.add_argument("--data", default=os.environ.get("BOXLAP_DATA_DIR", ""), help="the peers' answers")
    options = parser.parse_args()

    headers = read_headers()
    for path in options.file:
        if path not in headers:
            parser.error(f"no header {path}")
    everything = {path: mutants_of(path, text) for path, text in headers.items()}
    by_id = {mutant.id: mutant for mutants in everything.values() for mutant in mutants}
    equivalent, tests = read_equivalent(), Tests(headers)
    for name in equivalent.keys() - by_id.keys():
        print(f"note: equivalent.txt has {name}, which is no mutant any more", file=sys.stderr)

    records = {}
    if options.results and os.path.exists(options.results):
        with open(options.results, encoding="utf-8") as file:
            records = {record["id"]: record for record in map(json.loads, file) if record["id"] in by_id}
    wanted = {path: everything[path] if not options.file or path in options.file else [] for path in headers}
    if options.ids:
        chosen = [by_id[name] for name in options.ids]
    elif options.again:
        chosen = [by_id[name] for name, record in records.items() if record["verdict"] == "survived"]
    elif options.random is not None:
        ranked = sorted((mutant for mutants in wanted.values() for mutant in mutants),
                        key=lambda mutant: hashlib.sha1(f"{options.seed}|{mutant.id}".encode()).hexdigest())
        chosen = ranked[:options.random]
    elif options.file and options.list:
        chosen = [mutant for mutants in wanted.values() for mutant in mutants]
    else:
        chosen = draw(wanted, headers, options.count, options.seed)
    if not (options.ids or options.list):  # spread over the headers, so that a part of a run tells about all
        chosen.sort(key=lambda mutant: hashlib.sha1(f"{options.seed}|order|{mutant.id}".encode()).hexdigest())
    if options.list:
        for mutant in chosen:
            print(row(mutant, "equivalent" if mutant.id in equivalent else "") + "  [" +
                  " ".join(tests.of(mutant, options.tests)) + "]")
        print(f"{len(chosen)} of {len(by_id)} mutants in {len(headers)} headers")
        return 0

    folder = options.work or tempfile.mkdtemp(prefix="mutate-")
    os.makedirs(folder, exist_ok=True)
    bench, begun, done = Bench(folder, options), time.monotonic(), []
    try:
        for mutant in chosen:
            known = records.get(mutant.id)
            if mutant.id in equivalent:
                done.append({"path": mutant.path, "verdict": "equivalent"})
                continue
            if known and not (options.ids or (options.again and known["verdict"] == "survived")):
                done.append(known)
                continue
            if options.stop_after and time.monotonic() - begun > options.stop_after:
                break
            start = time.monotonic()
            verdict, ran = bench.judge(mutant, headers[mutant.path], tests.of(mutant, options.tests))
            seconds = time.monotonic() - start
            print(row(mutant, verdict, ran, seconds), flush=True)
            done.append({"id": mutant.id, "path": mutant.path, "kind": mutant.kind, "verdict": verdict, "tests": ran,
                         "seconds": round(seconds, 1), "old": mutant.old, "new": mutant.new})
            if options.results:
                with open(options.results, "a", encoding="utf-8") as file:
                    file.write(json.dumps(done[-1]) + "\n")
    finally:
        if not options.work:
            shutil.rmtree(folder, ignore_errors=True)
    survivors = [record for record in done if record["verdict"] == "survived"]
    if survivors:
        print("\nsurvivors:")
        for record in survivors:
            print(row(by_id[record["id"]], "survived", record["tests"], record["seconds"]))
    score = summary(done)
    if len(done) < len(chosen):
        print(f"{len(chosen) - len(done)} of {len(chosen)} mutants are left to try")
    return 1 if score < options.least else 0


if __name__ == "__main__":
    sys.exit(main())
