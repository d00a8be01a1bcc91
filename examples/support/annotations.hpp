/// Boxes of many images as DeepForest keeps them in CSV files: image_path, xmin, ymin, xmax, ymax, label.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boxlap/core/index.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/shape/box.hpp>

#include "by_image.hpp"
#include "csv.hpp"
#include "names.hpp"
#include "progress.hpp"

/// Labels as numbers that sort as the labels do: as integers where all of them are, else as text.
[[nodiscard]] inline std::vector<boxlap::Index> sorted_ranks(const std::vector<std::string>& labels) {
  std::vector<long long> numbers(labels.size());
  bool integers = true;
  for (std::size_t k = 0; k < labels.size() && integers; ++k) {
    const char* end = labels[k].data() + labels[k].size();
    const auto parsed = std::from_chars(labels[k].data(), end, numbers[k]);
    integers = parsed.ec == std::errc() && parsed.ptr == end;
  }
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return integers && numbers[a] != numbers[b] ? numbers[a] < numbers[b] : labels[a] < labels[b];
  });
  std::vector<boxlap::Index> ranks(labels.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    ranks[order[rank]] = static_cast<boxlap::Index>(rank);
  }
  return ranks;
}

/// The rows of one file; images and labels by their numbers in two Names that the files of one evaluation share.
struct Annotations {
  std::filesystem::path path;
  bool names_images = false, names_labels = false;
  std::vector<boxlap::Box<double>> boxes;
  std::vector<boxlap::Index> image_of, label_of;

  [[nodiscard]] std::size_t size() const noexcept { return boxes.size(); }
};

/// How a file is read.
enum class Role {
  truth,       ///< a row of four zeros marks an image without objects: the image is kept, the row is not
  predictions  ///< every row counts
};

/// Reads one file. Columns are found by name, in any order; without image_path all rows are of the image "", without
/// label all are of the class "". Throws csv::Error with file, line, column and what was expected.
[[nodiscard]] inline Annotations read_annotations(const std::filesystem::path& path, Role role, Names& images,
                                                  Names& labels) {
  csv::Reader file(path);
  const auto image = file.column("image_path"), label = file.column("label");
  const std::size_t corner[4] = {file.require("xmin"), file.require("ymin"), file.require("xmax"),
                                 file.require("ymax")};
  Progress progress("reading " + path.string());
  Annotations rows{path, image.has_value(), label.has_value(), {}, {}, {}};
  while (file.next()) {
    double at[4];
    for (std::size_t k = 0; k < 4; ++k) {
      at[k] = file.number(corner[k]);
      if (!std::isfinite(at[k])) {
        file.fail(corner[k], "row " + std::to_string(file.row()) + ": expected a finite number, got " +
                                 csv::shown(file.text(corner[k])));
      }
    }
    for (std::size_t k = 0; k < 2; ++k) {
      if (at[k] > at[k + 2]) {
        file.fail(corner[k + 2], "row " + std::to_string(file.row()) + ": expected at least " +
                                     (k == 0 ? "xmin, " : "ymin, ") + std::string(file.text(corner[k])) + ", got " +
                                     std::string(file.text(corner[k + 2])));
      }
    }
    const boxlap::Index image_number = images.number(image ? file.text(*image) : std::string_view{});
    const boxlap::Box<double> box{at[0], at[1], at[2], at[3]};
    progress.update(file.progress());
    if (role == Role::truth && boxlap::is_empty_image_mark(box)) {
      continue;
    }
    rows.boxes.push_back(box);
    rows.image_of.push_back(image_number);
    rows.label_of.push_back(labels.number(label ? file.text(*label) : std::string_view{}));
  }
  return rows;
}
