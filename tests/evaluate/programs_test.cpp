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
  WARN("BOXLAP_PROGRAMS is not set: the example programs were not run");
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
      {header + good + "a,0,0,1 0,10,T,1\n", {"p.csv:3:", "column xmax", "expected a number"}},
      {header + "\n" + good + good + "a,nan,0,10,10,T,1\n", {"p.csv:5:", "column xmin", "row 2", "finite"}},
      {header + good + "a,0,0,inf,10,T,1\n", {"p.csv:3:", "column xmax", "row 1", "finite"}},
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
