/// The peers' own answers: CSV files of the data folder that BOXLAP_DATA_DIR names (empty: not given).
#pragma once

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "skipped.hpp"

namespace fixture {

inline std::string folder() { return BOXLAP_DATA_DIR; }

/// Says that a test did not see the peers' answers, and returns true, when the data folder was not given.
inline bool missing() {
  if (!folder().empty()) {
    return false;
  }
  checks::skipped("BOXLAP_DATA_DIR is not set: the peers' answers are not compared");
  return true;
}

/// A CSV file: the column names of its first line and the cells below, as text. Double quotes hold commas.
struct Table {
  std::map<std::string, std::size_t> columns;
  std::vector<std::vector<std::string>> rows;

  [[nodiscard]] std::size_t size() const { return rows.size(); }
  [[nodiscard]] const std::string& text(std::size_t row, const std::string& column) const {
    return rows.at(row).at(columns.at(column));
  }
  [[nodiscard]] double number(std::size_t row, const std::string& column) const {
    return std::strtod(text(row, column).c_str(), nullptr);
  }
};

inline std::vector<std::string> split(const std::string& line, char separator = ',') {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      cells.emplace_back();
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}

inline Table read(const std::string& path) {
  std::ifstream file(folder() + "/" + path);
  if (!file) {
    throw std::runtime_error("cannot read " + folder() + "/" + path);
  }
  Table table;
  std::string line;
  std::getline(file, line);
  for (const std::string& name : split(line)) {
    table.columns.emplace(name, table.columns.size());
  }
  while (std::getline(file, line)) {
    if (!line.empty()) {
      table.rows.push_back(split(line));
    }
  }
  return table;
}

/// Numbers separated by spaces, as the fixtures keep lists of rows.
inline std::vector<std::int32_t> rows_in(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::int32_t> rows;
  for (std::int32_t row; in >> row;) {
    rows.push_back(row);
  }
  return rows;
}

}  // namespace fixture
