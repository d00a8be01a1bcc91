/// Parallel loops whose results do not depend on the number of threads.
///
/// Work is cut into chunks whose borders depend on the input only. Threads take the next chunk from one atomic counter
/// (dynamic scheduling), and every chunk writes its own slots: which thread runs it changes nothing. Threads live for
/// one call; a pool that lives longer would belong to the program and not to a header. The first exception stops the
/// loop and is thrown again in the calling thread, after all others have ended.
///
/// Cost: starting threads - 1 threads, and one atomic addition a chunk. With one thread or one chunk a plain loop.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <exception>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "../index.hpp"
#include "error.hpp"

namespace boxlap::detail {

/// The number of threads an option means: 0 is all cores.
[[nodiscard]] inline int thread_count(int threads) {
  if (threads < 0) [[unlikely]] {
    invalid("threads is ", threads, ", expected 0 (all cores) or more");
  }
  return threads > 0 ? threads : (std::max)(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// Does a chunk of `work`, whatever it is.
using ChunkCall = void (*)(const void* work, Index chunk);

/// Starts threads that each run(), until there are `count`. The system may refuse one (a limit of processes, no memory
/// for its stack): then there are fewer, and they share the same chunks. Without exceptions a refusal ends the program.
template <class Run>
void start_threads(std::vector<std::thread>& threads, std::size_t count, const Run& run) {
#if defined(__cpp_exceptions)
  try {
#endif
    while (threads.size() < count) {
      threads.emplace_back(run);
    }
#if defined(__cpp_exceptions)
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
#endif
}

/// Calls call(work, chunk) once for each 0 <= chunk < chunks on `workers` threads, the calling one among them, or on
/// fewer if the system refuses some. One function for all kinds of work, as std::thread takes long to compile; a
/// template, so that only callers compile it.
template <std::same_as<ChunkCall> Call>
void share_chunks(int workers, Index chunks, Call call, const void* work) {
  std::atomic<Index> next{0};
  [[maybe_unused]] std::atomic<bool> failed{false};  // read where exceptions are on
  std::exception_ptr error;
  const auto run = [&] {
#if defined(__cpp_exceptions)
    try {
#endif
      for (Index chunk; (chunk = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) {
        call(work, chunk);
      }
#if defined(__cpp_exceptions)
    } catch (...) {
      next.store(chunks);
      if (!failed.exchange(true)) {
        error = std::current_exception();
      }
    }
#endif
  };
  std::vector<std::thread> others;
  start_threads(others, static_cast<std::size_t>(workers - 1), run);
  run();
  for (std::thread& other : others) {
    other.join();
  }
  if (error) {
    std::rethrow_exception(error);
  }
}

/// Calls work(chunk) once for each 0 <= chunk < chunks, on at most `threads` threads, the calling one among them.
/// Chunks start in ascending order. The first exception is thrown again here after all threads have stopped.
template <class Work>
void for_each_chunk(int threads, Index chunks, const Work& work) {
  const int workers = std::min<int>(threads, chunks);
  if (workers <= 1) {
    for (Index chunk = 0; chunk < chunks; ++chunk) {
      work(chunk);
    }
    return;
  }
  const ChunkCall call = [](const void* w, Index chunk) { (*static_cast<const Work*>(w))(chunk); };
  share_chunks(workers, chunks, call, &work);
}

}  // namespace boxlap::detail
