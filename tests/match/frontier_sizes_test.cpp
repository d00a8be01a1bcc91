// The priority queue of the solver against a plain search for the least, on both sides of the length at which its list
// becomes a heap.
#include <boxlap/match/detail/frontier.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/sizes.hpp"

using namespace boxlap;

TEST_CASE("the queue gives columns by distance and then by number, as a list, as a heap, and while it changes") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  using Queue = detail::Frontier<double>;
  for (const Index size : sizes::around({1, static_cast<Index>(Queue::longest_list), 300})) {
    for (const std::size_t degree : {0U, 1U, 60U}) {
      CAPTURE(size, degree);
      Queue queue;
      std::vector<double> distances(static_cast<std::size_t>(size));
      std::vector<Index> place(distances.size());
      for (int round = 0; round < 2; ++round) {  // the second one begins with a list again
        std::map<Index, double> left;
        const auto take = [&] {
          auto nearest = left.begin();
          for (auto it = left.begin(); it != left.end(); ++it) {
            nearest = it->second < nearest->second ? it : nearest;
          }
          REQUIRE(queue.take_nearest(degree, distances.data(), place.data()) == nearest->first);
          left.erase(nearest);
        };
        std::vector<Index> columns;
        for (Index j = 0; j < size; ++j) {
          columns.push_back(j);
        }
        std::shuffle(columns.begin(), columns.end(), rng);
        for (const Index j : columns) {
          left[j] = distances[static_cast<std::size_t>(j)] = double(rng() % 8);
          queue.insert(j, distances.data(), place.data());
          if (rng() % 4 == 0) {
            take();
          }
          if (rng() % 4 == 0 && !left.empty()) {
            auto nearer = std::next(left.begin(), static_cast<std::ptrdiff_t>(rng() % left.size()));
            nearer->second /= 2;
            distances[static_cast<std::size_t>(nearer->first)] = nearer->second;
            queue.decrease(nearer->first, distances.data(), place.data());
          }
        }
        while (left.size() > (round == 0 ? 3U : 0U)) {  // the first round leaves some, which clear() removes
          take();
        }
        REQUIRE(queue.cols().size() == left.size());
        queue.clear();
        REQUIRE(queue.empty());
      }
    }
  }
}
