// A number for everything that is promised to be the same bits from every compiler, at every level, with and without
// fused multiply-adds. Own random numbers: the distributions of <random> differ between standard libraries.
#include <array>
#include <bit>
#include <boxlap/core.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

namespace {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// In [0, 2^bits), a multiple of 2^(bits - 24): every step is exact, so that no compiler can change the input.
  template <class T>
  T below_power(int bits) {
    return std::ldexp(static_cast<T>(next() >> 40), bits - 24);
  }

 private:
  std::uint64_t state_;
};

class Digest {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  void add(T x) {
    for (const unsigned char byte : std::bit_cast<std::array<unsigned char, sizeof(T)>>(x)) {
      hash_ = (hash_ ^ byte) * 0x100000001b3u;  // FNV-1a
    }
  }
  template <class T>
  void add(const std::vector<T>& values) {
    add(values.size());
    for (const T& value : values) {
      if constexpr (std::is_arithmetic_v<T>) {
        add(value);
      } else {
        add(value.first);
        add(value.second);
      }
    }
  }
  template <class T>
  void add(const boxlap::Csr<T>& matrix) {
    add(matrix.row_offsets);
    add(matrix.col_indices);
    add(matrix.values);
  }
  void print(const std::string& name) const {
    std::printf("%s %016llx\n", name.c_str(), static_cast<unsigned long long>(hash_));
  }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325u;
};

template <class T>
std::vector<boxlap::Box<T>> random_boxes(int n, Random& random) {
  std::vector<boxlap::Box<T>> boxes;
  for (int i = 0; i < n; ++i) {
    const T x = random.below_power<T>(10), y = random.below_power<T>(10);
    const T w = 24 + random.below_power<T>(5), h = 24 + random.below_power<T>(5);
    boxes.push_back({x, y, x + w, y + h});
  }
  boxes[3] = {T{5}, T{5}, T{1}, T{9}};                  // inverted
  boxes[4] = boxes[5];                                  // twice the same
  boxes[6] = {T{1e-20}, T{1e-20}, T{3e-20}, T{3e-20}};  // an area that underflows in float
  return boxes;
}

template <class T>
void print_ratios(const std::string& scalar, const std::vector<boxlap::Box<T>>& a,
                  const std::vector<boxlap::Box<T>>& b) {
  Digest ratios, matrix;
  for (std::size_t i = 0; i < 300; ++i) {
    for (std::size_t j = 0; j < 300; ++j) {
      ratios.add(boxlap::iou(a[i], b[j]));
      ratios.add(boxlap::iof(a[i], b[j]));
      ratios.add(boxlap::ios(a[i], b[j]));
    }
  }
  for (const double least : {0.0, 0.3}) {
    matrix.add(boxlap::iou_matrix(a, b, {.min = least}));
  }
  ratios.print("iou, iof, ios " + scalar);
  matrix.print("iou_matrix " + scalar);
}

void print_joins(const std::vector<boxlap::Box<float>>& a, const std::vector<boxlap::Box<float>>& b) {
  Digest pairs, matrices;
  for (const int threads : {1, 3}) {
    pairs.add(boxlap::pairs(a, b, {.threads = threads}));
    pairs.add(boxlap::pairs(a, {.touching = true, .threads = threads}));
    matrices.add(boxlap::iou_matrix(a, {.min = 0.2, .threads = threads}));
    matrices.add(boxlap::iof_matrix(a, b, {.threads = threads}));
    matrices.add(boxlap::intersection_matrix(a, b, {.threads = threads}));
    matrices.add(boxlap::union_matrix(a, b, {.threads = threads}));
  }
  pairs.print("pairs");
  matrices.print("matrices");
}

void print_nms(const std::vector<boxlap::Box<float>>& boxes, Random& random) {
  std::vector<float> scores;
  std::vector<int> labels;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    scores.push_back(static_cast<float>(random.next() % 1000) / 1000);  // many ties
    labels.push_back(static_cast<int>(random.next() % 7));
  }
  Digest hard, batched;
  const boxlap::Csr<float> overlaps = boxlap::iou_matrix(boxes);
  for (const double threshold : {-0.5, 0.0, 0.3, 0.5, 0.7}) {
    hard.add(boxlap::nms(boxes, scores, threshold));
    hard.add(boxlap::nms(overlaps, scores, threshold));
    using enum boxlap::ClassSplit;
    for (const auto split : {per_class, coordinate_offset, torchvision}) {
      batched.add(boxlap::batched_nms(boxes, scores, labels, threshold, split));
    }
  }
  hard.print("nms");
  batched.print("batched_nms");
}

void print_matching(const boxlap::Csr<double>& areas) {
  boxlap::Csr<std::int32_t> weights{areas.rows, areas.cols, areas.row_offsets, areas.col_indices, {}};
  for (const double area : areas.values) {
    weights.values.push_back(static_cast<std::int32_t>(area / 16));
  }
  Digest matching;
  using enum boxlap::Objective;
  for (const boxlap::AssignOptions options :
       {boxlap::AssignOptions{}, {.objective = max_gain, .gate = 20}, {.objective = most_pairs, .gate = 20}}) {
    const auto found = boxlap::assign(weights, options);
    matching.add(found.col_of_row);
    matching.add(found.row_of_col);
    matching.add(found.total);
    matching.add(boxlap::certify(weights, found).valid ? 1 : 0);
  }
  matching.print("integer matching");
}

}  // namespace

int main() {
  Random random(42);
  const auto a = random_boxes<float>(2000, random), b = random_boxes<float>(1500, random);
  const auto c = random_boxes<double>(1500, random), d = random_boxes<double>(1000, random);
  print_ratios("float", a, b);
  print_ratios("double", c, d);
  print_joins(a, b);
  print_nms(a, random);
  print_matching(boxlap::intersection_matrix(c, d));
}
