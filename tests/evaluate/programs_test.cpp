// The evaluation programs as a user meets them: command line in, report, JSON, picture and exit code out.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/fixture.hpp"

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::WithinAbs;

std::string folder_of_programs() {
  const char* folder = std::getenv("BOXLAP_PROGRAMS");
  return folder == nullptr ? "" : folder;
}

bool programs_missing() {
  if (!folder_of_programs().empty()) {
    return false;
  }
  checks::skipped("BOXLAP_PROGRAMS is not set: the example programs are not run");
  return true;
}

/// A folder of its own that is gone after the test.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("boxlap_programs_" + std::to_string(getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }

  std::string write(const std::string& name, const std::string& content) const {
    const fs::path file = path_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file.string();
  }
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Run {
  int exit_code = -1;
  std::string out, err;

  /// The text of a field of the JSON object that was printed, up to the next comma or end of line.
  [[nodiscard]] std::string field(const std::string& name) const {
    const auto key = out.find("\"" + name + "\": ");
    REQUIRE(key != std::string::npos);
    const auto begin = key + name.size() + 4;
    return out.substr(begin, out.find_first_of(",\n", begin) - begin);
  }
  [[nodiscard]] double number(const std::string& name) const { return std::strtod(field(name).c_str(), nullptr); }
};

Run run(const Folder& folder, const std::string& program, const std::string& arguments) {
  const std::string out = folder / "stdout.txt", err = folder / "stderr.txt";
  const std::string command =
      "'" + folder_of_programs() + "/" + program + "' " + arguments + " >'" + out + "' 2>'" + err + "' </dev/null";
  const int status = std::system(command.c_str());
  Run result{WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(out), text_of(err)};
  UNSCOPED_INFO(command << "\n" << result.out << result.err);
  return result;
}

const std::string truth_text = "image_path,xmin,ymin,xmax,ymax,label\na,0,0,10,10,T\na,20,0,30,10,U\n";
const std::string predictions_text =
    "image_path,xmin,ymin,xmax,ymax,label,score\na,0,0,10,8,T,0.9\na,40,0,50,10,U,0.8\n";

}  // namespace

TEST_CASE("evaluate without arguments does the main job on a made scene", "[programs]") {
  if (programs_missing()) {
    return;
  }
  const Folder folder;
  const Run report = run(folder, "evaluate", "");
  CHECK(report.exit_code == 0);
  CHECK(report.err.empty());
  for (const char* part : {"5,000 truths, 10,000 predictions", "5,070 meet", "0.01014 %", "521 with IoU > 0.4",
                           "636.929437", "proved", "1.20 GB"}) {
    CAPTURE(part);
    CHECK(report.out.find(part) != std::string::npos);
  }
  const Run iou = run(folder, "evaluate", "--rule iou --json");
  CHECK(iou.field("matches") == "523");
  CHECK_THAT(iou.number("sum_iou"), WithinAbs(637.0839631109375, 1e-9));
  const Run gated = run(folder, "evaluate", "--rule gated --iou 0.5 --json");
  CHECK(gated.field("matches") == "313");
  const Run single = run(folder, "evaluate", "--float32 --json");
  CHECK(single.field("pairs") == "5070");
  CHECK(single.number("peak_heap_bytes") < 1.2e6);
  CHECK(run(folder, "evaluate", "--seed 7 --json").field("pairs") == "4859");
}

TEST_CASE("evaluate prints DeepForest's figures as JSON", "[programs]") {
  if (programs_missing() || fixture::missing()) {
    return;
  }
  const Folder folder;
  struct Case {
    std::string data;
    double recall, precision;
    std::string images, truths, predictions, matches;
  };
  for (const Case& c : {Case{"neon_trees", 0.8707899937408135, 0.7574471950285541, "6", "240", "281", "206"},
                        Case{"neon_trees_2019", 0.7213232553396488, 0.6908307210031347, "6", "240", "193", "130"},
                        Case{"multiclass_edge", 0.40540540540540543, 0.6122448979591837, "4", "39", "52", "30"}}) {
    const std::string path = fixture::folder() + "/" + c.data;
    const Run result =
        run(folder, "evaluate", "--json --truth '" + path + "/truth.csv' --predictions '" + path + "/predictions.csv'");
    CAPTURE(c.data, result.out);
    CHECK(result.exit_code == 0);
    CHECK(result.field("images") == c.images);
    CHECK(result.field("truths") == c.truths);
    CHECK(result.field("predictions") == c.predictions);
    CHECK(result.field("matches") == c.matches);
    CHECK_THAT(result.number("box_recall"), WithinAbs(c.recall, 1e-12));
    CHECK_THAT(result.number("box_precision"), WithinAbs(c.precision, 1e-12));
  }
  const std::string headline = fixture::folder() + "/headline_5000x10000";
  const Run result = run(folder, "evaluate",
                         "--json --truth " + headline + "/truth.csv --predictions " + headline + "/predictions.csv");
  CHECK(result.field("matches") == "521");
  CHECK_THAT(result.number("sum_iou"), WithinAbs(636.9294372550603, 1e-9));
}

TEST_CASE("evaluate reads what people write", "[programs]") {
  if (programs_missing()) {
    return;
  }
  const Folder folder;
  const std::string predictions = folder.write("p.csv", predictions_text);
  const auto with_truth = [&](const std::string& text) {
    return run(folder, "evaluate", "--json --truth " + folder.write("t.csv", text) + " --predictions " + predictions);
  };
  const Run plain = with_truth(truth_text);
  CHECK(plain.exit_code == 0);
  CHECK(plain.field("truths") == "2");
  CHECK(plain.field("matches") == "1");
  CHECK(plain.number("box_recall") == 0.5);
  CHECK(plain.number("sum_iou") == 0.8);
  CHECK(plain.out.find("\"label\": \"T\"") != std::string::npos);

  for (const std::string& same : {
           std::string("\xEF\xBB\xBFlabel,ymax,xmin,image_path,ymin,xmax\r\nT,10,0,a,0,10\r\n\r\nU,10,20,a,0,30"),
           std::string("\"image_path\",xmin,ymin,xmax,ymax,\"label\",note\na,0,0,10,10,\"T\",\"a, \"\"b\"\"\nc\"\n"
                       "\"a\", 20 ,+0,3e1,1.0e1,U,\n"),
       }) {
    const Run again = with_truth(same);
    CAPTURE(same, again.err);
    CHECK(again.exit_code == 0);
    CHECK(again.field("matches") == "1");
    CHECK(again.number("sum_iou") == 0.8);
    CHECK(again.number("box_recall") == 0.5);
  }
  const Run without_image = with_truth("xmin,ymin,xmax,ymax\n0,0,10,10\n20,0,30,10\n");
  CHECK(without_image.exit_code == 0);
  CHECK(without_image.field("images") == "1");
  CHECK(without_image.field("matches") == "1");

  const Run other_image = with_truth("image_path,xmin,ymin,xmax,ymax,label\nb,0,0,10,10,T\n");
  CHECK(other_image.field("box_recall") == "0.0");
  CHECK(other_image.field("box_precision") == "null");
  CHECK(other_image.field("class_recall") == "null");
  CHECK(other_image.field("images") == "2");

  const Run empty_image = with_truth("image_path,xmin,ymin,xmax,ymax,label\na,0,0,0,0,T\n");
  CHECK(empty_image.field("truths") == "0");
  CHECK(empty_image.field("box_recall") == "null");
  CHECK(empty_image.field("box_precision") == "0.0");
}

TEST_CASE("evaluate draws one image, whole or not at all", "[programs]") {
  if (programs_missing()) {
    return;
  }
  const Folder folder;
  const std::string truth = folder.write("t.csv", truth_text), predictions = folder.write("p.csv", predictions_text);
  const std::string files = "--truth " + truth + " --predictions " + predictions;
  CHECK(run(folder, "evaluate", files + " --svg " + (folder / "out.svg")).exit_code == 0);
  const std::string picture = text_of(folder / "out.svg");
  CHECK(picture.starts_with("<svg "));
  CHECK(picture.ends_with("</svg>\n"));
  for (const char* part : {"truth, found (1)", "truth, missed (1)", "false alarm (1)"}) {
    CHECK(picture.find(part) != std::string::npos);
  }
  CHECK(run(folder, "evaluate", files + " --svg " + (folder / "no/such/folder.svg")).exit_code == 2);
  CHECK(run(folder, "evaluate", files + " --image nobody --svg " + (folder / "b.svg")).exit_code == 2);
  CHECK(!fs::exists(folder / "b.svg"));
}

TEST_CASE("evaluate names the place of what is wrong and exits with 2", "[programs]") {
  if (programs_missing()) {
    return;
  }
  const Folder folder;
  const std::string truth = folder.write("t.csv", truth_text);
  const std::string header = "image_path,xmin,ymin,xmax,ymax,label,score\n", good = "a,0,0,10,10,T,1\n";
  struct Case {
    std::string text;
    std::vector<std::string> named;
  };
  const std::vector<Case> cases = {
      {"", {"p.csv:1:", "column names"}},
      {"image_path,xmin,ymin,xmax,label\n", {"p.csv:1:", "column ymax", "expected"}},
      {"xmin,xmin,ymin,xmax,ymax\n", {"p.csv:1:", "column xmin", "twice"}},
      {header + good + "a,0,zero,10,10,T,1\n", {"p.csv:3:", "column ymin", "expected a number", "'zero'"}},
      {header + good + "a,0,,10,10,T,1\n", {"p.csv:3:", "column ymin", "expected a number"}},
      {header + good + "a,0,+-5,10,10,T,1\n", {"p.csv:3:", "column ymin", "expected a number", "'+-5'"}},
      {header + good + "a,0,0,1 0,10,T,1\n", {"p.csv:3:", "column xmax", "expected a number"}},
      {header + "\n" + good + good + "a,nan,0,10,10,T,1\n", {"p.csv:5:", "column xmin", "row 2", "finite"}},
      {header + good + "a,0,0,inf,10,T,1\n", {"p.csv:3:", "column xmax", "row 1", "finite"}},
      {header + good + "a,0,0,+inf,10,T,1\n", {"p.csv:3:", "column xmax", "row 1", "finite"}},
      {header + good + "a,+NaN,0,10,10,T,1\n", {"p.csv:3:", "column xmin", "row 1", "finite"}},
      {header + good + "a,0,0,+-inf,10,T,1\n", {"p.csv:3:", "column xmax", "expected a number", "'+-inf'"}},
      {header + good + "a,20,0,10,10,T,1\n", {"p.csv:3:", "column xmax", "row 1", "at least xmin"}},
      {header + "a,0,20,10,10,T,1\n", {"p.csv:2:", "column ymax", "row 0", "at least ymin"}},
      {header + good + "a,0,0,10\n", {"p.csv:3:", "expected 7 cells, got 4"}},
      {header + good + "\"a\nb\",0,0,10,10,T,1\na,0,0,10,10,\"T,1\n", {"p.csv:5:", "never closed"}},
      {header + good + "\"a\"b,0,0,10,10,T,1\n", {"p.csv:3:", "comma after a closing double quote"}},
  };
  for (const Case& c : cases) {
    const std::string predictions = folder.write("p.csv", c.text);
    const Run result =
        run(folder, "evaluate",
            "--json --truth " + truth + " --predictions " + predictions + " --svg " + (folder / "x.svg"));
    CAPTURE(c.text, result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(!fs::exists(folder / "x.svg"));
    for (const std::string& part : c.named) {
      CAPTURE(part);
      CHECK(result.err.find(part) != std::string::npos);
    }
  }
  folder.write("p.csv", predictions_text);
  const std::string two_images = folder.write("two.csv", truth_text + "b,0,0,1,1,T\n");
  const std::string nameless = folder.write("nameless.csv", "xmin,ymin,xmax,ymax\n0,0,1,1\n");
  const Run ambiguous = run(folder, "evaluate", "--truth " + two_images + " --predictions " + nameless);
  CHECK(ambiguous.exit_code == 2);
  CHECK(ambiguous.err.find("nameless.csv:1: column image_path") != std::string::npos);
  for (const std::string& arguments :
       {"--truth " + truth, std::string("--rule best"), std::string("--iou 1.5"), std::string("--iou nan"),
        std::string("--unknown"), "--truth " + truth + " --predictions " + (folder / "absent.csv"),
        "--truth " + truth + " --predictions ."}) {
    const Run result = run(folder, "evaluate", arguments);
    CAPTURE(arguments, result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(!result.err.empty());
  }
  CHECK(run(folder, "evaluate", "--help").exit_code == 0);
}

TEST_CASE("evaluate reads polygons from a geometry column", "[programs]") {
  if (programs_missing()) {
    return;
  }
  const Folder folder;
  const std::string truth = folder.write("t.csv",
                                         "image_path,label,geometry\n"
                                         "a,T,\"POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))\"\n"
                                         "a,T,\"POLYGON ((20 0, 30 0, 20 10, 20 0))\"\n"
                                         "b,T,POLYGON EMPTY\n");
  const std::string predictions = folder.write("p.csv",
                                               "image_path,label,geometry\n"
                                               "a,T,\"POLYGON ((0 0, 10 0, 10 8, 0 8, 0 0))\"\n"
                                               "a,T,\"MULTIPOLYGON (((20 0, 30 0, 20 10, 20 0)))\"\n");
  const Run polygons =
      run(folder, "evaluate",
          "--json --truth " + truth + " --predictions " + predictions + " --svg " + (folder / "out.svg"));
  CHECK(polygons.exit_code == 0);
  CHECK(polygons.field("images") == "2");
  CHECK(polygons.field("truths") == "2");
  CHECK(polygons.field("matches") == "2");
  CHECK_THAT(polygons.number("sum_iou"), WithinAbs(1.8, 1e-12));
  CHECK(text_of(folder / "out.svg").find("evenodd") != std::string::npos);
  const std::string boxes = folder.write("b.csv", "image_path,xmin,ymin,xmax,ymax,label\na,20,0,30,10,T\n");
  const Run mixed = run(folder, "evaluate", "--json --truth " + truth + " --predictions " + boxes);
  CHECK_THAT(mixed.number("sum_iou"), WithinAbs(0.5, 1e-12));
  const std::string crossed =
      folder.write("x.csv", "image_path,geometry\na,\"POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))\"\n");
  const Run refused = run(folder, "evaluate", "--json --truth " + truth + " --predictions " + crossed);
  CHECK(refused.exit_code == 2);
  CHECK(refused.err.find("x.csv:2: column geometry: row 0") != std::string::npos);
}

TEST_CASE("coco_eval prints pycocotools' numbers", "[programs]") {
  if (programs_missing() || fixture::missing()) {
    return;
  }
  const Folder folder;
  const std::string data = fixture::folder() + "/coco_fake100";
  const std::string files = "--truth " + data + "/instances.json --detections " + data + "/detections.json";
  const Run table = run(folder, "coco_eval", files + " --plots " + (folder / "plots"));
  CHECK(table.exit_code == 0);
  CHECK(table.out.find(" Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.505\n") !=
        std::string::npos);
  CHECK(table.out.find(" Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = 0.564\n") !=
        std::string::npos);
  for (const char* plot : {"precision_recall.svg", "precision_recall_by_category.svg", "confusion.svg"}) {
    CHECK(text_of(folder / (std::string("plots/") + plot)).ends_with("</svg>\n"));
  }
  const auto stats = [](const Run& result) {
    std::vector<double> numbers;
    const char* at = result.out.c_str() + result.out.find('[') + 1;
    for (char* end = nullptr; numbers.size() < 12; at = end + 1) {
      numbers.push_back(std::strtod(at, &end));
    }
    return numbers;
  };
  const Run json = run(folder, "coco_eval", files + " --json");
  CHECK_THAT(stats(json)[0], WithinAbs(0.5045806987249628, 1e-12));
  CHECK_THAT(stats(json)[11], WithinAbs(0.5642905982905982, 1e-12));
  CHECK(json.out.find("\"name\": \"toothbrush\"") != std::string::npos);
  const Run agnostic = run(folder, "coco_eval", files + " --json --agnostic");
  CHECK_THAT(stats(agnostic)[0], WithinAbs(0.5952384471295459, 1e-12));
}

TEST_CASE("coco_eval names file, index and field of what is wrong", "[programs]") {
  if (programs_missing()) {
    return;
  }
  const Folder folder;
  const std::string truth = folder.write(
      "t.json",
      R"({"info": {"id": "x"}, "annotations": [{"id": 1, "image_id": 5, "category_id": 2, "bbox": [0, 0, 50, 50],
          "segmentation": [[1, 2, 3, 4]], "iscrowd": 0, "area": 2500}], "images": [{"id": 5, "file_name": "a.jpg"}],
          "categories": [{"id": 2, "name": "cat", "supercategory": "animal"}]})");
  const std::string good = R"({"image_id": 5, "category_id": 2, "bbox": [0, 0, 50, 49], "score": 0.5})";
  const auto with_detections = [&](const std::string& text) {
    return run(folder, "coco_eval", "--json --truth " + truth + " --detections " + folder.write("d.json", text));
  };
  const Run fine = with_detections("[" + good + "]");
  CHECK(fine.exit_code == 0);
  CHECK(fine.err.empty());
  const Run empty = with_detections("[]");
  CHECK(empty.exit_code == 0);
  CHECK(empty.out.find("nan") == std::string::npos);
  const Run unknown =
      with_detections("[" + good + R"(, {"image_id": 6, "category_id": 2, "bbox": [0, 0, 1, 1], "score": 1},
      {"image_id": 5, "category_id": 9, "bbox": [0, 0, 1, 1], "score": 1}])");
  CHECK(unknown.exit_code == 0);
  CHECK(unknown.err.find("1 detections on unknown images, the first at index 1, image_id 6") != std::string::npos);
  CHECK(unknown.err.find("1 detections of unknown categories, the first at index 2, category_id 9") !=
        std::string::npos);
  struct Case {
    std::string text;
    std::vector<std::string> named;
  };
  const std::vector<Case> cases = {
      {"[" + good + ", {\"image_id\": 5", {"d.json", "byte", "not JSON"}},
      {"", {"d.json", "not JSON"}},
      {"{}", {"d.json", "list"}},
      {"[" + good + R"(, {"image_id": 5, "category_id": 2, "score": 1}])", {"d.json: detection 1: field bbox"}},
      {"[" + good + ", 7]", {"d.json: detection 1: expected an object"}},
      {"[[" + good + "]]", {"d.json: detection 0: expected an object"}},
      {R"([{"image_id": 5, "category_id": 2, "bbox": [0, 0, 1], "score": 1}])",
       {"d.json: detection 0: field bbox", "4 numbers, got 3"}},
      {R"([{"image_id": 5, "category_id": 2, "bbox": [0, 0, -1, 1], "score": 1}])",
       {"d.json: detection 0: field bbox", "width"}},
      {R"([{"image_id": 5, "category_id": 2, "bbox": [0, 0, 1, 1]}])", {"d.json: detection 0: field score"}},
      {R"([{"image_id": 5, "category_id": 2, "bbox": [0, 0, 1, 1], "score": "high"}])",
       {"d.json: detection 0: field score", "number"}},
      {R"([{"image_id": 5.5, "category_id": 2, "bbox": [0, 0, 1, 1], "score": 1}])",
       {"d.json: detection 0: field image_id", "integer"}},
  };
  for (const Case& c : cases) {
    const Run result = with_detections(c.text);
    CAPTURE(c.text, result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    for (const std::string& part : c.named) {
      CAPTURE(part);
      CHECK(result.err.find(part) != std::string::npos);
    }
  }
  CHECK(run(folder, "coco_eval", "--truth " + truth).exit_code == 2);
  CHECK(run(folder, "coco_eval", "--truth " + truth + " --detections " + (folder / "absent.json")).exit_code == 2);
}

TEST_CASE("folder_eval wants boxes and names the column that has polygons", "[programs]") {
  if (programs_missing()) {
    return;
  }
  const Folder folder;
  folder.write("truth/a.csv", "xmin,ymin,xmax,ymax,label\n0,0,10,10,Tree\n");
  folder.write("found/a.csv", "geometry,label\n\"POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))\",Tree\n");
  const std::string arguments = "--truth " + (folder / "truth") + " --predictions ";
  CHECK(run(folder, "folder_eval", arguments + (folder / "truth")).exit_code == 0);
  const Run refused = run(folder, "folder_eval", arguments + (folder / "found"));
  CAPTURE(refused.err);
  CHECK(refused.exit_code == 2);
  CHECK(refused.err.find("found/a.csv:1: column geometry: expected boxes in columns xmin") != std::string::npos);
}

TEST_CASE("dota_eval gives the devkit's mAP and names what is wrong", "[programs]") {
  if (programs_missing()) {
    return;
  }
  const Folder folder;
  if (!fixture::missing()) {
    const std::string data = fixture::folder() + "/dota_sample";
    const std::string files = "--json --truth " + data + "/labelTxt --detections " + data + "/Task1";
    const auto mean = [&](const std::string& options) {
      return run(folder, "dota_eval", files + options).number("mAP");
    };
    CHECK_THAT(mean(""), WithinAbs(0.5902360501574916, 1e-12));
    CHECK_THAT(mean(" --ap all"), WithinAbs(0.5861730806552191, 1e-12));
    CHECK_THAT(mean(" --iou 0.75"), WithinAbs(0.4403357066680736, 1e-12));
    CHECK_THAT(mean(" --iou 0.75 --ap all"), WithinAbs(0.417361290913998, 1e-12));
    CHECK_THAT(mean(" --task 2"), WithinAbs(0.6255445189833876, 1e-12));
    CHECK_THAT(mean(" --task 2 --ap all"), WithinAbs(0.6313558594672469, 1e-12));
    CHECK_THAT(mean(" --task 2 --iou 0.75"), WithinAbs(0.46226025675429255, 1e-12));
    CHECK_THAT(mean(" --task 2 --iou 0.75 --ap all"), WithinAbs(0.4429250108945331, 1e-12));
    const fixture::Table table = fixture::read("dota_sample/expected_ap.csv");
    for (std::size_t row = 0; row < table.size(); ++row) {
      for (const auto& [rule, column] :
           {std::pair<std::string, std::string>{"11", "ap_11_point"}, {"all", "ap_all_point"}}) {
        const Run result = run(
            folder, "dota_eval",
            files + " --task " + table.text(row, "task") + " --iou " + table.text(row, "iou_thr") + " --ap " + rule);
        CAPTURE(table.text(row, "class"), rule);
        CHECK_THAT(result.number(table.text(row, "class")), WithinAbs(table.number(row, column), 1e-12));
      }
    }
  }
  folder.write("truth/a.txt", "imagesource:GoogleEarth\ngsd:0.1\n0 0 10 0 10 10 0 10 ship 0\n0 0 9 9 9 0 0 9 ship 0\n");
  const std::string arguments = "--json --truth " + (folder / "truth") + " --detections " + (folder / "found");
  folder.write("found/Task1_ship.txt", "a 0.9 0 0 10 0 10 10 0 10\nelsewhere 0.9 0 0 10 0 10 10 0 10\n");
  const Run result = run(folder, "dota_eval", arguments);
  CHECK(result.exit_code == 0);
  CHECK(result.number("ship") > 0.5);
  CHECK(result.err.find("1 detections on unknown images") != std::string::npos);
  CHECK(result.err.find("1 quadrilaterals cross themselves") != std::string::npos);
  for (const auto& [text, named] :
       {std::pair<std::string, std::string>{"a 0.9 0 0 10 0 10 10 0\n", "Task1_ship.txt:1: "},
        {"\na 0.9 0 0 10 0 10 ten 0 10\n", "Task1_ship.txt:2: field 8 (y3)"},
        {"a nan 0 0 10 0 10 10 0 10\n", "Task1_ship.txt:1: field 2 (score)"}}) {
    folder.write("found/Task1_ship.txt", text);
    const Run refused = run(folder, "dota_eval", arguments);
    CAPTURE(text, refused.err);
    CHECK(refused.exit_code == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.find(named) != std::string::npos);
  }
  CHECK(run(folder, "dota_eval", "--truth " + (folder / "truth") + " --detections " + (folder / "no")).exit_code == 2);
}
