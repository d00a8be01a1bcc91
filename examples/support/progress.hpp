/// How far a long job has come, on a terminal: one line on stderr that is wiped at the end. Silent elsewhere.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

class Progress {
 public:
  explicit Progress(std::string what) : what_(std::move(what)), shown_(start_) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (visible_) {
      std::fputs("\r\033[K", stderr);
    }
  }

  /// fraction: 0 to 1. Says nothing in the first half second, then five times a second. Cheap enough for every row.
  void update(double fraction) {
    if (!terminal_ || ++calls_ % 256 != 0) {
      return;
    }
    const auto now = Clock::now();
    if (now - start_ < std::chrono::milliseconds(500) || now - shown_ < std::chrono::milliseconds(200)) {
      return;
    }
    shown_ = now;
    visible_ = true;
    std::fprintf(stderr, "\r\033[K%s %3.0f %%", what_.c_str(), 100 * fraction);
    std::fflush(stderr);
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  Clock::time_point start_ = Clock::now(), shown_;
  unsigned calls_ = 0;
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  bool visible_ = false;
};
