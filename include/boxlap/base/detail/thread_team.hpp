/// A thread pool that lives for one call, with parallel loops and a parallel radix sort on top.
///
/// Work is cut into chunks that depend on the input alone and write to places of their own, so results are the same for
/// any number of threads. Threads start with the first loop that has use for them and take chunks from a counter: one
/// that is kept from its core, or that the system refuses, costs nothing but its help.
#pragma once

#include <algorithm>
#include <concepts>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "../index.hpp"
#include "parallel.hpp"
#include "sorting.hpp"

namespace boxlap::detail {

/// Threads for one loop after another. They are started by the first loop that has use for them, and a loop waits for
/// none that has not come yet: a thread that is kept from its core, or that the system refuses, costs nothing but its
/// help.
class Team {
 public:
  /// `threads` as in the options: 0 is all cores. More than there are cores would only wait for each other.
  explicit Team(int threads) : threads_(thread_count(threads)) {
    if (threads_ > 2) {
      threads_ = (std::min)(threads_, (std::max)(2, static_cast<int>(std::thread::hardware_concurrency())));
    }
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() {
    if (others_.empty()) {
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    for (std::thread& other : others_) {
      other.join();
    }
  }

  [[nodiscard]] int threads() const noexcept { return threads_; }

  /// Calls work(chunk) once for each 0 <= chunk < chunks, on the threads of the team, the calling one among them.
  /// Chunks start in ascending order. The first exception is thrown again here when all that were started have ended.
  template <class Work>
  void for_each(Index chunks, const Work& work) {
    if (threads_ <= 1 || chunks <= 1) {
      for (Index chunk = 0; chunk < chunks; ++chunk) {
        work(chunk);
      }
      return;
    }
    const ChunkCall call = [](const void* w, Index chunk) { (*static_cast<const Work*>(w))(chunk); };
    share(call, &work, chunks);
  }

 private:
  /// One function for all kinds of work, and a template, as share_chunks().
  template <std::same_as<ChunkCall> Call>
  void share(Call call, const void* work, Index chunks) {
    std::unique_lock lock(mutex_);
    call_ = call;
    work_ = work;
    next_ = 0;
    chunks_ = chunks;
    start_threads(others_, static_cast<std::size_t>(threads_ - 1), [this] { help(); });
    wake_.notify_all();
    take_chunks(lock);
    done_.wait(lock, [this] { return running_ == 0; });
    if (error_) {
      std::rethrow_exception(std::exchange(error_, nullptr));
    }
  }

  void help() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopped_ || next_ < chunks_; });
      if (stopped_) {
        return;
      }
      take_chunks(lock);
      if (running_ == 0) {
        done_.notify_one();
      }
    }
  }

  void take_chunks(std::unique_lock<std::mutex>& lock) {
    while (next_ < chunks_) {
      const Index chunk = next_++;
      ++running_;
      lock.unlock();
      std::exception_ptr error;
#if defined(__cpp_exceptions)
      try {
        call_(work_, chunk);
      } catch (...) {
        error = std::current_exception();
      }
#else
      call_(work_, chunk);
#endif
      lock.lock();
      --running_;
      if (error) {
        next_ = chunks_;
        error_ = error_ ? error_ : error;
      }
    }
  }

  int threads_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  ChunkCall call_ = nullptr;
  const void* work_ = nullptr;
  Index next_ = 0, chunks_ = 0, running_ = 0;
  bool stopped_ = false;
  std::exception_ptr error_;
  std::vector<std::thread> others_;
};

/// 0 .. n - 1 in slices of whole blocks of sixteen, a few a thread: a thread may be kept from its core. Without a team
/// there is one slice.
struct Slices {
  static constexpr std::int64_t least = 16384;  // items a slice: less is not worth waking a thread for
  std::int64_t n;
  Team* team;
  Index count = 1;

  Slices(std::size_t size, Team* helpers) : n(static_cast<std::int64_t>(size)), team(helpers) {
    if (team != nullptr && team->threads() > 1) {
      count = static_cast<Index>(std::clamp(n / least, std::int64_t{1}, std::int64_t{4} * team->threads()));
    }
  }

  [[nodiscard]] std::size_t begin(Index slice) const noexcept {
    return static_cast<std::size_t>(slice == count ? n : n * slice / count & ~std::int64_t{15});
  }
  /// Calls work(slice, begin, end) for each slice.
  template <class Work>
  void for_each(const Work& work) const {
    if (count == 1) {
      work(Index{0}, std::size_t{0}, static_cast<std::size_t>(n));
      return;
    }
    team->for_each(count, [&](Index slice) { work(slice, begin(slice), begin(slice + 1)); });
  }
};

/// radix_sort() on several threads: each counts and moves its own slice, to places that depend on all counts.
template <class Item, class KeyOf>
[[nodiscard]] std::span<Item> radix_sort(std::span<Item> items, std::type_identity_t<std::span<Item>> scratch, int bits,
                                         const KeyOf& key_of, Team* team) {
  using Key = std::remove_cvref_t<decltype(key_of(items[0]))>;
  const Slices slices(items.size(), team);
  if (slices.count == 1) {
    return radix_sort(items, scratch, bits, key_of);
  }
  constexpr int most_digit_bits = 11;
  const int passes = (std::max)((bits + most_digit_bits - 1) / most_digit_bits, 1);
  const int digit_bits = (bits + passes - 1) / passes;
  const std::size_t buckets = std::size_t{1} << digit_bits;
  const Key mask = static_cast<Key>((Key{1} << digit_bits) - 1);
  std::vector<std::uint32_t> counts(buckets * static_cast<std::size_t>(slices.count));
  for (int pass = 0; pass < passes; ++pass) {
    const int shift = pass * digit_bits;
    const auto digit = [&](const Item& item) { return static_cast<std::size_t>((key_of(item) >> shift) & mask); };
    const auto counts_of = [&](Index slice) { return counts.data() + static_cast<std::size_t>(slice) * buckets; };
    slices.for_each([&](Index slice, std::size_t begin, std::size_t end) {
      std::uint32_t* own = counts_of(slice);
      std::fill_n(own, buckets, 0U);
      for (std::size_t k = begin; k < end; ++k) {
        ++own[digit(items[k])];
      }
    });
    std::uint32_t sum = 0;
    for (std::size_t d = 0; d < buckets; ++d) {
      for (Index slice = 0; slice < slices.count; ++slice) {
        sum += std::exchange(counts_of(slice)[d], sum);
      }
    }
    slices.for_each([&](Index slice, std::size_t begin, std::size_t end) {
      std::uint32_t* next = counts_of(slice);
      for (std::size_t k = begin; k < end; ++k) {
        scratch[next[digit(items[k])]++] = items[k];
      }
    });
    std::swap(items, scratch);
  }
  return items;
}

}  // namespace boxlap::detail
