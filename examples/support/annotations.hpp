/// Boxes or polygons of many images as DeepForest keeps them in CSV files: image_path, xmin, ymin, xmax, ymax, label,
/// or a column geometry with polygons as well-known text in place of the corners.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boxlap/base/index.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/shape/box.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/wkt.hpp>

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
  bool names_images = false, names_labels = false, has_polygons = false;
  std::vector<boxlap::Box<double>> boxes;
  std::vector<boxlap::Polygon<double>> polygons;  ///< of a file without corners, and then there are no boxes
  std::vector<boxlap::Index> image_of, label_of;

  [[nodiscard]] std::size_t size() const noexcept { return image_of.size(); }
};

/// How a file is read.
enum class Role {
  truth,  ///< a row of four zeros, or an empty polygon, marks an image without objects: the image is kept, not the row
  predictions  ///< every row counts
};

/// The box of a row; what it needs to be one is checked.
[[nodiscard]] inline boxlap::Box<double> read_box(const csv::Reader& file, const std::array<std::size_t, 4>& columns) {
  double at[4];
  const auto fail = [&](std::size_t k, const std::string& what) {
    file.fail(columns[k], "row " + std::to_string(file.row()) + ": " + what);
  };
  for (std::size_t k = 0; k < 4; ++k) {
    at[k] = file.number(columns[k]);
    if (!std::isfinite(at[k])) {
      fail(k, "expected a finite number, got " + csv::shown(file.text(columns[k])));
    }
  }
  for (std::size_t k = 0; k < 2; ++k) {
    if (at[k] > at[k + 2]) {
      fail(k + 2, std::string("expected at least ") + (k == 0 ? "xmin, " : "ymin, ") +
                      std::string(file.text(columns[k])) + ", got " + std::string(file.text(columns[k + 2])));
    }
  }
  return {at[0], at[1], at[2], at[3]};
}

/// The polygon of a row; an empty cell is an empty polygon.
[[nodiscard]] inline boxlap::Polygon<double> read_polygon(const csv::Reader& file, std::size_t column) {
  if (file.text(column).empty()) {
    return {};
  }
  std::string why;
  auto polygon = boxlap::try_parse_wkt<double>(file.text(column), &why);
  if (!polygon) {
    file.fail(column, "row " + std::to_string(file.row()) + ": expected a POLYGON or MULTIPOLYGON: " + why);
  }
  return *std::move(polygon);
}

/// Reads one file. Columns are found by name, in any order; without image_path all rows are of the image "", without
/// label all are of the class "". Throws csv::Error with file, line, column and what was expected.
[[nodiscard]] inline Annotations read_annotations(const std::filesystem::path& path, Role role, Names& images,
                                                  Names& labels) {
  csv::Reader file(path);
  const auto image = file.column("image_path"), label = file.column("label"), geometry = file.column("geometry");
  const bool has_polygons = geometry && !file.column("xmin");
  std::array<std::size_t, 4> corners{};
  if (!has_polygons) {
    corners = {file.require("xmin"), file.require("ymin"), file.require("xmax"), file.require("ymax")};
  }
  Progress progress("reading " + path.string());
  Annotations rows{path, image.has_value(), label.has_value(), has_polygons, {}, {}, {}, {}};
  while (file.next()) {
    const boxlap::Index image_number = images.number(image ? file.text(*image) : std::string_view{});
    progress.update(file.progress());
    if (has_polygons) {
      boxlap::Polygon<double> polygon = read_polygon(file, *geometry);
      if (role == Role::truth && polygon.empty()) {
        continue;
      }
      rows.polygons.push_back(std::move(polygon));
    } else {
      const boxlap::Box<double> box = read_box(file, corners);
      if (role == Role::truth && boxlap::is_empty_image_mark(box)) {
        continue;
      }
      rows.boxes.push_back(box);
    }
    rows.image_of.push_back(image_number);
    rows.label_of.push_back(labels.number(label ? file.text(*label) : std::string_view{}));
  }
  return rows;
}

/// Turns the boxes of a table into polygons, for a comparison with polygons. A box without area becomes an empty one.
inline void make_polygons(Annotations& rows) {
  for (const boxlap::Box<double>& b : rows.boxes) {
    auto polygon = boxlap::try_make_polygon<double>({{b.x1, b.y1}, {b.x2, b.y1}, {b.x2, b.y2}, {b.x1, b.y2}});
    rows.polygons.push_back(polygon ? *std::move(polygon) : boxlap::Polygon<double>{});
  }
  rows.boxes = {};
  rows.has_polygons = true;
}
