// The threads of one call: every chunk once, exceptions of any thread, slices and the parallel radix sort.
#include <boxlap/base/detail/thread_team.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "../catch.hpp"

using boxlap::Index;
using boxlap::detail::Slices;
using boxlap::detail::Team;

namespace {

/// Two chunks that each wait until the other one runs, so that one of them is on a thread of the team. False where the
/// machine gave no second thread within some seconds.
class BothAtOnce {
 public:
  bool wait() {
    ++here_;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (here_ < 2 && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::yield();
    }
    return here_ >= 2;
  }

 private:
  std::atomic<int> here_{0};
};

struct Item {
  std::uint64_t key;
  std::uint32_t place;  // in the input: equal keys keep their order
  bool operator==(const Item&) const = default;
};

/// Keys of `bits` bits; few different ones where `few`.
std::vector<Item> random_items(std::size_t n, int bits, bool few, std::mt19937_64& rng) {
  const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  std::vector<Item> items(n);
  for (std::size_t k = 0; k < n; ++k) {
    const std::uint64_t key = few ? (rng() % 5) * 0x9e3779b97f4a7c15U : rng();
    items[k] = {key & mask, static_cast<std::uint32_t>(k)};
  }
  return items;
}

}  // namespace

TEST_CASE("a team does each chunk once, in one loop after another") {
  const int threads = GENERATE(1, 2, 3, 5);
  Team team(threads);
  for (const Index chunks : {0, 1, 2, 3, 100, 1, 0, 7, 1000}) {
    CAPTURE(threads, chunks);
    std::vector<std::atomic<int>> done(static_cast<std::size_t>(chunks));
    team.for_each(chunks, [&](Index chunk) { ++done[static_cast<std::size_t>(chunk)]; });
    CHECK(std::all_of(done.begin(), done.end(), [](const auto& times) { return times == 1; }));
  }
}

TEST_CASE("a team of two works on two threads at once") {
  Team team(2);
  for (int loop = 0; loop < 20; ++loop) {
    BothAtOnce both;
    std::atomic<int> met{0};
    team.for_each(2, [&](Index) { met += both.wait() ? 1 : 0; });
    CHECK(met == 2);
  }
}

TEST_CASE("a loop is over only when the chunks of all its threads are") {
  Team team(2);
  BothAtOnce both;
  std::atomic<int> ended{0};
  const auto caller = std::this_thread::get_id();
  team.for_each(2, [&](Index) {
    both.wait();
    if (std::this_thread::get_id() != caller) {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
    ++ended;
  });
  CHECK(ended == 2);
}

TEST_CASE("an exception of the caller's thread or of another arrives once, and the team works on") {
  const bool on_other = GENERATE(false, true);
  Team team(2);
  const auto caller = std::this_thread::get_id();
  for (int loop = 0; loop < 3; ++loop) {
    BothAtOnce both;
    std::atomic<int> running{0};
    CHECK_THROWS_AS(team.for_each(2,
                                  [&](Index) {
                                    ++running;
                                    both.wait();
                                    --running;
                                    if ((std::this_thread::get_id() != caller) == on_other) {
                                      throw std::out_of_range("here");
                                    }
                                  }),
                    std::out_of_range);
    CHECK(running == 0);
    std::atomic<int> done{0};
    CHECK_NOTHROW(team.for_each(50, [&](Index) { ++done; }));
    CHECK(done == 50);
  }
}

TEST_CASE("after an exception no further chunk starts") {
  for (const int threads : {1, 2}) {
    Team team(threads);
    std::atomic<int> started{0};
    CHECK_THROWS_AS(team.for_each(100'000,
                                  [&](Index) {
                                    ++started;
                                    throw std::runtime_error("at once");
                                  }),
                    std::runtime_error);
    CHECK(started <= threads);
  }
}

TEST_CASE("slices are whole blocks of sixteen, one behind the other, and cover everything once") {
  const int threads = GENERATE(1, 2);
  Team team(threads);
  for (const std::size_t n :
       {0UL, 1UL, 15UL, 16UL, 16'384UL, 32'767UL, 32'768UL, 32'769UL, 49'151UL, 49'152UL, 100'003UL, 5'000'001UL}) {
    CAPTURE(threads, n);
    const Slices slices(n, &team);
    const std::size_t most = threads == 1 ? 1 : 8;  // four a thread
    CHECK(static_cast<std::size_t>(slices.count) == (threads == 1 ? 1 : std::clamp(n / 16'384, std::size_t{1}, most)));
    CHECK(slices.begin(0) == 0);
    CHECK(slices.begin(slices.count) == n);
    for (Index slice = 0; slice < slices.count; ++slice) {
      CHECK(slices.begin(slice) % 16 == 0);
      CHECK(slices.begin(slice) <= slices.begin(slice + 1));
    }
    std::vector<std::pair<std::size_t, std::size_t>> seen(static_cast<std::size_t>(slices.count));
    slices.for_each([&](Index slice, std::size_t begin, std::size_t end) {
      seen[static_cast<std::size_t>(slice)] = {begin, end};
    });
    for (Index slice = 0; slice < slices.count; ++slice) {
      CHECK(seen[static_cast<std::size_t>(slice)] == std::pair(slices.begin(slice), slices.begin(slice + 1)));
    }
  }
  CHECK(Slices(1'000'000, nullptr).count == 1);
}

TEST_CASE("the parallel radix sort is std::stable_sort by the key") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  const auto n = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{20'000}, std::size_t{32'767}, std::size_t{32'768},
                          std::size_t{32'769}, std::size_t{150'000});
  Team one(1), two(2);
  for (const int bits : {1, 7, 11, 12, 22, 23, 32, 33, 64}) {
    for (const bool few : {false, true}) {
      CAPTURE(n, bits, few);
      const std::vector<Item> items = random_items(n, bits, few, rng);
      std::vector<Item> expected = items;
      std::stable_sort(expected.begin(), expected.end(), [](const Item& a, const Item& b) { return a.key < b.key; });
      for (Team* team : {static_cast<Team*>(nullptr), &one, &two}) {
        std::vector<Item> sorted = items, scratch(items.size());
        const auto result = boxlap::detail::radix_sort(
            std::span(sorted), std::span(scratch), bits, [](const Item& item) { return item.key; }, team);
        CHECK(std::equal(result.begin(), result.end(), expected.begin(), expected.end()));
      }
    }
  }
}
