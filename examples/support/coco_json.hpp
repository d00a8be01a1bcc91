/// COCO's JSON files, record by record: no document is built, so a file may be larger than memory.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "progress.hpp"

namespace coco_json {

/// What is wrong with a file: "results.json: detection 17: field bbox: expected 4 numbers".
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The bytes of a file through a buffer, as the range [begin, end) that the parser wants.
class Bytes {
 public:
  explicit Bytes(const std::filesystem::path& path)
      : file_(std::fopen(path.c_str(), "rb")), buffer_(std::size_t{1} << 20) {
    std::error_code error;
    if (!file_ || std::filesystem::is_directory(path, error)) {
      throw Error(path.string() + ": cannot be read");
    }
    size_ = std::filesystem::is_regular_file(path, error) ? std::filesystem::file_size(path, error) : 0;
    fill();
  }

  struct End {};
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;
    explicit Iterator(Bytes* bytes = nullptr) : bytes_(bytes) {}
    const char& operator*() const { return bytes_->buffer_[bytes_->next_]; }
    Iterator& operator++() {
      if (++bytes_->next_ == bytes_->filled_) {
        bytes_->fill();
      }
      return *this;
    }
    Iterator operator++(int) { return ++*this; }
    /// Only ever compared with the end.
    bool operator==(const Iterator&) const { return bytes_ == nullptr || bytes_->filled_ == 0; }
    bool operator!=(const Iterator& other) const { return !(*this == other); }

   private:
    Bytes* bytes_;
  };

  Iterator begin() { return Iterator(this); }
  Iterator end() { return Iterator(); }
  [[nodiscard]] double progress() const {
    return size_ == 0 ? 0 : static_cast<double>(read_) / static_cast<double>(size_);
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  void fill() {
    next_ = 0;
    filled_ = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
    read_ += filled_;
  }

  std::unique_ptr<std::FILE, Close> file_;
  std::vector<char> buffer_;
  std::size_t next_ = 0, filled_ = 0;
  std::uintmax_t size_ = 0, read_ = 0;
};

/// One object of a list: the fields that COCO's formats use, where they are given.
struct Record {
  std::string_view list;  ///< images, categories, annotations, or "" for a file that is one list
  std::size_t index = 0;  ///< in its list, from 0
  std::optional<std::int64_t> id, image_id, category_id;
  std::optional<double> area, score;
  bool crowd = false, ignore = false;
  std::string name;
  std::vector<double> bbox;
  bool has_bbox = false;
};

/// Turns the parser's events into records. Anything it does not know is skipped, however deep.
class Records {
 public:
  using Visit = std::function<void(const Record&)>;

  Records(std::string file, Bytes& bytes, Visit visit)
      : file_(std::move(file)), bytes_(bytes), visit_(std::move(visit)), progress_("reading " + file_) {}

  bool null() {
    refuse_between_records();
    return value();
  }
  bool boolean(bool flag) { return number(flag ? 1 : 0, flag ? 1 : 0, true); }
  bool number_integer(std::int64_t v) { return number(static_cast<double>(v), v, true); }
  bool number_unsigned(std::uint64_t v) {
    return number(static_cast<double>(v), static_cast<std::int64_t>(v), v <= INT64_MAX);
  }
  bool number_float(double v, const std::string&) { return number(v, 0, false); }
  bool string(std::string& text) {
    refuse_between_records();
    if (in_record() && field_ == Field::name) {
      record_.name = text;
    } else if (in_record() && field_ != Field::other) {
      fail("expected a number, got a text");
    }
    return value();
  }
  bool binary(nlohmann::json::binary_t&) { return value(); }

  bool start_object(std::size_t) {
    ++depth_;
    if (depth_ == record_depth()) {
      record_.bbox.clear();
      std::vector<double> bbox = std::move(record_.bbox);  // keeps its memory
      record_ = Record{};
      record_.bbox = std::move(bbox);
      record_.list = list_;
      record_.index = next_index_++;
      field_ = Field::other;
    }
    return true;
  }
  bool key(std::string& name) {
    if (depth_ == 1 && !top_is_list_) {
      list_ = name;
      list_wanted_ = name == "images" || name == "categories" || name == "annotations";
      next_index_ = 0;
    } else if (depth_ == record_depth()) {
      field_ = field_called(name);
    }
    return true;
  }
  bool end_object() {
    if (depth_ == record_depth() && wanted()) {
      visit_(record_);
      progress_.update(bytes_.progress());
    }
    --depth_;
    return value();
  }
  bool start_array(std::size_t) {
    if (depth_ == 0) {
      top_is_list_ = true;
    } else {
      refuse_between_records();
    }
    ++depth_;
    if (depth_ == record_depth() + 1 && field_ == Field::bbox) {
      record_.has_bbox = true;
    }
    return true;
  }
  bool end_array() {
    --depth_;
    return value();
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) {
    std::string why = error.what();
    const std::size_t colon = why.find("syntax error");
    throw Error(file_ + ": byte " + std::to_string(position) +
                ": not JSON: " + (colon == std::string::npos ? why : why.substr(colon)));
  }

  [[nodiscard]] bool is_one_list() const { return top_is_list_; }

 private:
  /// Records of a file that is one list are at depth 2, those of a list in an object at depth 3.
  [[nodiscard]] std::size_t record_depth() const { return top_is_list_ ? 2 : 3; }
  [[nodiscard]] bool in_record() const { return depth_ == record_depth() && wanted(); }
  [[nodiscard]] bool wanted() const { return top_is_list_ || list_wanted_; }

  enum class Field { other, name, id, image_id, category_id, bbox, area, score, iscrowd, ignore };
  static constexpr const char* field_names[] = {"",     "name", "id",    "image_id", "category_id",
                                                "bbox", "area", "score", "iscrowd",  "ignore"};

  [[nodiscard]] static Field field_called(std::string_view name) {
    const auto found = std::find(std::begin(field_names), std::end(field_names), name);
    return found == std::end(field_names) ? Field::other : static_cast<Field>(found - std::begin(field_names));
  }

  bool value() { return true; }

  /// What is in a list must be an object.
  void refuse_between_records() const {
    if (depth_ + 1 == record_depth() && wanted()) {
      throw Error(name_of_record(next_index_) + ": expected an object with fields");
    }
  }

  bool number(double v, std::int64_t integer, bool is_integer) {
    refuse_between_records();
    if (depth_ == record_depth() + 1 && field_ == Field::bbox && wanted()) {
      record_.bbox.push_back(v);
    }
    if (!in_record()) {
      return true;
    }
    const auto as_id = [&] {
      if (!is_integer) {
        fail("expected an integer, got " + std::to_string(v));
      }
      return integer;
    };
    switch (field_) {
      case Field::id:
        record_.id = as_id();
        break;
      case Field::image_id:
        record_.image_id = as_id();
        break;
      case Field::category_id:
        record_.category_id = as_id();
        break;
      case Field::area:
        record_.area = v;
        break;
      case Field::score:
        record_.score = v;
        break;
      case Field::iscrowd:
        record_.crowd = v != 0;
        break;
      case Field::ignore:
        record_.ignore = v != 0;
        break;
      default:
        break;
    }
    return true;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(name_of_record(record_.index) + ": field " + field_names[static_cast<std::size_t>(field_)] + ": " +
                what);
  }

  [[nodiscard]] std::string name_of_record(std::size_t index) const {
    return file_ + ": " + (top_is_list_ ? "detection" : list_) + " " + std::to_string(index);
  }

  std::string file_;
  Bytes& bytes_;
  Visit visit_;
  Progress progress_;
  Record record_;
  std::string list_;
  Field field_ = Field::other;
  bool list_wanted_ = false;
  std::size_t depth_ = 0, next_index_ = 0;
  bool top_is_list_ = false;
};

/// Calls visit(record) for each object of the file's lists, in their order, and says whether the file is one list.
/// Throws Error.
inline bool read(const std::filesystem::path& path, Records::Visit visit) {
  Bytes bytes(path);
  Records records(path.string(), bytes, std::move(visit));
  nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &records);
  return records.is_one_list();
}

}  // namespace coco_json
