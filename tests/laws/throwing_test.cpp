// A user's shape that throws, on whatever thread: the exception reaches the caller, and the next call is right.
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/match/anchors.hpp>
#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>

#include <functional>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"

namespace user {

struct Broken {};  // what is thrown: of no standard type

enum class Throws { never, bounds, area, overlap };

/// A box that throws where it is asked for what `throws` says.
struct Fragile {
  boxlap::Box<float> box;
  Throws throws = Throws::never;
};

inline void ask(const Fragile& f, Throws what) {
  if (f.throws == what) {
    throw Broken{};
  }
}
inline boxlap::Box<float> bounds(const Fragile& f) {
  ask(f, Throws::bounds);
  return f.box;
}
inline float area(const Fragile& f) {
  ask(f, Throws::area);
  return area(f.box);
}
inline float intersection_area(const Fragile& a, const Fragile& b) {
  ask(a, Throws::overlap);
  ask(b, Throws::overlap);
  return intersection_area(a.box, b.box);
}

}  // namespace user

namespace {

using namespace boxlap;
using user::Fragile;
using user::Throws;

constexpr int n = 40'000;  // enough for several slices

struct Scene {
  std::vector<Fragile> a, b;
  std::vector<float> scores;
  std::vector<int> labels;
};

Scene make_scene() {
  scenes::Rng rng(11);
  Scene scene;
  for (const auto& box : scenes::uniform<float>(n, 9'000, 50, rng)) {
    scene.a.push_back({box});
  }
  for (const auto& box : scenes::uniform<float>(n, 9'000, 50, rng)) {
    scene.b.push_back({box});
  }
  scene.b[100].box = scene.a[100].box;  // rows that the tests break meet each other
  scene.b[n - 3].box = scene.a[n - 3].box;
  scene.a[103].box = scene.a[100].box;  // of the same label, too
  scene.a[n - 6].box = scene.a[n - 3].box;
  scene.scores = scenes::scores(n, rng);
  for (int i = 0; i < n; ++i) {
    scene.labels.push_back(i % 3);
  }
  return scene;
}

/// A call of each kind and the number of things it found.
struct Call {
  std::string name;
  bool asks_areas;
  std::function<std::size_t(const Scene&, int threads)> run;
};

const std::vector<Call>& calls() {
  static const std::vector<Call> all{
      {"for_each_pair", false,
       [](const Scene& s, int threads) {
         std::size_t count = 0;
         for_each_pair(s.a, s.b, [&](Index, Index) { ++count; }, {.threads = threads});
         return count;
       }},
      {"pairs", false, [](const Scene& s, int threads) { return pairs(s.a, s.b, {.threads = threads}).size(); }},
      {"pairs of one set", false, [](const Scene& s, int threads) { return pairs(s.a, {.threads = threads}).size(); }},
      {"iou_matrix", true,
       [](const Scene& s, int threads) { return iou_matrix(s.a, s.b, {.threads = threads}).values.size(); }},
      {"iou_matrix of one set", true,
       [](const Scene& s, int threads) { return iou_matrix(s.a, {.threads = threads}).values.size(); }},
      {"intersection_matrix", false,
       [](const Scene& s, int threads) { return intersection_matrix(s.a, s.b, {.threads = threads}).values.size(); }},
      {"nms", true,
       [](const Scene& s, int threads) {
         return nms(s.a, s.scores, NmsOptions{.iou_threshold = 0.1, .threads = threads}).size();
       }},
      {"batched_nms", true,
       [](const Scene& s, int threads) {
         return batched_nms(s.a, s.scores, s.labels, NmsOptions{.iou_threshold = 0.1, .threads = threads}).size();
       }},
      {"match_anchors", true,
       [](const Scene& s, int threads) {
         return match_anchors(s.a, s.b, {.threads = threads}).unreached_truths.size();
       }},
      {"match_anchors_ssd", true,
       [](const Scene& s, int threads) {
         return match_anchors_ssd(s.a, s.b, {.threads = threads}).unreached_truths.size();
       }},
      {"match_anchors_max_iou", true,
       [](const Scene& s, int threads) {
         return match_anchors_max_iou(s.a, s.b, MaxIouOptions{.threads = threads}).unreached_truths.size();
       }},
      {"score_image", true,
       [](const Scene& s, int threads) {
         return std::size_t(score_image(s.a, s.b, s.labels, s.labels, {.threads = threads}).matches);
       }},
  };
  return all;
}

}  // namespace

TEST_CASE("what a shape throws on any thread reaches the caller", "[threads]") {
  Scene scene = make_scene();
  for (const Call& call : calls()) {
    const std::size_t found = call.run(scene, 1);
    REQUIRE(found > 0);
    for (const std::size_t row : {std::size_t{100}, std::size_t{n - 3}}) {
      for (const Throws what : {Throws::bounds, Throws::area, Throws::overlap}) {
        if (what == Throws::area && !call.asks_areas) {
          continue;
        }
        scene.a[row].throws = scene.b[row].throws = what;
        for (const int threads : {1, 2, 5}) {
          CAPTURE(call.name, row, int(what), threads);
          CHECK_THROWS_AS(call.run(scene, threads), user::Broken);
        }
        scene.a[row].throws = scene.b[row].throws = Throws::never;
      }
    }
    for (const int threads : {1, 2, 5}) {
      CAPTURE(call.name, threads);
      CHECK(call.run(scene, threads) == found);
    }
  }
}

TEST_CASE("what a view throws on any thread reaches the caller", "[threads]") {
  scenes::Rng rng(12);
  const auto boxes = scenes::uniform<float>(n, 9'000, 50, rng), others = scenes::uniform<float>(n, 9'000, 50, rng);
  const auto scores = scenes::scores(n, rng);
  for (const Index bad : {Index{7}, Index{n - 1}}) {
    const auto broken = view(boxes.size(), [&](Index i) {
      if (i == bad) {
        throw user::Broken{};
      }
      return boxes[std::size_t(i)];
    });
    for (const int threads : {1, 2, 5}) {
      CAPTURE(bad, threads);
      CHECK_THROWS_AS(pairs(broken, others, {.threads = threads}), user::Broken);
      CHECK_THROWS_AS(pairs(others, broken, {.threads = threads}), user::Broken);
      CHECK_THROWS_AS(pairs(broken, {.threads = threads}), user::Broken);
      CHECK_THROWS_AS(iou_matrix(broken, others, {.threads = threads}), user::Broken);
      CHECK_THROWS_AS(iou_matrix(others, broken, {.threads = threads}), user::Broken);
      CHECK_THROWS_AS(iou_matrix(broken, {.threads = threads}), user::Broken);
      CHECK_THROWS_AS(nms(broken, scores, NmsOptions{.threads = threads}), user::Broken);
      CHECK_THROWS_AS(match_anchors(broken, others, {.threads = threads}), user::Broken);
      CHECK_THROWS_AS(match_anchors(others, broken, {.threads = threads}), user::Broken);
    }
  }
}

TEST_CASE("what a visitor throws reaches the caller", "[threads]") {
  scenes::Rng rng(13);
  const auto boxes = scenes::uniform<float>(n, 9'000, 50, rng), others = scenes::uniform<float>(n, 9'000, 50, rng);
  for (const int threads : {1, 2, 5}) {
    int visits = 0;
    CHECK_THROWS_AS(for_each_pair(boxes, others,
                                  [&](Index, Index) {
                                    if (++visits == 1'000) {
                                      throw user::Broken{};
                                    }
                                  },
                                  {.threads = threads}),
                    user::Broken);
    CHECK(visits == 1'000);
  }
}
