// How long non-maximum suppression takes beside the loop that everyone has.
//
//   benchmark_nms [--seed 42] [--repetitions 5] [--scenes small,uniform,...] [--peer COMMAND]
//
// In this binary: boxlap and a plain C++ rewrite of torchvision's CPU loop (and, with 80 labels, of its two batched
// forms), which take turns once a repetition; medians, half the spread between the quartiles, and the median of the
// ratios of each repetition (the clock of a machine moves between them). Kept rows must agree. Float boxes, IoU 0.5,
// one thread unless named otherwise, a fresh scene a repetition. A peer is a command that gets a file (int64 n, then n
// rows of float x1 y1 x2 y2 score label) and prints its times:
//
//   --peer "python3 benchmarks/nms_peers.py"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/nms/soft.hpp>

using namespace boxlap;

namespace {

struct Detections {
  std::vector<Box<float>> boxes;
  std::vector<float> scores;
  std::vector<int> labels;
};

using Rng = std::mt19937_64;
using Make = std::function<Detections(Rng&)>;

void add(Detections& d, double x, double y, double w, double h, Rng& rng) {
  std::uniform_real_distribution<float> score(0, 1);
  d.boxes.push_back({float(x), float(y), float(x + w), float(y + h)});
  d.scores.push_back(score(rng));
  d.labels.push_back(int(rng() % 80));
}

/// Boxes of 25 to 75 px anywhere.
Make uniform(int n, double extent) {
  return [=](Rng& rng) {
    std::uniform_real_distribution<double> at(0, extent), side(25, 75);
    Detections d;
    for (int i = 0; i < n; ++i) {
      add(d, at(rng), at(rng), side(rng), side(rng), rng);
    }
    return d;
  };
}

/// Objects of 30 to 80 px, 50 copies of each whose corners are off by 10 % of the sides.
Make clustered(int n, double extent) {
  return [=](Rng& rng) {
    std::uniform_real_distribution<double> at(0, extent), side(30, 80);
    std::normal_distribution<double> off(0, 0.1);
    Detections d;
    while (int(d.boxes.size()) < n) {
      const double x = at(rng), y = at(rng), w = side(rng), h = side(rng);
      for (int k = 0; k < 50 && int(d.boxes.size()) < n; ++k) {
        const double x1 = x + w * off(rng), y1 = y + h * off(rng);
        const double x2 = x + w + w * off(rng), y2 = y + h + h * off(rng);
        add(d, x1, y1, std::max(1.0, x2 - x1), std::max(1.0, y2 - y1), rng);
      }
    }
    return d;
  };
}

Make identical(int n) {
  return [=](Rng& rng) {
    Detections d;
    for (int i = 0; i < n; ++i) {
      add(d, 10, 20, 50, 40, rng);
    }
    return d;
  };
}

Make without_area(int n) {
  return [=](Rng& rng) {
    Detections d;
    for (int i = 0; i < n; ++i) {
      add(d, double(i), 20, 0, 40, rng);
    }
    return d;
  };
}

/// Boxes of 30 to 60 px, all around one place.
Make one_cell(int n) {
  return [=](Rng& rng) {
    std::uniform_real_distribution<double> u(0, 1);
    Detections d;
    for (int i = 0; i < n; ++i) {
      const double w = 30 + 30 * u(rng), h = 30 + 30 * u(rng);
      add(d, 500 + 30 * u(rng), 500 + 30 * u(rng), w, h, rng);
    }
    return d;
  };
}

/// Slivers of one height side by side, each over its neighbours by just under an IoU of 0.5: all are kept, in one cell.
Make slivers(int n) {
  return [=](Rng& rng) {
    const double step = 50.0 / n;
    Detections d;
    for (int i = 0; i < n; ++i) {
      add(d, step * i, 20, 2.9 * step, 60, rng);
    }
    return d;
  };
}

template <class P>
std::vector<int> best_first(const P& scores) {
  std::vector<int> order(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = int(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return scores[std::size_t(a)] > scores[std::size_t(b)]; });
  return order;
}

/// torchvision's nms_kernel_impl, in the same steps.
std::vector<int> plain(const std::vector<Box<float>>& boxes, const std::vector<float>& scores, double threshold) {
  const std::size_t n = boxes.size();
  const std::vector<int> order = best_first(scores);
  std::vector<float> areas(n);
  for (std::size_t i = 0; i < n; ++i) {
    areas[i] = (boxes[i].x2 - boxes[i].x1) * (boxes[i].y2 - boxes[i].y1);
  }
  std::vector<unsigned char> suppressed(n);
  std::vector<int> kept;
  for (std::size_t a = 0; a < n; ++a) {
    const auto i = std::size_t(order[a]);
    if (suppressed[i] == 1) {
      continue;
    }
    kept.push_back(int(i));
    const Box<float> b = boxes[i];
    const float area = areas[i];
    for (std::size_t c = a + 1; c < n; ++c) {
      const auto j = std::size_t(order[c]);
      if (suppressed[j] == 1) {
        continue;
      }
      const float w = std::max(0.0F, std::min(b.x2, boxes[j].x2) - std::max(b.x1, boxes[j].x1));
      const float h = std::max(0.0F, std::min(b.y2, boxes[j].y2) - std::max(b.y1, boxes[j].y1));
      const float shared = w * h;
      if (shared / (area + areas[j] - shared) > threshold) {
        suppressed[j] = 1;
      }
    }
  }
  return kept;
}

/// torchvision's _batched_nms_vanilla: a mask over all rows for each label, nms of what it selects, a sort at the end.
std::vector<int> plain_vanilla(const Detections& d, double threshold) {
  std::vector<int> labels = d.labels;
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  std::vector<unsigned char> stays(d.boxes.size());
  for (const int label : labels) {
    std::vector<int> rows;
    std::vector<Box<float>> boxes;
    std::vector<float> scores;
    for (std::size_t i = 0; i < d.labels.size(); ++i) {
      if (d.labels[i] == label) {
        rows.push_back(int(i));
        boxes.push_back(d.boxes[i]);
        scores.push_back(d.scores[i]);
      }
    }
    for (const int k : plain(boxes, scores, threshold)) {
      stays[std::size_t(rows[std::size_t(k)])] = 1;
    }
  }
  std::vector<int> kept;
  for (const int row : best_first(d.scores)) {
    if (stays[std::size_t(row)] != 0) {
      kept.push_back(row);
    }
  }
  return kept;
}

/// torchvision's _batched_nms_coordinate_trick.
std::vector<int> plain_trick(const Detections& d, double threshold) {
  float largest = 0;
  for (const Box<float>& b : d.boxes) {
    largest = std::max({largest, b.x1, b.y1, b.x2, b.y2});
  }
  std::vector<Box<float>> moved = d.boxes;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const float offset = float(d.labels[i]) * (largest + 1);
    moved[i] = {moved[i].x1 + offset, moved[i].y1 + offset, moved[i].x2 + offset, moved[i].y2 + offset};
  }
  return plain(moved, d.scores, threshold);
}

/// Masked brute force: all kept boxes, 16 at a time, for each candidate.
std::vector<int> masked_brute_force(const Detections& d, double threshold) {
  constexpr int lanes = 16;
  struct Block {
    float x1[lanes], y1[lanes], x2[lanes], y2[lanes], area[lanes];
  };
  std::vector<Block> blocks;
  std::vector<int> kept;
  for (const int row : best_first(d.scores)) {
    const Box<float> b = d.boxes[std::size_t(row)];
    const float own = (b.x2 - b.x1) * (b.y2 - b.y1);
    bool gone = false;
    for (const Block& k : blocks) {
      unsigned any = 0;
      for (int l = 0; l < lanes; ++l) {
        const float w = std::max(0.0F, std::min(b.x2, k.x2[l]) - std::max(b.x1, k.x1[l]));
        const float h = std::max(0.0F, std::min(b.y2, k.y2[l]) - std::max(b.y1, k.y1[l]));
        const float shared = w * h;
        any |= unsigned(shared > float(threshold) * (own + k.area[l] - shared));
      }
      if (any != 0) {
        gone = true;
        break;
      }
    }
    if (!gone) {
      if (kept.size() % lanes == 0) {
        blocks.push_back({});
        std::fill_n(blocks.back().x1, lanes, 1e30F);
      }
      const std::size_t l = kept.size() % lanes;
      Block& k = blocks.back();
      k.x1[l] = b.x1, k.y1[l] = b.y1, k.x2[l] = b.x2, k.y2[l] = b.y2, k.area[l] = own;
      kept.push_back(row);
    }
  }
  return kept;
}

using Run = std::function<std::vector<int>(const Detections&)>;

double milliseconds(const Run& run, const std::vector<Detections>& inputs, std::vector<int>& kept) {
  const auto start = std::chrono::steady_clock::now();
  for (const Detections& input : inputs) {
    kept = run(input);
  }
  const auto stop = std::chrono::steady_clock::now();
  return std::chrono::duration<double, std::milli>(stop - start).count() / double(inputs.size());
}

struct Times {
  std::vector<double> all;
  [[nodiscard]] double at(double share) {
    std::sort(all.begin(), all.end());
    return all[std::size_t(share * double(all.size() - 1))];
  }
};

void ask_peer(const std::string& command, const Detections& d) {
  const std::string path = (std::filesystem::temp_directory_path() / "benchmark_nms.bin").string();
  std::ofstream file(path, std::ios::binary);
  const auto n = static_cast<std::int64_t>(d.boxes.size());
  file.write(reinterpret_cast<const char*>(&n), sizeof n);
  for (std::size_t i = 0; i < d.boxes.size(); ++i) {
    const float row[] = {d.boxes[i].x1, d.boxes[i].y1, d.boxes[i].x2, d.boxes[i].y2, d.scores[i], float(d.labels[i])};
    file.write(reinterpret_cast<const char*>(row), sizeof row);
  }
  file.close();
  std::fflush(stdout);
  if (std::system((command + " " + path).c_str()) != 0) {
    std::printf("  (the peer failed)\n");
  }
  std::remove(path.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seed = 42;
  int repetitions = 5;
  std::string scenes = "small,uniform,clustered,crowded,batched,million,worst,soft", peer;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--repetitions") repetitions = std::max(1, std::atoi(argv[i + 1]));
    if (name == "--scenes") scenes = argv[i + 1];
    if (name == "--peer") peer = argv[i + 1];
  }
  const auto wanted = [&](const std::string& name) { return scenes.find(name) != std::string::npos; };
  Rng rng(seed);
  std::printf("seed %llu, %d repetitions, milliseconds\n", static_cast<unsigned long long>(seed), repetitions);
  std::printf("| %-32s | %10s | %7s | %10s | %8s | %7s |\n", "scene", "boxlap", "+-", "peer", "ratio", "kept");
  std::printf("|---|---|---|---|---|---|\n");

  // `together` scenes are timed as one, so that a call of a microsecond can be.
  const auto compare = [&](const std::string& name, const Make& make, const Run& ours, const Run& theirs,
                           int together = 1, bool same = true) {
    Times a, b, ratios;
    std::size_t count = 0;
    Detections last;
    for (int r = 0; r < repetitions; ++r) {
      std::vector<Detections> inputs;
      for (int k = 0; k < together; ++k) {
        inputs.push_back(make(rng));
      }
      std::vector<int> kept, peer_kept;
      a.all.push_back(milliseconds(ours, inputs, kept));
      if (theirs) {
        b.all.push_back(milliseconds(theirs, inputs, peer_kept));
        ratios.all.push_back(b.all.back() / a.all.back());
        if (same && kept != peer_kept) {
          std::printf("%s: kept rows differ\n", name.c_str());
        }
      }
      count = kept.size();
      last = std::move(inputs.back());
    }
    std::printf("| %-32s | %10.4f | %7.4f | ", name.c_str(), a.at(0.5), (a.at(0.75) - a.at(0.25)) / 2);
    if (theirs) {
      std::printf("%10.4f | %8.2f | %7zu |\n", b.at(0.5), ratios.at(0.5), count);
    } else {
      std::printf("%10s | %8s | %7zu |\n", "", "", count);
    }
    std::fflush(stdout);
    if (!peer.empty()) {
      ask_peer(peer, last);
    }
  };
  const Run ours = [](const Detections& d) { return nms(d.boxes, d.scores, 0.5); };
  const Run two_threads = [](const Detections& d) { return nms(d.boxes, d.scores, {.threads = 2}); };
  const Run loop = [](const Detections& d) { return plain(d.boxes, d.scores, 0.5); };
  const Run batched = [](const Detections& d) { return batched_nms(d.boxes, d.scores, d.labels, 0.5); };

  if (wanted("small")) {
    for (const int n : {30, 64, 100, 300, 1000}) {
      const int together = 60'000 / n;
      const std::string at = " " + std::to_string(n);
      compare("uniform" + at, uniform(n, 10'000), ours, loop, together);
      compare("clustered" + at, clustered(n, 10'000), ours, loop, together);
      compare("identical" + at, identical(n), ours, loop, together);
      compare("one crowded cell" + at, one_cell(n), ours, loop, together);
      compare("no area" + at, without_area(n), ours, loop, together);
    }
  }
  for (const int n : {10'000, 100'000}) {
    const std::string at = " " + std::to_string(n);
    if (wanted("uniform")) compare("uniform" + at, uniform(n, 10'000), ours, loop);
    if (wanted("clustered")) compare("clustered" + at, clustered(n, 10'000), ours, loop);
    if (wanted("batched")) {
      const Run vanilla = [](const Detections& d) { return plain_vanilla(d, 0.5); };
      const Run trick = [](const Detections& d) { return plain_trick(d, 0.5); };
      compare("80 labels, uniform" + at + ", loop", uniform(n, 10'000), batched, vanilla);
      compare("80 labels, clustered" + at + ", loop", clustered(n, 10'000), batched, vanilla);
      if (n <= 10'000) {  // the trick's loop takes minutes above
        compare("80 labels, uniform" + at + ", trick", uniform(n, 10'000), batched, trick, 1, false);
        compare("80 labels, clustered" + at + ", trick", clustered(n, 10'000), batched, trick, 1, false);
      }
    }
  }
  if (wanted("crowded")) compare("crowded 20000 in 500 px", uniform(20'000, 500), ours, loop);
  if (wanted("million")) {
    compare("uniform 1000000 in 10,000 px", uniform(1'000'000, 10'000), ours, {});
    compare("uniform 1000000 in 31,623 px", uniform(1'000'000, 31'623), ours, {});
    compare("2 threads against 1, 10,000 px", uniform(1'000'000, 10'000), two_threads, ours);
    compare("2 threads against 1, 31,623 px", uniform(1'000'000, 31'623), two_threads, ours);
  }
  if (wanted("worst")) {
    const Run masked = [](const Detections& d) { return masked_brute_force(d, 0.5); };
    compare("identical 100000", identical(100'000), ours, loop);
    compare("one cell 100000, masked brute", one_cell(100'000), ours, masked, 1, false);
    compare("slivers 100000, masked brute", slivers(100'000), ours, masked, 1, false);
  }
  if (wanted("soft")) {
    const Run soft = [](const Detections& d) { return soft_nms(d.boxes, d.scores).keep; };
    compare("soft, gaussian, clustered 100000", clustered(100'000, 10'000), soft, {});
  }
}
