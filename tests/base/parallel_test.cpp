#include <boxlap/base/detail/parallel.hpp>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

TEST_CASE("each chunk is worked once, whatever the number of threads") {
  const int threads = GENERATE(1, 2, 5, 64);
  const Index chunks = GENERATE(0, 1, 2, 100);
  CAPTURE(threads, chunks);
  std::vector<std::atomic<int>> worked(static_cast<std::size_t>(chunks));
  detail::for_each_chunk(threads, chunks, [&](Index chunk) { ++worked[detail::at(chunk)]; });
  for (const auto& times : worked) {
    CHECK(times == 1);
  }
}

TEST_CASE("an exception of a thread arrives at the caller, and every thread has stopped") {
  const int threads = GENERATE(1, 2, 5);
  std::atomic<int> running{0};
  CHECK_THROWS_AS(detail::for_each_chunk(threads, 100,
                                         [&](Index chunk) {
                                           ++running;
                                           if (chunk == 3) {
                                             --running;
                                             throw std::out_of_range("three");
                                           }
                                           --running;
                                         }),
                  std::out_of_range);
  CHECK(running == 0);
}

TEST_CASE("0 threads are all cores, less are refused") {
  CHECK(detail::thread_count(0) >= 1);
  CHECK(detail::thread_count(3) == 3);
  CHECK_THROWS_AS(detail::thread_count(-1), std::invalid_argument);
}
