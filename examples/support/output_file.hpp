/// Files that are there whole or not at all.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

/// Writes `content` to `path` through a temporary file beside it that is renamed at the end: a reader, a full disk or a
/// failure half way never leaves a broken file. Throws std::runtime_error naming the path.
inline void write_file(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::path draft = path;
  draft += ".part";
  std::ofstream out(draft, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  std::error_code error;
  if (out) {
    std::filesystem::rename(draft, path, error);
  }
  if (!out || error) {
    std::error_code ignored;
    std::filesystem::remove(draft, ignored);
    throw std::runtime_error(path.string() + ": cannot be written" + (error ? " (" + error.message() + ")" : ""));
  }
}
