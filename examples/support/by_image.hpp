/// Which rows belong to which image.
#pragma once

#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include <boxlap/base/index.hpp>

/// rows(image) are the rows of one image in the order of the file.
class ByImage {
 public:
  ByImage(const std::vector<boxlap::Index>& image_of, std::size_t images)
      : offsets_(images + 1), rows_(image_of.size()) {
    for (const boxlap::Index image : image_of) {
      ++offsets_[static_cast<std::size_t>(image) + 1];
    }
    std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());
    std::vector<std::size_t> next(offsets_.begin(), offsets_.end() - 1);
    for (std::size_t row = 0; row < image_of.size(); ++row) {
      rows_[next[static_cast<std::size_t>(image_of[row])]++] = static_cast<boxlap::Index>(row);
    }
  }

  [[nodiscard]] std::span<const boxlap::Index> rows(std::size_t image) const {
    return std::span(rows_).subspan(offsets_[image], offsets_[image + 1] - offsets_[image]);
  }

 private:
  std::vector<std::size_t> offsets_;
  std::vector<boxlap::Index> rows_;
};

/// values[rows[0]], values[rows[1]], ...
template <class T>
[[nodiscard]] std::vector<T> picked(const std::vector<T>& values, std::span<const boxlap::Index> rows) {
  std::vector<T> result;
  result.reserve(rows.size());
  for (const boxlap::Index row : rows) {
    result.push_back(values[static_cast<std::size_t>(row)]);
  }
  return result;
}
