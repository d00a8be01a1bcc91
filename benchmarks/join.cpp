// How long it takes to find every pair of boxes that meet, build included, beside other libraries and other ways.
//
//   benchmark_join [--sizes 5000x10000,100000] [--workloads uniform,...] [--scalars float,double] [--kinds two,self]
//                  [--seed 101] [--repetitions 5] [--only NAME,...] [--patience 3] [--most-pairs 60000000]
//                  [--data FOLDER] [--csr] [--index] [--threads] [--picture FILE.svg]
//
// All ways write their pairs into one array that is there before; border points count as meeting. Before anything is
// timed, number and order-free hash of the pairs of all must agree (with brute force among them where n * m is at most
// --brute), or the program fails. Then all take turns; a way whose first run took more than --patience seconds has that
// run counted only. Table: median, spread as (max - min) / median, and peak heap bytes a box of both sets.
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "../examples/support/csv.hpp"
#include "../examples/support/heap.hpp"
#include "../examples/support/svg.hpp"
#include "join_peers.hpp"
#include "join_variants.hpp"
#include "workloads.hpp"

using namespace boxlap;

namespace {

using Clock = std::chrono::steady_clock;
using RowPair = std::pair<Index, Index>;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Where pairs go: an array made beforehand. Counts on when it is full.
struct Sink {
  std::vector<RowPair>& pairs;
  std::size_t count = 0;
  void operator()(Index i, Index j) {
    if (count < pairs.size()) {
      pairs[count] = {i, j};
    }
    ++count;
  }
};

struct Found {
  std::size_t count = 0;
  std::uint64_t hash = 0;
  bool operator==(const Found&) const = default;
};

Found found(const std::vector<RowPair>& pairs, std::size_t count) {
  Found result{count, 0};
  for (std::size_t k = 0; k < count; ++k) {
    std::uint64_t x = (static_cast<std::uint64_t>(pairs[k].first) << 32) | static_cast<std::uint32_t>(pairs[k].second);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    result.hash += x ^ (x >> 31);
  }
  return result;
}

enum class Kind { boxlap, peer, variant, floor };

template <class T>
struct Way {
  std::string name;
  Kind kind;
  std::function<void(const workloads::Sets<T>&, bool self, Sink&)> join;
};

template <class Variant, class T>
Way<T> variant(const char* name) {
  return {name, Kind::variant, [](const workloads::Sets<T>& sets, bool self, Sink& sink) {
            self ? Variant::template join<true>(sets.a, sets.b, sink)
                 : Variant::template join<false>(sets.a, sets.b, sink);
          }};
}

template <class T>
std::vector<Way<T>> all_ways() {
  using Sets = workloads::Sets<T>;
  std::vector<Way<T>> ways{{"boxlap", Kind::boxlap, [](const Sets& sets, bool self, Sink& sink) {
                              const auto visit = [&](Index i, Index j) { sink(i, j); };
                              self ? for_each_pair(sets.a, visit, {.touching = true})
                                   : for_each_pair(sets.a, sets.b, visit, {.touching = true});
                            }}};
#if defined(BOXLAP_WITH_BOOST)
  ways.push_back({"Boost rtree", Kind::peer, [](const Sets& sets, bool self, Sink& sink) {
                    self ? peers::Boost<T>::template join<true>(sets.a, sets.a, sink)
                         : peers::Boost<T>::template join<false>(sets.a, sets.b, sink);
                  }});
#endif
#if defined(BOXLAP_WITH_CGAL)
  for (const std::ptrdiff_t cutoff : {10, 500}) {
    ways.push_back({"CGAL " + std::to_string(cutoff), Kind::peer, [cutoff](const Sets& sets, bool self, Sink& sink) {
                      self ? peers::Cgal<T>::template join<true>(sets.a, sets.b, cutoff, sink)
                           : peers::Cgal<T>::template join<false>(sets.a, sets.b, cutoff, sink);
                    }});
  }
#endif
#if defined(BOXLAP_WITH_GEOS)
  ways.push_back({"GEOS STRtree", Kind::peer, [](const Sets& sets, bool self, Sink& sink) {
                    self ? peers::Geos<T>::template join<true>(sets.a, sets.a, sink)
                         : peers::Geos<T>::template join<false>(sets.a, sets.b, sink);
                  }});
#endif
  ways.push_back(variant<variants::Sweep, T>("sweep"));
  ways.push_back(variant<variants::Packed<variants::PlainStr>, T>("plain STR"));
  ways.push_back(variant<variants::Packed<variants::ClampedHilbert>, T>("Hilbert"));
  ways.push_back(variant<variants::Brute, T>("brute force"));
  ways.push_back({"yardstick", Kind::floor, [](const Sets& sets, bool self, Sink& sink) {
                    sink.count += variants::Yardstick::order_and_copy(sets.a) >> 1;
                    if (!self) {
                      sink.count += variants::Yardstick::order_and_copy(sets.b) >> 1;
                    }
                  }});
  return ways;
}

struct Options {
  std::vector<std::string> sizes{"5000x10000"}, workload_names, scalars{"float"}, kinds{"two"};
  std::set<std::string> only;
  std::uint64_t seed = 101;
  int repetitions = 5;
  double patience = 3, most_pairs = 60e6, brute = 2e9;
  std::string data, picture;
  bool csr = false, index = false, threads = false;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    parts.push_back(part);
  }
  return parts;
}

Options parse(int argc, char** argv) {
  Options o;
  for (int k = 1; k < argc; ++k) {
    const std::string name = argv[k];
    if (name == "--csr" || name == "--index" || name == "--threads") {
      (name == "--csr" ? o.csr : name == "--index" ? o.index : o.threads) = true;
      continue;
    }
    if (k + 1 == argc) {
      throw std::invalid_argument(name + " needs a value");
    }
    const std::string value = argv[++k];
    if (name == "--sizes") {
      o.sizes = split(value);
    } else if (name == "--workloads") {
      o.workload_names = split(value);
    } else if (name == "--scalars") {
      o.scalars = split(value);
    } else if (name == "--kinds") {
      o.kinds = split(value);
    } else if (name == "--only") {
      for (const std::string& way : split(value)) {
        o.only.insert(way);
      }
    } else if (name == "--seed") {
      o.seed = std::stoull(value);
    } else if (name == "--repetitions") {
      o.repetitions = std::stoi(value);
    } else if (name == "--patience") {
      o.patience = std::stod(value);
    } else if (name == "--most-pairs") {
      o.most_pairs = std::stod(value);
    } else if (name == "--brute") {
      o.brute = std::stod(value);
    } else if (name == "--data") {
      o.data = value;
    } else if (name == "--picture") {
      o.picture = value;
    } else {
      throw std::invalid_argument("unknown option " + name);
    }
  }
  return o;
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

struct Timing {
  Kind kind;
  std::vector<double> times;
  double bytes = 0;
  [[nodiscard]] double time() const { return median(times); }
  [[nodiscard]] double spread() const {
    const auto [low, high] = std::minmax_element(times.begin(), times.end());
    return (*high - *low) / time();
  }
};

struct Result {
  std::size_t pairs = 0;
  bool too_many = false;
  std::map<std::string, Timing> of;
  /// The smallest median of a kind, and whose it is.
  [[nodiscard]] std::pair<double, std::string> best(Kind kind) const {
    std::pair<double, std::string> result{1e300, ""};
    for (const auto& [name, timing] : of) {
      if (timing.kind == kind && timing.time() < result.first) {
        result = {timing.time(), name};
      }
    }
    return result;
  }
};

std::vector<RowPair> shared_room;

/// Checks that all ways find the same pairs, then times them in turns.
template <class T>
Result race(const workloads::Sets<T>& sets, bool self, const Options& options) {
  Result result;
  const double n = double(sets.a.size()), m = double(self ? sets.a.size() : sets.b.size());
  // How many pairs there are, unless they are too many.
  std::size_t count = 0;
  const auto counting = [&](Index, Index) { return double(++count) <= options.most_pairs; };
  self ? for_each_pair(sets.a, counting, {.touching = true})
       : for_each_pair(sets.a, sets.b, counting, {.touching = true});
  result.pairs = count;
  if (double(count) > options.most_pairs) {
    result.too_many = true;
    return result;
  }
  if (shared_room.size() < count) {
    shared_room.resize(count);
  }
  std::vector<Way<T>> ways = all_ways<T>();
  std::erase_if(ways, [&](const Way<T>& way) {
    return (way.name == "brute force" && n * m > options.brute) ||
           (way.kind != Kind::boxlap && !options.only.empty() && !options.only.contains(way.name));
  });
  std::map<std::string, bool> slow;
  Found expected;
  int agreeing = 0;
  for (const Way<T>& way : ways) {
    std::fill(shared_room.begin(), shared_room.begin() + std::ptrdiff_t(count), RowPair{none, none});
    Sink sink{shared_room};
    const heap::Scope scope;
    const auto start = Clock::now();
    way.join(sets, self, sink);
    const double time = seconds_since(start);
    result.of[way.name] = {way.kind, {}, double(scope.peak_bytes()) / (self ? n : n + m)};
    slow[way.name] = time > options.patience;
    if (slow[way.name]) {
      result.of[way.name].times.push_back(time);
    }
    if (way.kind == Kind::floor) {
      continue;
    }
    const Found here = found(shared_room, std::min(sink.count, count));
    if (agreeing++ == 0) {
      expected = here;
    } else if (sink.count != count || !(here == expected)) {
      std::fprintf(stderr, "%s finds %zu pairs, boxlap %zu, or others\n", way.name.c_str(), sink.count, count);
      std::exit(1);
    }
  }
  for (int repetition = 0; repetition < options.repetitions; ++repetition) {
    for (const Way<T>& way : ways) {
      if (!slow[way.name]) {
        Sink sink{shared_room};
        const auto start = Clock::now();
        way.join(sets, self, sink);
        result.of[way.name].times.push_back(seconds_since(start));
      }
    }
  }
  return result;
}

std::pair<std::size_t, std::size_t> size_of(const std::string& text) {
  const std::size_t cross = text.find('x');
  const std::size_t n = static_cast<std::size_t>(std::stod(text.substr(0, cross)));
  return {n, cross == std::string::npos ? n : static_cast<std::size_t>(std::stod(text.substr(cross + 1)))};
}

std::string cell(const Result& result, const char* name) {
  const auto timing = result.of.find(name);
  if (timing == result.of.end()) {
    return "";
  }
  char text[64];
  std::snprintf(text, sizeof text, "%.3g%s", timing->second.time() * 1e3, timing->second.times.size() == 1 ? "*" : "");
  return text;
}

void print_head() {
  std::printf(
      "| workload | sizes | pairs | boxlap ms (spread) | Boost | CGAL 10 | CGAL 500 | GEOS | sweep | STR | Hilbert | "
      "brute | yardstick | fastest peer / boxlap | boxlap / best own | boxlap / yardstick | ns a box | M pairs/s | "
      "bytes a box: boxlap, Boost, CGAL, GEOS |\n|");
  for (int k = 0; k < 19; ++k) {
    std::printf("---|");
  }
  std::printf("\n");
}

void print(const std::string& name, const std::string& sizes, std::size_t boxes, const Result& result) {
  if (result.too_many) {
    std::printf("| %s | %s | more than %zu |\n", name.c_str(), sizes.c_str(), result.pairs - 1);
    return;
  }
  const Timing& ours = result.of.at("boxlap");
  std::printf("| %s | %s | %zu | **%.3g** (%.0f %%) |", name.c_str(), sizes.c_str(), result.pairs, ours.time() * 1e3,
              ours.spread() * 100);
  for (const char* way : {"Boost rtree", "CGAL 10", "CGAL 500", "GEOS STRtree", "sweep", "plain STR", "Hilbert",
                          "brute force", "yardstick"}) {
    std::printf(" %s |", cell(result, way).c_str());
  }
  const auto ratio = [&](Kind kind) { return result.best(kind).first / ours.time(); };
  const double peer = ratio(Kind::peer), own = 1 / ratio(Kind::variant), floor = 1 / ratio(Kind::floor);
  peer < 1e6 ? std::printf(" %.2f (%s) |", peer, result.best(Kind::peer).second.c_str()) : std::printf(" |");
  own > 1e-6 ? std::printf(" %.2f (%s) |", own, result.best(Kind::variant).second.c_str()) : std::printf(" |");
  floor > 1e-6 ? std::printf(" %.2f |", floor) : std::printf(" |");
  std::printf(" %.1f | %.1f |", ours.time() * 1e9 / double(boxes), double(result.pairs) / ours.time() * 1e-6);
  for (const char* way : {"boxlap", "Boost rtree", "CGAL 500", "GEOS STRtree"}) {
    const auto timing = result.of.find(way);
    timing == result.of.end() ? std::printf(" -") : std::printf(" %.0f", timing->second.bytes);
  }
  std::printf(" |\n");
  std::fflush(stdout);
}

template <class T>
std::vector<Box<T>> read_boxes(const std::string& path) {
  csv::Reader file(path);
  const std::size_t columns[] = {file.require("xmin"), file.require("ymin"), file.require("xmax"),
                                 file.require("ymax")};
  std::vector<Box<T>> boxes;
  while (file.next()) {
    const auto number = [&](std::size_t k) { return static_cast<T>(file.number(columns[k])); };
    boxes.push_back({number(0), number(1), number(2), number(3)});
  }
  return boxes;
}

/// Ratios over all workloads that ran, for the line under the table.
struct Summary {
  double log_peer = 0, worst_peer = 1e300, worst_own = 0;
  int count = 0;
  std::string peer_workload, own_workload;
  void add(const std::string& name, const Result& result) {
    if (result.too_many) {
      return;
    }
    const double ours = result.of.at("boxlap").time();
    const double peer = result.best(Kind::peer).first / ours, own = ours / result.best(Kind::variant).first;
    log_peer += std::log(peer);
    ++count;
    if (peer < worst_peer) {
      worst_peer = peer;
      peer_workload = name;
    }
    if (own > worst_own) {
      worst_own = own;
      own_workload = name;
    }
  }
  void print() const {
    if (count > 0 && worst_peer < 1e6) {
      std::printf("\n%d rows; fastest peer / boxlap: geometric mean %.2f, worst %.2f (%s); ", count,
                  std::exp(log_peer / count), worst_peer, peer_workload.c_str());
      std::printf("boxlap / best own: worst %.2f (%s)\n\n", worst_own, own_workload.c_str());
    }
  }
};

template <class T>
void tables(const Options& options, const char* scalar) {
  for (const std::string& kind : options.kinds) {
    const bool self = kind == "self";
    std::printf("\n### %s, %s, seed %llu, ms\n\n", scalar, self ? "one set with itself" : "two sets",
                static_cast<unsigned long long>(options.seed));
    print_head();
    for (const std::string& size : options.sizes) {
      const auto [n, m] = size_of(size);
      Summary summary;
      for (const workloads::Workload& workload : workloads::all()) {
        const auto& names = options.workload_names;
        if (!names.empty() && std::find(names.begin(), names.end(), workload.name) == names.end()) {
          continue;
        }
        const auto sets = workloads::draw<T>(workload, self ? m : n, m, options.seed);
        const Result result = race(sets, self, options);
        print(workload.name, self ? std::to_string(m) : std::to_string(n) + " x " + std::to_string(m),
              sets.a.size() + (self ? 0 : sets.b.size()), result);
        summary.add(workload.name, result);
      }
      summary.print();
    }
    if (!options.data.empty() && !self) {
      const workloads::Sets<T> sets{read_boxes<T>(options.data + "/truth.csv"),
                                    read_boxes<T>(options.data + "/predictions.csv")};
      print("truths x predictions", std::to_string(sets.a.size()) + " x " + std::to_string(sets.b.size()),
            sets.a.size() + sets.b.size(), race(sets, false, options));
    }
  }
}

/// Times ways in turns; the first run of each is not counted.
std::vector<Timing> in_turns(int repetitions, const std::vector<std::function<void()>>& ways) {
  std::vector<Timing> timings(ways.size());
  for (int repetition = -1; repetition < repetitions; ++repetition) {
    for (std::size_t k = 0; k < ways.size(); ++k) {
      const auto start = Clock::now();
      ways[k]();
      if (repetition >= 0) {
        timings[k].times.push_back(seconds_since(start));
      }
    }
  }
  return timings;
}

const workloads::Workload& workload_named(const std::string& name) {
  for (const workloads::Workload& workload : workloads::all()) {
    if (workload.name == name) {
      return workload;
    }
  }
  throw std::invalid_argument("no workload is called " + name);
}

/// The plain way to a sparse matrix of IoU: list the pairs, then count and place them by column, then by row.
Csr<float> two_passes(const std::vector<Box<float>>& a, const std::vector<Box<float>>& b) {
  std::vector<Triple<float>> found;
  for_each_pair(a, b, [&](Index i, Index j) {
    const float value = iou(a[std::size_t(i)], b[std::size_t(j)]);
    if (value > 0) {
      found.push_back({i, j, value});
    }
  });
  Csr<float> by_column{Index(b.size()), Index(a.size()), std::vector<Index>(b.size() + 1),
                       std::vector<Index>(found.size()), std::vector<float>(found.size())};
  for (const auto& entry : found) {
    ++by_column.row_offsets[std::size_t(entry.col) + 1];
  }
  detail::accumulate_offsets(by_column.row_offsets);
  std::vector<Index> next(by_column.row_offsets.begin(), by_column.row_offsets.end() - 1);
  for (const auto& entry : found) {
    const std::size_t to = std::size_t(next[std::size_t(entry.col)]++);
    by_column.col_indices[to] = entry.row;
    by_column.values[to] = entry.value;
  }
  return transpose(by_column);
}

/// How many pairs a threshold leaves to be found, and their IoU to be computed.
std::size_t evaluations(const std::vector<Box<float>>& a, const std::vector<Box<float>>& b, double min) {
  using namespace boxlap::detail;
  std::size_t found = 0, attained = 0;
  Team team(1);
  const JoinSide<float> side_a(a, "a"), side_b(b, "b");
  const JoinTrees<float> trees(side_a, &side_b, plan_join(side_a, side_b, false), team);
  const TreeJoin<false, float> join(trees.a(), trees.b(), BoxQuery<float>::iou_at_least(min));
  auto take = [&](std::span<RowPair> slots) {
    found += slots.size();
    for (const auto& [i, j] : slots) {
      attained += join.query.attainable(trees.a().box(i), trees.b().box(j)) ? 1 : 0;
    }
    return true;
  };
  join.find<PairsOf::slots>(0, trees.a().leaves(), PairSink(take));
  return pairs_a_row<PairsOf::slots>(join) >= many_pairs_a_row ? found : attained;
}

void matrices(const Options& options) {
  const double thresholds[] = {0.1, 0.3, 0.5, 0.7, 0.9};
  std::printf(
      "\n### iou_matrix, float, seed %llu, ms\n\n| workload | sizes | entries | join only | iou_matrix | "
      "two counting passes | iou_matrix / passes |",
      static_cast<unsigned long long>(options.seed));
  for (const double min : thresholds) {
    std::printf(" min = %.1f: time, IoUs |", min);
  }
  std::printf("\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const std::string& size : options.sizes) {
    const auto [n, m] = size_of(size);
    for (const std::string& name : options.workload_names) {
      const auto sets = workloads::draw<float>(workload_named(name), n, m, options.seed);
      if (!(iou_matrix(sets.a, sets.b) == two_passes(sets.a, sets.b))) {
        std::fprintf(stderr, "iou_matrix differs from two counting passes on %s\n", name.c_str());
        std::exit(1);
      }
      std::size_t count = 0;
      std::vector<std::function<void()>> ways{// what frees most memory first, so that the others find theirs alike
                                              [&] { count += std::size_t(two_passes(sets.a, sets.b).nonzeros()); },
                                              [&] { for_each_pair(sets.a, sets.b, [&](Index, Index) { ++count; }); },
                                              [&] { count += std::size_t(iou_matrix(sets.a, sets.b).nonzeros()); }};
      for (const double min : thresholds) {
        ways.emplace_back([&, min] { count += std::size_t(iou_matrix(sets.a, sets.b, {.min = min}).nonzeros()); });
      }
      const auto timings = in_turns(options.repetitions, ways);
      const auto ms = [&](std::size_t k) { return timings[k].time() * 1e3; };
      std::printf("| %s | %zu x %zu | %d | %.3g | %.3g | %.3g | %.2f |", name.c_str(), n, m,
                  iou_matrix(sets.a, sets.b).nonzeros(), ms(1), ms(2), ms(0), ms(2) / ms(0));
      const double all = double(evaluations(sets.a, sets.b, 0));
      for (std::size_t k = 0; k < std::size(thresholds); ++k) {
        std::printf(" %.2f, %.0f %% |", ms(3 + k) / ms(2),
                    100 * double(evaluations(sets.a, sets.b, thresholds[k])) / all);
      }
      std::printf("\n");
      std::fflush(stdout);
    }
  }
}

void index_queries(const Options& options) {
  const auto sets = workloads::draw<float>(workload_named("uniform"), 1000, 10'000, options.seed);
  const ShapeIndex index(sets.b);
  std::size_t count = 0;
  const auto timings = in_turns(std::max(options.repetitions, 25),
                                {[&] { for_each_pair(sets.a, index, [&](Index, Index) { ++count; }); },
                                 [&] { for_each_pair(sets.a, sets.b, [&](Index, Index) { ++count; }); }});
  std::printf("\n1,000 boxes against 10,000: %.4f ms with a ShapeIndex, %.4f ms without (uniform, float)\n",
              timings[0].time() * 1e3, timings[1].time() * 1e3);
}

void threads(const Options& options) {
  std::printf(
      "\n### Threads, float, seed %llu, ms\n\n| workload | sizes | what | 1 thread | 2 threads | ratio |\n"
      "|---|---|---|---|---|---|\n",
      static_cast<unsigned long long>(options.seed));
  for (const std::string& size : options.sizes) {
    const auto [n, m] = size_of(size);
    for (const std::string& name : options.workload_names) {
      const auto sets = workloads::draw<float>(workload_named(name), n, m, options.seed);
      std::size_t count = 0;
      const auto line = [&](const char* what, const std::function<void(int)>& run) {
        const auto timings = in_turns(options.repetitions, {[&] { run(1); }, [&] { run(2); }});
        std::printf("| %s | %zu x %zu | %s | %.3g | %.3g | %.2f |\n", name.c_str(), n, m, what, timings[0].time() * 1e3,
                    timings[1].time() * 1e3, timings[0].time() / timings[1].time());
        std::fflush(stdout);
      };
      line("for_each_pair",
           [&](int t) { for_each_pair(sets.a, sets.b, [&](Index, Index) { ++count; }, {.threads = t}); });
      line("pairs", [&](int t) { count += pairs(sets.a, sets.b, {.threads = t}).size(); });
      line("iou_matrix", [&](int t) { count += iou_matrix(sets.a, sets.b, {.threads = t}).values.size(); });
    }
  }
}

/// Time against N on logarithmic axes, uniform boxes.
void picture(Options options) {
  const std::vector<std::size_t> sizes{1000, 3000, 10'000, 30'000, 100'000, 300'000, 1'000'000, 4'000'000};
  std::map<std::string, std::vector<std::pair<double, double>>> curves;
  options.brute = 1e9;
  for (const std::size_t n : sizes) {
    options.repetitions = n <= 100'000 ? 5 : 1;
    const auto sets = workloads::draw<float>(workload_named("uniform"), n, n, options.seed);
    const Result result = race(sets, false, options);
    for (const auto& [name, timing] : result.of) {
      curves[name].emplace_back(double(n), timing.time() * 1e3);
    }
    print("uniform", std::to_string(n) + " x " + std::to_string(n), 2 * n, result);
  }
  const double left = 70, right = 690, top = 30, bottom = 430;
  const auto x = [&](double n) { return left + (right - left) * (std::log10(n) - 3) / (std::log10(4e6) - 3); };
  const auto y = [&](double ms) { return bottom - (bottom - top) * (std::log10(ms) + 2) / 6; };
  svg::Canvas canvas(0, 0, 900, 490, 900);
  canvas.text(left, 18, "Time to find all pairs of N x N uniform boxes (float, one thread, build included)", 14);
  for (int power = -2; power <= 4; ++power) {
    const double ms = std::pow(10, power);
    canvas.line(left, y(ms), right, y(ms), {.stroke = svg::light_grey});
    char label[32];
    std::snprintf(label, sizeof label, "%g ms", ms);
    canvas.text(left - 6, y(ms) + 4, label, 12, svg::Anchor::end);
  }
  for (const double n : {1e3, 1e4, 1e5, 1e6, 4e6}) {
    canvas.line(x(n), top, x(n), bottom, {.stroke = svg::light_grey});
    char label[32];
    std::snprintf(label, sizeof label, n < 1e6 ? "%gk" : "%gM", n < 1e6 ? n / 1e3 : n / 1e6);
    canvas.text(x(n), bottom + 18, label, 12, svg::Anchor::middle);
  }
  canvas.text((left + right) / 2, bottom + 40, "N boxes in each set", 13, svg::Anchor::middle);
  using Curve = std::pair<std::string, std::vector<std::pair<double, double>>>;
  std::vector<Curve> from_slow_to_fast(curves.begin(), curves.end());
  std::sort(from_slow_to_fast.begin(), from_slow_to_fast.end(),
            [](const Curve& a, const Curve& b) { return a.second.back().second > b.second.back().second; });
  std::size_t colour = 0;
  double free_from = top;  // names stand beside the ends of their curves, in their order, but not upon each other
  for (const auto& [name, curve] : from_slow_to_fast) {
    struct Dot {
      double x, y;
    };
    std::vector<Dot> dots;
    for (const auto& [n, ms] : curve) {
      dots.push_back({x(n), y(ms)});
    }
    const bool ours = name == "boxlap";
    std::string_view stroke = svg::vermillion;
    while (!ours && stroke == svg::vermillion) {
      stroke = svg::palette[colour++ % std::size(svg::palette)];
    }
    const bool dashed = name == "yardstick" || name == "brute force";
    canvas.polyline(dots, {.stroke = stroke, .width = ours ? 3.0 : 1.5, .dash = dashed ? "5 3" : ""});
    if (dots.back().x < right - 1) {
      canvas.text(dots.back().x + 6, dots.back().y, name, 12, svg::Anchor::start, stroke);
      continue;
    }
    const double at = std::max(dots.back().y + 4, free_from);
    free_from = at + 14;
    canvas.text(right + 8, at, name, 12, svg::Anchor::start, stroke);
  }
  canvas.save(options.picture);
}

}  // namespace

int main(int argc, char** argv) try {
  const Options options = parse(argc, argv);
  if (options.csr || options.index || options.threads || !options.picture.empty()) {
    options.csr ? matrices(options) : void();
    options.index ? index_queries(options) : void();
    options.threads ? threads(options) : void();
    options.picture.empty() ? void() : picture(options);
    return 0;
  }
  for (const std::string& scalar : options.scalars) {
    scalar == "double" ? tables<double>(options, "double") : tables<float>(options, "float");
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
