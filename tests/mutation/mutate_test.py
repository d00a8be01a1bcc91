#!/usr/bin/env python3
"""Unit test of mutate.py: python3 tests/mutation/mutate_test.py"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mutate  # noqa: E402


def changed(text):
    return {(m.kind, m.new) for m in mutate.mutants_of("a.hpp", text)}


class MutateTest(unittest.TestCase):
    def test_each_kind_stands_where_it_should(self):
        self.assertIn(("bound", "if (a <= b) {"), changed("  if (a < b) {"))
        self.assertIn(("check", "if (false && (a < b)) {"), changed("  if (a < b) {"))
        self.assertIn(("logic", "return a || b;"), changed("  return a && b;"))
        self.assertIn(("constant", "int k = 8;"), changed("  int k = 7;"))
        self.assertIn(("constant", "double t = 0.5;"), changed("  double t = 0.25;"))
        self.assertIn(("min_max", "return (std::max)(a, b);"), changed("  return (std::min)(a, b);"))
        self.assertIn(("axis", "return b.y1;"), changed("  return b.x1;"))
        self.assertIn(("tie", "std::sort(a, b);"), changed("  std::stable_sort(a, b);"))
        self.assertIn(("dropped", ";"), changed("{\n  list.clear();\n}"))
        self.assertIn(("dropped", ";"), changed("{\n  continue;\n}"))
        self.assertIn(("rounding", "return (a * b);"), changed("  return rounded(a * b);"))

    def test_what_is_no_code_stays(self):
        for text in ["// a < b", "/// 1 + 2", '  throw "a < b";', "#include <vector>", "  static_assert(a < b);",
                     "template <class T, int n = 7>", "  f(a) noexcept;", "  [[unlikely]];", "/* a\n < b */",
                     "  std::array<int, 3> a;", "  static_cast<int>(x);", "  list.reserve(n + 1);"]:
            self.assertEqual(changed(text), set(), text)

    def test_ids_outlive_lines_that_move(self):
        text = "{\n  if (a < b) {\n  }\n  if (a < b) {\n  }\n}"
        ids = [m.id for m in mutate.mutants_of("a.hpp", text)]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(ids, [m.id for m in mutate.mutants_of("a.hpp", "// more\n\n" + text)])

    def test_a_draw_is_a_function_of_its_seed_and_reaches_every_header(self):
        headers = mutate.read_headers()
        everything = {path: mutate.mutants_of(path, text) for path, text in headers.items()}
        one, two = (mutate.draw(everything, headers, 240, 1) for _ in range(2))
        self.assertEqual([m.id for m in one], [m.id for m in two])
        self.assertGreaterEqual(len(one), 200)
        self.assertEqual({m.path for m in one}, {path for path in headers if everything[path]})
        self.assertNotEqual([m.id for m in one], [m.id for m in mutate.draw(everything, headers, 240, 2)])


if __name__ == "__main__":
    unittest.main()
