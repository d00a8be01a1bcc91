/// Comma-separated files, read row by row: columns by name, quotes, CRLF, a byte order mark, errors with their place.
#pragma once

#include <boxlap/base/detail/decimal.hpp>

#include <charconv>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace csv {

/// What is wrong with a file: "truth.csv:17: column xmin: expected a number, got 'abc'".
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// `text` for a message: quoted, cut where it is long.
[[nodiscard]] inline std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  return text.empty()         ? std::string("nothing")
         : text.size() > most ? "'" + std::string(text.substr(0, most)) + "...'"
                              : "'" + std::string(text) + "'";
}

/// Reads a file through a buffer of one row and 1 MiB, whatever its size. Blank lines are skipped.
class Reader {
 public:
  explicit Reader(std::filesystem::path path) : path_(std::move(path)), file_(std::fopen(path_.c_str(), "rb")) {
    std::error_code error;
    bytes_ = std::filesystem::is_regular_file(path_, error) ? std::filesystem::file_size(path_, error) : 0;
    if (!file_ || std::filesystem::is_directory(path_, error)) {
      throw Error(path_.string() + ": cannot be read");
    }
    fill();
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (std::string_view(buffer_).starts_with(byte_order_mark)) {
      begin_ = byte_order_mark.size();
    }
    if (!read_row()) {
      line_ = 1;
      fail("expected a line of column names, the file is empty");
    }
    for (const std::string_view name : cells_) {
      const std::string_view plain = trimmed(name);
      if (column(plain) && !plain.empty()) {
        fail("column " + std::string(plain) + " is there twice");
      }
      names_.emplace_back(plain);
    }
  }

  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const {
    for (std::size_t k = 0; k < names_.size(); ++k) {
      if (names_[k] == name) {
        return k;
      }
    }
    return std::nullopt;
  }

  /// The place of a column that must be there.
  [[nodiscard]] std::size_t require(std::string_view name) const {
    if (const auto found = column(name)) {
      return *found;
    }
    std::string all;
    for (const std::string& other : names_) {
      all += (all.empty() ? "" : ", ") + other;
    }
    throw Error(path_.string() + ":1: column " + std::string(name) + ": expected among the column names, which are " +
                all);
  }

  /// Goes to the next row; false at the end of the file.
  [[nodiscard]] bool next() {
    if (!read_row()) {
      return false;
    }
    if (cells_.size() != names_.size()) {
      fail("expected " + std::to_string(names_.size()) + " cells, got " + std::to_string(cells_.size()));
    }
    ++row_;
    return true;
  }

  [[nodiscard]] std::string_view text(std::size_t column) const { return trimmed(cells_[column]); }

  [[nodiscard]] double number(std::size_t column) const {
    const std::string_view cell = text(column);
    double value = 0;
    if (boxlap::detail::read_decimal(cell, value) != boxlap::detail::DecimalStatus::ok) {
      // NaN and infinity may stand in a file, signed or not; which columns must be finite is for their readers to say
      const std::string_view word = cell.substr(cell.starts_with('+') ? 1 : 0);
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
      if (error != std::errc() || end != word.data() + word.size() || word.starts_with('-') != cell.starts_with('-')) {
        fail(column, "expected a number, got " + shown(cell));
      }
    }
    return value;
  }

  /// The row that next() went to, counted from 0, and the line it starts on, counted from 1.
  [[nodiscard]] std::size_t row() const noexcept { return row_ - 1; }
  [[nodiscard]] std::size_t line() const noexcept { return line_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// The share of the file that has been read.
  [[nodiscard]] double progress() const noexcept {
    return bytes_ == 0 ? 0 : static_cast<double>(read_) / static_cast<double>(bytes_);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(path_.string() + ":" + std::to_string(line_) + ": " + what);
  }
  [[noreturn]] void fail(std::size_t column, const std::string& what) const {
    fail("column " + names_[column] + ": " + what);
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  /// Appends the next piece of the file to what is left in the buffer; false at its end.
  bool fill() {
    constexpr std::size_t piece = std::size_t{1} << 20;
    buffer_.erase(0, begin_);
    begin_ = 0;
    const std::size_t kept = buffer_.size();
    buffer_.resize(kept + piece);
    const std::size_t got = std::fread(buffer_.data() + kept, 1, piece, file_.get());
    buffer_.resize(kept + got);
    read_ += got;
    if (got == 0 && std::ferror(file_.get()) != 0) {
      throw Error(path_.string() + ": cannot be read");
    }
    return got > 0;
  }

  /// The length of the row at begin_ without its end of line, or npos where the buffer ends before the row does.
  [[nodiscard]] std::size_t row_length(std::size_t& scanned, bool& quoted) const {
    const std::string_view rest = std::string_view(buffer_).substr(begin_);
    for (; scanned < rest.size(); ++scanned) {
      if (rest[scanned] == '"') {
        quoted = !quoted;
      } else if (rest[scanned] == '\n' && !quoted) {
        return scanned;
      }
    }
    return std::string_view::npos;
  }

  /// Splits the next row that is not blank into cells_.
  bool read_row() {
    for (;;) {
      line_ += lines_in_row_;
      std::size_t scanned = 0;
      bool quoted = false;
      std::size_t length = row_length(scanned, quoted);
      while (length == std::string_view::npos && fill()) {
        length = row_length(scanned, quoted);
      }
      if (length == std::string_view::npos) {  // the last row may lack its end of line
        if (begin_ == buffer_.size()) {
          return false;
        }
        if (quoted) {
          lines_in_row_ = 1;
          fail("a double quote is opened and never closed");
        }
        length = buffer_.size() - begin_;
      }
      std::string_view row = std::string_view(buffer_).substr(begin_, length);
      begin_ = std::min(buffer_.size(), begin_ + length + 1);
      lines_in_row_ = 1;
      for (const char c : row) {
        lines_in_row_ += c == '\n' ? 1U : 0U;
      }
      if (row.ends_with('\r')) {
        row.remove_suffix(1);
      }
      if (!trimmed(row).empty()) {
        split(row);
        return true;
      }
    }
  }

  void split(std::string_view row) {
    cells_.clear();
    unquoted_.clear();
    for (;;) {
      const std::string_view blank_free = trimmed(row);
      if (blank_free.starts_with('"')) {
        row = blank_free;
        cells_.push_back(unquote(row));
      } else {
        const std::size_t comma = std::min(row.find(','), row.size());
        cells_.push_back(row.substr(0, comma));
        row.remove_prefix(comma);
      }
      if (row.empty()) {
        return;
      }
      row.remove_prefix(1);  // the comma
    }
  }

  /// Takes a quoted cell off the front of `row`: the text between the quotes, two of them standing for one.
  std::string_view unquote(std::string_view& row) {
    std::string& cell = unquoted_.emplace_back();
    std::size_t k = 1;
    for (; k < row.size(); ++k) {
      if (row[k] != '"') {
        cell += row[k];
      } else if (k + 1 < row.size() && row[k + 1] == '"') {
        cell += row[k++];
      } else {
        break;
      }
    }
    row.remove_prefix(std::min(k + 1, row.size()));
    while (!row.empty() && row.front() == ' ') {
      row.remove_prefix(1);
    }
    if (!row.empty() && row.front() != ',') {
      fail("expected a comma after a closing double quote, got " + shown(row));
    }
    return cell;
  }

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uintmax_t bytes_ = 0, read_ = 0;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t line_ = 1, lines_in_row_ = 0, row_ = 0;
  std::vector<std::string> names_;
  std::vector<std::string_view> cells_;
  std::deque<std::string> unquoted_;
};

}  // namespace csv
