/// The files that the programs read: any bytes are read or refused in one way, and what was written is read back.
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "../../examples/support/annotations.hpp"
#include "../../examples/support/coco_json.hpp"
#include "../../examples/support/csv.hpp"
#include "../../examples/support/names.hpp"
#include "input.hpp"

namespace {

/// A file of the process, written anew for each input.
std::filesystem::path file_of(const std::string& bytes) {
  static const struct File {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("boxlap_fuzz_" + std::to_string(getpid()) + ".txt");
    ~File() { std::remove(path.c_str()); }
  } file;
  std::ofstream(file.path, std::ios::binary) << bytes;
  return file.path;
}

/// Bytes as a table: refused with a csv::Error, or rows of equal length.
void check_any_csv(const std::string& bytes) {
  try {
    csv::Reader reader(file_of(bytes));
    std::size_t rows = 0;
    while (reader.next()) {
      fuzz::require(reader.row() == rows++, "rows are counted");
      fuzz::require(reader.line() >= rows, "a line is counted for each row at least");
      const std::string_view cell = reader.text(0);
      fuzz::require(cell.empty() || (cell.front() != ' ' && cell.back() != ' '), "cells are trimmed");
    }
    fuzz::require(reader.progress() == 1, "all of the file was read");
  } catch (const csv::Error& error) {
    fuzz::require(*error.what() != '\0', "an error says something");
  }
}

void check_any_annotations(const std::string& bytes, Role role) {
  Names images, labels;
  try {
    const Annotations rows = read_annotations(file_of(bytes), role, images, labels);
    fuzz::require(rows.boxes.empty() || rows.polygons.empty(), "rows are boxes or polygons");
    fuzz::require(rows.size() == rows.boxes.size() + rows.polygons.size() && rows.size() == rows.label_of.size(),
                  "every row has its shape, image and label");
    for (const auto& b : rows.boxes) {
      fuzz::require(std::isfinite(b.x1) && std::isfinite(b.y2) && b.x1 <= b.x2 && b.y1 <= b.y2, "boxes are boxes");
    }
    for (std::size_t k = 0; k < rows.size(); ++k) {
      fuzz::require(fuzz::at(rows.image_of[k]) < images.size() && fuzz::at(rows.label_of[k]) < labels.size(),
                    "images and labels have names");
    }
    const auto ranks = sorted_ranks(labels.all());
    fuzz::require(ranks.size() == labels.size(), "every label has a rank");
  } catch (const csv::Error& error) {
    fuzz::require(*error.what() != '\0', "an error says something");
  }
}

void check_any_json(const std::string& bytes) {
  try {
    std::size_t records = 0;
    coco_json::read(file_of(bytes), [&](const coco_json::Record& record) {
      ++records;
      fuzz::require(record.has_bbox || record.bbox.empty(), "only a bbox has numbers");
    });
    fuzz::require(records <= bytes.size(), "a record takes some bytes");
  } catch (const coco_json::Error& error) {
    fuzz::require(*error.what() != '\0', "an error says something");
  }
}

std::string in_quotes(const std::string& cell) {
  std::string text = "\"";
  for (const char c : cell) {
    text += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return text + "\"";
}

/// A table written with commas, quotes and line ends in its cells.
void check_csv(fuzz::Input& in) {
  static const std::string characters = "ab1,\"\n\r; \t'.\xC3\xA9";
  const int columns = in.below(5) + 1;
  const std::string end = in.flag() ? "\r\n" : "\n";
  std::string bytes = in.rarely(4) ? "\xEF\xBB\xBF" : "";
  for (int c = 0; c < columns; ++c) {
    bytes += (c == 0 ? "" : ",") + std::string("column") + std::to_string(c);
  }
  bytes += end;
  std::vector<std::vector<std::string>> rows;
  for (int n = in.below(8); n > 0; --n) {
    rows.emplace_back();
    for (int c = 0; c < columns; ++c) {
      std::string cell;
      for (int k = in.below(8); k > 0; --k) {
        cell += characters[static_cast<std::size_t>(in.byte()) % characters.size()];
      }
      cell = "x" + cell + "x";  // nothing to trim
      const bool needed = cell.find_first_of(",\"\r\n") != std::string::npos;
      bytes += (c == 0 ? "" : ",") + (needed || in.rarely(4) ? in_quotes(cell) : cell);
      rows.back().push_back(cell);
    }
    bytes += end;
  }
  try {
    csv::Reader reader(file_of(bytes));
    for (const auto& row : rows) {
      fuzz::require(reader.next(), "every row is read");
      for (std::size_t c = 0; c < row.size(); ++c) {
        fuzz::require(reader.text(c) == row[c], "a cell reads as it was written", [&] { return bytes; });
      }
    }
    fuzz::require(!reader.next(), "no more rows are read than were written");
  } catch (const csv::Error& error) {
    fuzz::require(false, "a table that is one is read", [&] { return bytes + error.what(); });
  }
}

/// Annotations of COCO among fields that nobody knows.
void check_json(fuzz::Input& in) {
  struct Written {
    std::int64_t id, image, category;
    std::vector<double> bbox;
    double score;
    bool crowd;
  };
  std::vector<Written> written;
  nlohmann::json list = nlohmann::json::array();
  for (int n = in.below(6); n > 0; --n) {
    Written w{in.below(100), in.below(100), in.below(9), {}, in.finite<double>(), in.flag()};
    for (int k = 0; k < 4; ++k) {
      w.bbox.push_back(in.finite<double>());
    }
    nlohmann::json record = {{"id", w.id}, {"image_id", w.image}, {"category_id", w.category}, {"score", w.score}};
    record["bbox"] = w.bbox;
    record["iscrowd"] = w.crowd ? 1 : 0;
    if (in.flag()) {
      record["segmentation"] = {{{"bbox", {1, 2}}, {"id", "text"}}, {1, {2, 3}}};
    }
    list.push_back(record);
    written.push_back(w);
  }
  const bool one_list = in.flag();
  const nlohmann::json document = one_list ? list : nlohmann::json{{"info", {{"id", 1}}}, {"annotations", list}};
  std::size_t k = 0;
  const bool was_list = coco_json::read(file_of(document.dump()), [&](const coco_json::Record& record) {
    fuzz::require(k < written.size(), "no more records are read than were written");
    const Written& w = written[k];
    fuzz::require(record.index == k++ && record.id == w.id && record.image_id == w.image &&
                      record.category_id == w.category && record.score == w.score && record.bbox == w.bbox &&
                      record.crowd == w.crowd,
                  "a record reads as it was written", [&] { return document.dump(); });
  });
  fuzz::require(k == written.size() && was_list == one_list, "every record is read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  switch (in.byte()) {
    case 'c':
      check_csv(in);
      break;
    case 'j':
      check_json(in);
      break;
    case 'C':
      check_any_csv(in.text());
      break;
    case 'J':
      check_any_json(in.text());
      break;
    case 'T':
      check_any_annotations(in.text(), Role::truth);
      break;
    case 'P':
      check_any_annotations(in.text(), Role::predictions);
      break;
    default:
      break;
  }
  return 0;
}
