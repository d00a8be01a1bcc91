#include <boxlap/raster/border.hpp>

#include <string>

#include "../catch.hpp"

using namespace boxlap;

namespace {

/// The letters a window sees from `left` places before a row abcd... of n letters to `right` after it; k: the constant.
std::string seen(Border border, Index n, Index left, Index right) {
  std::string letters;
  for (Index i = -left; i < n + right; ++i) {
    const Index place = detail::inside(border, i, n);
    letters += place == none ? 'k' : static_cast<char>('a' + place);
  }
  return letters;
}

}  // namespace

TEST_CASE("borders are those of scipy.ndimage, at any distance") {
  CHECK(seen(Border::reflect, 4, 4, 4) == "dcbaabcddcba");
  CHECK(seen(Border::mirror, 4, 3, 3) == "dcbabcdcba");
  CHECK(seen(Border::nearest, 4, 4, 4) == "aaaaabcddddd");
  CHECK(seen(Border::constant, 4, 4, 4) == "kkkkabcdkkkk");
  CHECK(seen(Border::wrap, 4, 4, 4) == "abcdabcdabcd");
  CHECK(seen(Border::reflect, 4, 10, 10) == "baabcddcbaabcddcbaabcddc");
  CHECK(seen(Border::mirror, 4, 8, 8) == "cbabcdcbabcdcbabcdcb");
  CHECK(seen(Border::reflect, 2, 6, 6) == "baabbaabbaabba");
  CHECK(seen(Border::mirror, 2, 4, 4) == "ababababab");
  CHECK(seen(Border::wrap, 3, 7, 5) == "cabcabcabcabcab");
  CHECK(seen(Border::reflect, 1, 3, 3) == "aaaaaaa");
  CHECK(seen(Border::mirror, 1, 3, 3) == "aaaaaaa");
  CHECK(seen(Border::wrap, 1, 3, 3) == "aaaaaaa");
  CHECK(seen(Border::nearest, 3, 4, 4) == "aaaaabccccc");
}
