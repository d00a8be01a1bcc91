/// merge_boxes against the answers of SAHI 0.12.8 and supervision 0.31.2.
#include <boxlap/nms/merge.hpp>

#include <map>

#include "../catch.hpp"
#include "../support/fixture.hpp"

using namespace boxlap;

namespace {

struct Scene {
  std::vector<Box<float>> boxes;
  std::vector<float> scores;
  std::vector<int> labels;
};

std::map<std::string, Scene> read_scenes() {
  std::map<std::string, Scene> scenes;
  const fixture::Table table = fixture::read("merge_nmm/scenes.csv");
  for (std::size_t i = 0; i < table.size(); ++i) {
    Scene& scene = scenes[table.text(i, "scene")];
    scene.boxes.push_back({float(table.number(i, "x1")), float(table.number(i, "y1")), float(table.number(i, "x2")),
                           float(table.number(i, "y2"))});
    scene.scores.push_back(float(table.number(i, "score")));
    scene.labels.push_back(int(table.number(i, "label")));
  }
  return scenes;
}

std::string question(const fixture::Table& table, std::size_t row) {
  std::string key;
  for (const char* column : {"scene", "peer", "method", "metric", "threshold", "class_agnostic"}) {
    key += table.text(row, column) + " ";
  }
  return key;
}

bool has_ties(std::vector<float> scores) {
  std::sort(scores.begin(), scores.end());
  return std::adjacent_find(scores.begin(), scores.end()) != scores.end();
}

struct Object {
  std::vector<Index> rows;
  Box<float> box;
  float score;
};

std::vector<Object> merged_as(const Scene& scene, bool agnostic, const MergeOptions& options, bool by_iou) {
  const auto objects = [&](auto measure) {
    const auto merged = agnostic ? merge_boxes(scene.boxes, scene.scores, options, measure)
                                 : batched_merge_boxes(scene.boxes, scene.scores, scene.labels, options, measure);
    std::vector<Object> list;
    for (std::size_t k = 0; k < merged.boxes.size(); ++k) {
      list.push_back({{merged.members.begin() + merged.offsets[k], merged.members.begin() + merged.offsets[k + 1]},
                      merged.boxes[k],
                      merged.scores[k]});
    }
    return list;
  };
  return by_iou ? objects(Iou{}) : objects(Ios{});
}

}  // namespace

TEST_CASE("merge_boxes gives the groups, members and boxes of SAHI and supervision", "[nms][peers]") {
  if (fixture::missing()) {
    return;
  }
  const auto scenes = read_scenes();
  const fixture::Table boxes = fixture::read("merge_nmm/expected_boxes.csv");
  std::map<std::string, std::map<std::size_t, std::size_t>> box_rows;  // by question, then by group
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    box_rows[question(boxes, i)][std::size_t(boxes.number(i, "i"))] = i;
  }
  const fixture::Table groups = fixture::read("merge_nmm/expected_groups.csv");
  std::size_t compared = 0, boxes_compared = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string& method = groups.text(i, "method");
    const Scene& scene = scenes.at(groups.text(i, "scene"));
    const bool supervision = groups.text(i, "peer") == "supervision";
    if (method == "NMS" || (supervision && has_ties(scene.scores))) {
      continue;  // nms; supervision leaves ties open
    }
    MergeOptions options;
    options.threshold = groups.number(i, "threshold");
    options.rule = supervision       ? MergeRule::supervision
                   : method == "NMM" ? MergeRule::sahi_nmm
                                     : MergeRule::sahi_greedy;
    CAPTURE(question(groups, i));
    const auto objects =
        merged_as(scene, groups.text(i, "class_agnostic") == "1", options, groups.text(i, "metric") == "IOU");
    std::vector<std::vector<Index>> expected, found;
    for (const std::string& group : fixture::split(groups.text(i, "groups"), ';')) {
      expected.push_back(fixture::rows_in(group));
    }
    for (const Object& object : objects) {
      found.push_back(object.rows);
    }
    CHECK(found == expected);
    ++compared;
    for (const auto& [k, row] : box_rows[question(groups, i)]) {
      const Box<float> box{float(boxes.number(row, "x1")), float(boxes.number(row, "y1")),
                           float(boxes.number(row, "x2")), float(boxes.number(row, "y2"))};
      CAPTURE(k);
      CHECK(objects.at(k).box == box);
      CHECK(std::abs(double(objects[k].score) - boxes.number(row, "score")) <= 1e-6);
      ++boxes_compared;
    }
  }
  CHECK(compared > 200);
  CHECK(boxes_compared > 3000);
}
