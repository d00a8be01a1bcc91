// LEMON's MaxWeightedMatching on the matrices that benchmark_assign writes; prints seconds, bytes and total. C++17.
#include <lemon/matching.h>
#include <lemon/smart_graph.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

double peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

}  // namespace

int main(int argc, char** argv) {
  std::FILE* file = argc > 1 ? std::fopen(argv[1], "rb") : nullptr;
  if (file == nullptr) return 2;
  double seconds = 0, total = 0, bytes = 0;
  for (std::int32_t sizes[3]; std::fread(sizes, sizeof sizes, 1, file) == 1;) {
    const auto rows = static_cast<std::size_t>(sizes[0]), cols = static_cast<std::size_t>(sizes[1]);
    const auto entries = static_cast<std::size_t>(sizes[2]);
    std::vector<std::int32_t> offsets(rows + 1), columns(entries);
    std::vector<double> values(entries);
    if (std::fread(offsets.data(), 4, offsets.size(), file) != offsets.size() ||
        std::fread(columns.data(), 4, entries, file) != entries ||
        std::fread(values.data(), 8, entries, file) != entries) {
      return 2;
    }
    // Integers, so fine that a total of 2^58 is possible at most: LEMON multiplies by 4.
    const double largest = entries > 0 ? *std::max_element(values.begin(), values.end()) : 1;
    const double room = std::floor(std::log2(0x1p58 / (std::max(largest, 1.0) * static_cast<double>(rows + 1))));
    const double scale = std::exp2(std::min(room, 30.0));
    lemon::SmartGraph graph;
    graph.reserveNode(static_cast<int>(rows + cols));
    graph.reserveEdge(static_cast<int>(entries));
    for (std::size_t k = 0; k < rows + cols; ++k) graph.addNode();
    lemon::SmartGraph::EdgeMap<std::int64_t> weight(graph);
    for (std::size_t i = 0; i < rows; ++i) {
      for (auto k = static_cast<std::size_t>(offsets[i]); k < static_cast<std::size_t>(offsets[i + 1]); ++k) {
        const auto edge =
            graph.addEdge(graph.nodeFromId(static_cast<int>(i)), graph.nodeFromId(static_cast<int>(rows) + columns[k]));
        weight[edge] = std::llround(values[k] * scale);
      }
    }
    const double before = peak_bytes();
    const auto start = std::chrono::steady_clock::now();
    lemon::MaxWeightedMatching<lemon::SmartGraph, lemon::SmartGraph::EdgeMap<std::int64_t>> matching(graph, weight);
    matching.run();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    bytes += peak_bytes() - before;
    total += static_cast<double>(matching.matchingWeight()) / scale;
  }
  std::fclose(file);
  std::printf("%.9f %.0f %.12g\n", seconds, bytes, total);
}
