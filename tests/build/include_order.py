#!/usr/bin/env python3
"""Fails where an answer depends on the order in which headers are included.

Includes all headers that need nothing but the standard library, in random orders. After each of them every concept that
is declared by then is asked about every shape that can be named by then: a compiler remembers the first answer for the
rest of the program, so one that is given before all overlaps are known stays false. Then a small program prints one
number made of results that such answers, or two functions of one name, would change: the same for every order.

Usage: include_order.py <compiler> <include folder> <folder to build in> [seed [orders]]
"""
import pathlib
import random
import re
import subprocess
import sys
import time

# shape: the header that brings it; kinds that overlap one another have one letter
SHAPES = {
    "Box<float>": ("shape/box.hpp", "a"),
    "Box<double>": ("shape/box.hpp", "a"),
    "Xywh<float>": ("shape/box.hpp", "f"),
    "Xywh<double>": ("shape/box.hpp", "d"),
    "RotatedBox<float>": ("shape/rotated_box.hpp", "a"),
    "RotatedBox<double>": ("shape/rotated_box.hpp", "a"),
    "PreparedRotatedBox<float>": ("shape/rotated_box.hpp", "a"),
    "Polygon<float>": ("shape/polygon.hpp", "a"),
    "Polygon<double>": ("shape/polygon.hpp", "a"),
}
OTHERS = {"Point<float>": "shape/point.hpp", "Box3<double>": "shape/box3.hpp", "Csr<float>": "pairs/csr.hpp"}


def kind(shape):
    return shape.split("<")[0]


def overlap(a, b):
    return SHAPES[a][1] == SHAPES[b][1]


def of_one(concept, answer):
    """Whether a concept of one shape holds."""
    return lambda shapes, others: [(f"{concept.format(s)}", answer(s)) for s in shapes + others]


def of_two(concept, answer):
    return lambda shapes, _: [(concept.format(a, b), answer(a, b)) for a in shapes for b in shapes]


def is_shape(s):
    return s in SHAPES


# the header that declares it: what it should answer
QUESTIONS = [
    ("base/range.hpp", of_one("Rows<std::vector<{}>>", lambda s: True)),
    ("base/range.hpp", of_one("!Labels<std::vector<{0}>> && !Numbers<std::vector<{0}>>", lambda s: True)),
    ("shape/shape.hpp", of_one("Shape<{}>", is_shape)),
    ("shape/shape.hpp", of_one("Shapes<std::span<const {}>>", is_shape)),
    ("shape/shape.hpp", of_one("detail::Preparable<{}>", lambda s: kind(s) == "RotatedBox")),
    ("shape/shape.hpp", of_two("Overlapping<{}, {}>", overlap)),
    ("shape/shape.hpp", of_two("OverlappingShapes<std::vector<{}>, std::array<{}, 2>>", overlap)),
    ("shape/overlap.hpp", of_two("asked::Ratios<{}, {}>", overlap)),
    ("shape/overlap.hpp", of_two("asked::Giou<{}, {}>", lambda a, b: overlap(a, b) and kind(a) != "Xywh")),
    ("shape/overlap.hpp", of_two("asked::Diou<{}, {}>", lambda a, b: kind(a) == kind(b) == "Box")),
    ("shape/decision.hpp", of_two("asked::IouAtLeast<{}, {}>", lambda a, b: overlap(a, b) and kind(a) != "Xywh")),
    ("nms/measure.hpp", of_one("Measure<Iou, {}>", is_shape)),
    ("nms/measure.hpp", of_one("Measure<Ios, {}>", is_shape)),
    ("nms/measure.hpp", of_one("Measure<Diou, {}>", lambda s: kind(s) == "Box")),
    ("nms/measure.hpp", of_two("asked::Calls<Iou, {}, {}>", overlap)),
    ("pairs/centers.hpp", of_one("Centered<{}>", lambda s: not s.startswith("Csr"))),
    ("shape/shape.hpp", of_two("BatchOverlapping<{}, {}, float>",
                               lambda a, b: kind(a) == kind(b) == "PreparedRotatedBox")),
]

CONCEPTS = r"""
#include <array>
#include <span>
#include <vector>
namespace boxlap::asked {
template <class A, class B>
concept Ratios = requires(const A& a, const B& b) { iou(a, b), iof(a, b), ios(a, b); };
template <class A, class B>
concept Giou = requires(const A& a, const B& b) { giou(a, b); };
template <class A, class B>
concept Diou = requires(const A& a, const B& b) { diou(a, b); };
template <class A, class B>
concept IouAtLeast = requires(const A& a, const B& b) { iou_at_least(a, b, 0.5); };
template <class M, class A, class B>
concept Calls = requires(const M& measure, const A& a, const B& b) { measure(a, b); };
}  // namespace boxlap::asked
"""

PROGRAM = r"""
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace {
std::uint64_t number = 1469598103934665603u;
void add(double x) { number = (number ^ std::bit_cast<std::uint64_t>(x)) * 1099511628211u; }
template <class R>
void add_rows(const R& rows) {
  for (const auto& row : rows) {
    add(double(row));
  }
}
template <class A, class B>
void add_overlap(const A& a, const B& b) {
  for (const double x : {double(iou(a, b)), double(iou(b, a)), double(giou(a, b)), double(iof(a, b))}) {
    add(std::round(x * 1e6));
  }
}
enum class Kind : signed char { car = -1 };
}  // namespace

int main() {
  using namespace boxlap;
  const std::vector<Box<double>> one{{0, 0, 10, 10}};
  const std::vector<double> score{0.9};
  const auto pairs = image_pairs(one, one);
  const auto labels = [&](auto truth, auto detection) {
    const std::vector truths{truth};
    const std::vector detections{detection};
    add(double(most_matches(pairs, truths, detections, 0.5)));
    add(double(confusion_image(pairs, truths, detections, score).size()));
    add(double(score_image(pairs, truths, detections).labels.size()));
    add(double(iou_matrix(one, truths, one, detections).nonzeros()));
  };
  labels(-1, 4294967295u);
  labels(Kind::car, std::int64_t{-1});
  labels(std::uint8_t{255}, std::int8_t{-1});

  const Box<float> box{0, 0, 10, 10};
  const RotatedBox<float> turned{6, 5, 8, 4, 30};
  const Polygon<double> polygon = make_polygon<double>({{2, 2}, {12, 3}, {4, 11}});
  add_overlap(box, turned);
  add_overlap(box, polygon);
  add_overlap(turned, polygon);
  add_overlap(prepare(turned), polygon);
  add(double(iou(Xywh<float>{0, 0, 3, 3}, Xywh<float>{1, 1, 3, 3})));

  const std::vector<RotatedBox<float>> same{{0, 0, 20, 10, 0}, {0, 0, 10, 20, 90}};
  const std::vector<float> scores{0.9f, 0.8f};
  const auto alike = [](const auto& a, const auto& b) { return std::abs(a.degrees - b.degrees) < 20 ? 1.0 : 0.0; };
  add_rows(nms(same, scores, NmsOptions{}, alike));
  add_rows(nms(same, scores, 0.5));
  add_rows(batched_nms(same, scores, std::vector<int>{1, 1}, 0.5));
  std::printf("%016llx\n", static_cast<unsigned long long>(number));
}
"""


def closures(folder):
    """For each header all it includes, itself too; None for those that need more than the standard library."""
    own = {}
    texts = {h.relative_to(folder).as_posix(): h.read_text() for h in folder.rglob("*.hpp")}
    for name, text in texts.items():
        own[name] = [(folder / name).parent.joinpath(i).resolve().relative_to(folder).as_posix()
                     for i in re.findall(r'^#include "(.*)"', text, re.M)]
    foreign = {n for n, text in texts.items() if re.search(r"^#include <(Eigen|nanoflann)", text, re.M)}
    result = {}
    for name in texts:
        reached, open_ = set(), [name]
        while open_:
            header = open_.pop()
            if header not in reached:
                reached.add(header)
                open_ += own[header]
        result[name] = None if reached & foreign else reached
    return result


def program(order, reached):
    text = CONCEPTS
    known, shapes, others, asked = set(), [], [], set()
    for header in order:
        text += f"#include <boxlap/{header}>\n"
        known |= reached[header]
        shapes = [s for s, (from_, _) in SHAPES.items() if from_ in known]
        others = [s for s, from_ in OTHERS.items() if from_ in known]
        questions = []
        for declared_in, ask in QUESTIONS:
            if declared_in in known:
                questions += [q for q in ask(shapes, others) if q not in asked]
        if questions:
            asked.update(questions)
            text += "namespace boxlap {\n"
            text += "".join(f"static_assert({'' if answer else '!'}({question}));\n" for question, answer in questions)
            text += "}\n"
    return text + PROGRAM, len(asked)


def main(compiler, include, out, seed=None, orders=2):
    seed = int(seed) if seed is not None else int(time.time()) % 1000000
    folder = pathlib.Path(include).resolve() / "boxlap"
    out = pathlib.Path(out)
    reached = {name: known for name, known in closures(folder).items() if known is not None}
    numbers = set()
    for k in range(int(orders)):
        order = sorted(reached)
        random.Random(seed + k).shuffle(order)
        text, questions = program(order, reached)
        source = out / f"include_order_{k}.cpp"
        source.write_text(text)
        print(f"order {seed + k}: {len(order)} headers, {order[0]} first, {questions} questions", flush=True)
        command = [compiler, "-std=c++20", "-O0", "-w", "-pthread", "-I", include, str(source), "-o",
                   str(out / "include_order")]
        if subprocess.run(command).returncode != 0:
            print(f"order {seed + k} does not compile: {source}")
            return False
        numbers.add(subprocess.run([str(out / "include_order")], capture_output=True, text=True, check=True).stdout)
        print(f"order {seed + k}: {sorted(numbers)}")
    return len(numbers) == 1


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
