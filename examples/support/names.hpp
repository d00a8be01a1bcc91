/// Names and the numbers they are given.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boxlap/base/index.hpp>

/// Names and the numbers they were given, in the order they were first seen.
class Names {
 public:
  [[nodiscard]] boxlap::Index number(std::string_view name) {
    if (last_ >= 0 && names_[static_cast<std::size_t>(last_)] == name) {  // rows of one image mostly stand together
      return last_;
    }
    const auto found = numbers_.find(name);
    if (found != numbers_.end()) {
      return last_ = found->second;
    }
    last_ = static_cast<boxlap::Index>(names_.size());
    names_.emplace_back(name);
    numbers_.emplace(names_.back(), last_);
    return last_;
  }

  /// Forgets the names from `count` on.
  void resize(std::size_t count) {
    for (; names_.size() > count; names_.pop_back()) {
      numbers_.erase(names_.back());
    }
    last_ = boxlap::none;
  }

  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
  [[nodiscard]] const std::string& operator[](boxlap::Index number) const {
    return names_[static_cast<std::size_t>(number)];
  }
  [[nodiscard]] const std::vector<std::string>& all() const noexcept { return names_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  std::vector<std::string> names_;
  std::unordered_map<std::string, boxlap::Index, Hash, std::equal_to<>> numbers_;
  boxlap::Index last_ = boxlap::none;
};
