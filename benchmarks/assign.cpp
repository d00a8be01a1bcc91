// How long an optimal matching takes, and how much memory, beside the ways people do it now.
//
//   benchmark_assign [--seed 42] [--repetitions 5] [--scenes uniform,eval,...] [--peer "NAME=COMMAND"]...
//
// In this binary: boxlap::assign (a fresh one each call) and a plain dense Hungarian on the full array. A peer is a
// program that is given a file of matrices and prints seconds, peak bytes and total:
//
//   --peer "LEMON=./benchmark_assign_lemon" --peer "scipy=python3 benchmarks/assign_scipy.py"
//
// All take turns, once a repetition. Times leave out building the pairs, the matrix and the graph. Memory is what
// solving needs on top of its input: heap bytes here, growth of the resident set in peers; the dense array counts as
// input.
#include <boxlap/match/assign.hpp>
#include <boxlap/pairs/overlaps.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "../examples/support/heap.hpp"

using namespace boxlap;

namespace {

using Clock = std::chrono::steady_clock;
using Boxes = std::vector<Box<float>>;
using Matrix = Csr<double>;
using Rng = std::mt19937_64;

struct Scene {
  std::string name;
  std::vector<Matrix> matrices;
  bool dense = false;                             // small enough for the full array
  std::vector<std::pair<Boxes, Boxes>> frames{};  // what the matrices were made of, where that is timed too
};

Boxes squares(int n, float extent, float side, Rng& rng) {
  std::uniform_real_distribution<float> at(0, extent);
  Boxes boxes;
  for (int i = 0; i < n; ++i) {
    const float x = at(rng), y = at(rng);
    boxes.push_back({x, y, x + side, y + side});
  }
  return boxes;
}

Box<float> jittered(const Box<float>& b, float sigma, Rng& rng) {
  std::normal_distribution<float> off(0, sigma);
  return {b.x1 + off(rng), b.y1 + off(rng), b.x2 + off(rng), b.y2 + off(rng)};
}

Matrix overlaps(const Boxes& truths, const Boxes& predictions) {
  const Csr<float> iou = iou_matrix(truths, predictions);
  return {iou.rows, iou.cols, iou.row_offsets, iou.col_indices, {iou.values.begin(), iou.values.end()}};
}

/// Nine of ten truths found with jitter, false alarms up to twice as many boxes, in random order.
Matrix like_evaluation(int truths, float extent, Rng& rng) {
  const Boxes t = squares(truths, extent, 50, rng);
  Boxes p;
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (i % 10 != 0) p.push_back(jittered(t[i], 6, rng));
  }
  const Boxes false_alarms = squares(2 * truths - static_cast<int>(p.size()), extent, 50, rng);
  p.insert(p.end(), false_alarms.begin(), false_alarms.end());
  std::shuffle(p.begin(), p.end(), rng);
  return overlaps(t, p);
}

template <class Value>
Matrix full(Index n, Value value) {
  std::vector<Triple<double>> cells;
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) cells.push_back({i, j, value(i, j)});
  }
  return make_csr(n, n, cells);
}

const std::map<std::string, std::function<Scene(Rng&)>> scenes{
    {"uniform",
     [](Rng& r) {
       return Scene{"uniform 5k x 10k", {overlaps(squares(5000, 10000, 50, r), squares(10000, 10000, 50, r))}, true};
     }},
    {"eval",
     [](Rng& r) {
       return Scene{"evaluation-like 5k x 10k", {like_evaluation(5000, 10000, r)}, true};
     }},
    {"eval64",
     [](Rng& r) {
       return Scene{"evaluation-like 320k x 640k", {like_evaluation(320000, 80000, r)}, false};
     }},
    {"crowd",
     [](Rng& r) {
       return Scene{"crowded, one component of 5,000 x 9,800",
                    {overlaps(squares(5000, 3500, 50, r), squares(10000, 3500, 50, r))},
                    true};
     }},
    {"clusters",
     [](Rng& r) {
       const Boxes t = squares(1000, 10000, 50, r);
       Boxes p;
       for (const auto& b : t) {
         for (int k = 0; k < 50; ++k) p.push_back(jittered(b, 6, r));
       }
       return Scene{"1,000 truths x 50 predictions each", {overlaps(t, p)}, false};
     }},
    {"chain",
     [](Rng&) {
       std::vector<Triple<double>> e;
       for (Index i = 0; i < 100000; ++i) {
         e.push_back({i, i, 1e6});
         e.push_back({i, i + 1, 1e6 + 1});
       }
       e.push_back({100000, 100000, 5e6});
       return Scene{"chain of 100,000 rows", {make_csr(100001, 100001, e)}, false};
     }},
    {"giant",
     [](Rng& r) {
       const Boxes t = squares(2000, 20, 50, r), p = squares(2000, 20, 50, r);
       return Scene{"2,000 x 2,000, all overlap", {overlaps(t, p)}, true};
     }},
    {"machol",
     [](Rng&) {
       return Scene{"Machol-Wien, n = 1,000",
                    {full(1000, [](Index i, Index j) { return 1000001.0 - (i + 1.0) * (j + 1.0); })},
                    true};
     }},
    {"random",
     [](Rng& r) {
       std::uniform_real_distribution<double> value(0, 1);
       return Scene{"2,000 x 2,000, random", {full(2000, [&](Index, Index) { return value(r); })}, true};
     }},
    {"frames", [](Rng& r) {
       Scene scene{"10,000 frames of 30 x 30 (all of them)", {}, true};
       for (int k = 0; k < 10000; ++k) {
         const Boxes t = squares(30, 380, 50, r);
         Boxes p;
         for (const auto& b : t) p.push_back(jittered(b, 4, r));
         scene.matrices.push_back(overlaps(t, p));
         scene.frames.emplace_back(t, p);
       }
       return scene;
     }}};

struct Run {
  double seconds = 0, bytes = 0, total = 0;
};

/// All matrices with one workspace; what takes less than 5 ms is repeated until it takes as long.
Run run_boxlap(const std::vector<Matrix>& matrices) {
  Run run;
  {
    const heap::Scope scope;
    for (const Matrix& w : matrices) run.total += assign(w).total;
    run.bytes = static_cast<double>(scope.peak_bytes());
  }
  int rounds = 0;
  const auto start = Clock::now();
  do {
    AssignWorkspace<double> workspace;
    Assignment<double> a;
    for (const Matrix& w : matrices) assign(w, {}, workspace, a);
    ++rounds;
    run.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  } while (run.seconds < 0.005);
  run.seconds /= rounds;
  return run;
}

/// From boxes to pairs: the sparse matrix of each frame is built, solved and thrown away, as a tracker does it.
Run run_from_boxes(const std::vector<std::pair<Boxes, Boxes>>& frames) {
  Run run;
  AssignWorkspace<float> workspace;
  Assignment<float> a;
  const heap::Scope scope;
  const auto start = Clock::now();
  for (const auto& [truths, predictions] : frames) {
    assign(iou_matrix(truths, predictions), {}, workspace, a);
    run.total += a.total;
  }
  run.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  run.bytes = static_cast<double>(scope.peak_bytes());
  return run;
}

/// The textbook Hungarian with shortest augmenting paths on a full array of costs, rows <= cols. Duals are updated once
/// a row, and a free column is preferred among equals: without these two the zeros of a sparse problem take minutes.
double dense_hungarian(const std::vector<double>& cost, std::size_t rows, std::size_t cols) {
  constexpr double far = 1e300;
  constexpr std::size_t free = static_cast<std::size_t>(-1);
  std::vector<double> u(rows), v(cols), reach(cols);
  std::vector<std::size_t> row_of(cols, free), col_of(rows, free), from(cols), open(cols), visited;
  for (std::size_t root = 0; root < rows; ++root) {
    for (std::size_t j = 0; j < cols; ++j) {
      open[j] = cols - 1 - j;
      reach[j] = far;
    }
    visited.clear();
    std::size_t left = cols, row = root, sink = free;
    double distance = 0;
    while (sink == free) {
      std::size_t next = 0;
      double nearest = far;
      for (std::size_t k = 0; k < left; ++k) {
        const std::size_t j = open[k];
        const double there = distance + cost[row * cols + j] - u[row] - v[j];
        if (there < reach[j]) {
          reach[j] = there;
          from[j] = row;
        }
        if (reach[j] < nearest || (reach[j] == nearest && row_of[j] == free)) {
          nearest = reach[j];
          next = k;
        }
      }
      distance = nearest;
      const std::size_t j = open[next];
      open[next] = open[--left];
      visited.push_back(j);
      if (row_of[j] == free)
        sink = j;
      else
        row = row_of[j];
    }
    u[root] += distance;
    for (const std::size_t j : visited) {
      if (j == sink) continue;
      u[row_of[j]] += distance - reach[j];
      v[j] -= distance - reach[j];
    }
    for (std::size_t j = sink;;) {
      const std::size_t i = from[j];
      row_of[j] = i;
      std::swap(col_of[i], j);
      if (i == root) break;
    }
  }
  double total = 0;
  for (std::size_t i = 0; i < rows; ++i) total += cost[i * cols + col_of[i]];
  return total;
}

Run run_dense(const std::vector<Matrix>& matrices) {
  Run run;
  for (const Matrix& given : matrices) {
    const heap::Scope scope;
    const Matrix turned = given.rows > given.cols ? transpose(given) : Matrix{};
    const Matrix& w = given.rows > given.cols ? turned : given;
    const auto rows = static_cast<std::size_t>(w.rows), cols = static_cast<std::size_t>(w.cols);
    std::vector<double> cost(rows * cols);
    for_each_entry(w, [&](Index i, Index j, double value) {
      cost[static_cast<std::size_t>(i) * cols + static_cast<std::size_t>(j)] = -value;
    });
    const auto start = Clock::now();
    run.total -= dense_hungarian(cost, rows, cols);
    run.seconds += std::chrono::duration<double>(Clock::now() - start).count();
    run.bytes = std::max(run.bytes, static_cast<double>(scope.peak_bytes()));
  }
  return run;
}

/// Each matrix as rows, cols, entries (int32), row_offsets, col_indices (int32), values (double), one after another.
void write(const std::vector<Matrix>& matrices, const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) throw std::runtime_error("cannot write " + path);
  for (const Matrix& w : matrices) {
    const Index sizes[3]{w.rows, w.cols, w.nonzeros()};
    std::fwrite(sizes, sizeof sizes, 1, file);
    std::fwrite(w.row_offsets.data(), sizeof(Index), w.row_offsets.size(), file);
    std::fwrite(w.col_indices.data(), sizeof(Index), w.col_indices.size(), file);
    std::fwrite(w.values.data(), sizeof(double), w.values.size(), file);
  }
  std::fclose(file);
}

Run run_peer(const std::string& command, const std::string& path) {
  std::FILE* pipe = popen((command + " " + path).c_str(), "r");
  Run run;
  if (pipe == nullptr || std::fscanf(pipe, "%lf %lf %lf", &run.seconds, &run.bytes, &run.total) != 3) run.seconds = -1;
  if (pipe != nullptr) pclose(pipe);
  return run;
}

void print_row(const char* name, std::vector<Run> runs, double ours) {
  if (runs.empty() || runs.front().seconds < 0) {
    std::printf("| %s | - | - | - | - | - |\n", name);
    return;
  }
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.seconds < b.seconds; });
  const Run& median = runs[runs.size() / 2];
  std::printf("| %s | %.3f | %.3f .. %.3f | %.1f | %.2f | %.12g |\n", name, median.seconds * 1e3,
              runs.front().seconds * 1e3, runs.back().seconds * 1e3, median.seconds / ours, median.bytes / 1e6,
              median.total);
}

double median_seconds(std::vector<Run> runs) {
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.seconds < b.seconds; });
  return runs[runs.size() / 2].seconds;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seed = 42;
  int repetitions = 5;
  std::string chosen = "uniform,eval,eval64,crowd,clusters,chain,frames,giant,machol,random";
  std::vector<std::pair<std::string, std::string>> peers;
  bool with_dense = true;
  for (int k = 1; k < argc; ++k) {
    const std::string option = argv[k];
    if (option == "--no-dense") {
      with_dense = false;
      continue;
    }
    const std::string value = k + 1 < argc ? argv[++k] : "";
    if (option == "--seed")
      seed = std::stoull(value);
    else if (option == "--repetitions")
      repetitions = std::stoi(value);
    else if (option == "--scenes")
      chosen = value;
    else if (option == "--peer" && value.find('=') != std::string::npos)
      peers.emplace_back(value.substr(0, value.find('=')), value.substr(value.find('=') + 1));
    else {
      std::fprintf(stderr, "unknown option %s\n", option.c_str());
      return 2;
    }
  }
  const std::string path =
      (std::filesystem::temp_directory_path() / ("boxlap_assign_" + std::to_string(getpid()) + ".csr")).string();
  std::istringstream names(chosen);
  for (std::string name; std::getline(names, name, ',');) {
    Rng rng(seed);
    const Scene scene = scenes.at(name)(rng);
    long pairs = 0;
    for (const Matrix& w : scene.matrices) pairs += w.nonzeros();
    std::printf("\n%s, %ld pairs, seed %llu, %d repetitions\n\n", scene.name.c_str(), pairs,
                static_cast<unsigned long long>(seed), repetitions);
    std::printf("| | median ms | spread | times ours | peak MB | total |\n|---|---|---|---|---|---|\n");
    if (!peers.empty()) write(scene.matrices, path);
    std::vector<Run> ours, built, dense;
    std::vector<std::vector<Run>> others(peers.size());
    for (int r = 0; r < repetitions; ++r) {
      ours.push_back(run_boxlap(scene.matrices));
      if (!scene.frames.empty()) built.push_back(run_from_boxes(scene.frames));
      if (scene.dense && with_dense) dense.push_back(run_dense(scene.matrices));
      for (std::size_t k = 0; k < peers.size(); ++k) others[k].push_back(run_peer(peers[k].second, path));
    }
    const double reference = median_seconds(ours);
    print_row("boxlap::assign", ours, reference);
    if (!built.empty()) print_row("boxlap::iou_matrix and assign", built, reference);
    if (scene.dense && with_dense) print_row("plain dense Hungarian", dense, reference);
    for (std::size_t k = 0; k < peers.size(); ++k) print_row(peers[k].first.c_str(), others[k], reference);
    std::fflush(stdout);
  }
  std::remove(path.c_str());
}
