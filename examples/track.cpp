// Follows objects through a video from their detections, as SORT and ByteTrack do, and scores the result.
//
//   track                                          a small scene of its own
//   track --detections det.txt [--truth gt.txt] [--out result.txt] [--svg tracks.svg] [--min-score 0.6]
//   track --results result.txt --truth gt.txt      scores tracks that exist already
//   track --shake 4 [--seed 1]                     a made film from a shaking camera: predictions by constant velocity
//                                                  beside predictions by the motion of the picture around each box
//   ... --images img1/%06d.png                     predicts by the motion of these frames' pictures
//
// Files are MOTChallenge's: frame,id,left,top,width,height,confidence[,...]. With truth it reports
//   MOTA      1 - (misses + false alarms + switches) / truths, CLEAR MOT of Bernardin and Stiefelhagen
//   IDF1      2 x correctly identified boxes / (truths + boxes), Ristani et al.: one track for one object at most, over
//             the whole sequence
//   switches  an object matched by another track than the one before
// Two boxes can match from IoU 0.5 on; an object stays with its track while that holds, as in TrackEval.
#include <boxlap/match/assign.hpp>
#include <boxlap/pairs/overlaps.hpp>

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/image_motion.hpp"
#include "support/output_file.hpp"
#include "support/svg.hpp"

using boxlap::Index;
using boxlap::none;
using Box = boxlap::Box<double>;

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// ---- what a file holds: boxes by frame

struct Observation {
  int id = -1;
  Box box;
  double score = 1;
};
using Sequence = std::map<int, std::vector<Observation>>;  // by frame, ascending

constexpr int most_frames = 100'000'000;

Sequence read_mot(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  Sequence frames;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    int frame = 0;
    double id = 0, x = 0, y = 0, w = 0, h = 0, score = 1;
    const int read = std::sscanf(line.c_str(), "%d ,%lf ,%lf ,%lf ,%lf ,%lf ,%lf", &frame, &id, &x, &y, &w, &h, &score);
    if (read < 6 || frame < 0 || frame > most_frames || !(std::abs(id) <= 1e9) || !(w > 0 && h > 0) ||
        !std::isfinite(x + y + w + h + score)) {
      throw std::runtime_error(path + ":" + std::to_string(number) +
                               ": expected frame,id,left,top,width,height[,confidence] with a positive size");
    }
    frames[frame].push_back({static_cast<int>(id), boxlap::from_xywh(x, y, w, h), read > 6 ? score : 1.0});
  }
  return frames;
}

std::string mot_lines(const Sequence& frames) {
  std::string text;
  char line[160];
  for (const auto& [frame, boxes] : frames) {
    for (const Observation& o : boxes) {
      const auto b = to_xywh(o.box);
      std::snprintf(line, sizeof line, "%d,%d,%.2f,%.2f,%.2f,%.2f,%.4f,-1,-1,-1\n", frame, o.id, b.x, b.y, b.w, b.h,
                    o.score);
      text += line;
    }
  }
  return text;
}

// ---- the motion of one object

/// A Kalman filter with constant velocity over centre, width and height. Its noise grows with the height of the object,
/// in the proportions of DeepSORT: 1/20 of it a frame in place, 1/160 in speed.
class Motion {
 public:
  explicit Motion(const Box& box) {
    state_.setZero();
    state_.head<4>() = measured(box);
    const double place = 2 * box_height() / 20, speed = 10 * box_height() / 160;
    covariance_.setZero();
    covariance_.diagonal().head<4>().setConstant(place * place);
    covariance_.diagonal().tail<4>().setConstant(speed * speed);
  }

  void predict() {
    Matrix8 step = Matrix8::Identity();
    step.topRightCorner<4, 4>().setIdentity();
    const double place = box_height() / 20, speed = box_height() / 160;
    state_ = step * state_;
    covariance_ = step * covariance_ * step.transpose();
    covariance_.diagonal().head<4>().array() += place * place;
    covariance_.diagonal().tail<4>().array() += speed * speed;
  }

  void update(const Box& box) {
    const double noise = box_height() / 20;
    Eigen::Matrix4d innovation = covariance_.topLeftCorner<4, 4>();
    innovation.diagonal().array() += noise * noise;
    const Eigen::Matrix<double, 8, 4> gain = innovation.ldlt().solve(covariance_.topRows<4>()).transpose();
    state_ += gain * (measured(box) - state_.head<4>());
    covariance_ -= gain * innovation * gain.transpose();
  }

  /// Takes the place from the picture instead of the speed.
  void place(const boxlap::Point<double>& center) { state_.head<2>() << center.x, center.y; }

  void stop_growing() { state_.tail<2>().setZero(); }  // an unseen object keeps its size

  Box box() const {
    return boxlap::from_cxcywh(state_(0), state_(1), std::max(1.0, state_(2)), std::max(1.0, state_(3)));
  }

 private:
  using Matrix8 = Eigen::Matrix<double, 8, 8>;
  static Eigen::Vector4d measured(const Box& box) {
    const auto c = to_cxcywh(box);
    return {c.cx, c.cy, c.w, c.h};
  }
  double box_height() const { return std::max(1.0, state_(3)); }

  Eigen::Matrix<double, 8, 1> state_;
  Matrix8 covariance_;
};

// ---- the tracker

struct TrackerOptions {
  double min_score = 0.6;   ///< detections from here on start and continue tracks, weaker ones only continue them
  double weakest = 0.1;     ///< below this a detection is nothing
  double gate = 0.3;        ///< least IoU with a strong detection: SORT's
  double weak_gate = 0.5;   ///< with a weak one
  double young_gate = 0.3;  ///< of a track seen once
  int patience = 30;        ///< frames a track may stay unseen
};

class Tracker {
 public:
  explicit Tracker(TrackerOptions options) : options_(options) {}

  /// Takes the detections of the next frame; returns the tracks seen in it. With a picture, tracks are predicted to be
  /// where the picture around them went, and by their speed only where it does not say.
  std::vector<Observation> next(const std::vector<Observation>& detections, const ImageMotion* picture = nullptr) {
    for (Track& track : tracks_) {
      if (track.unseen > 0) track.motion.stop_growing();
      const Box before = track.motion.box();
      track.motion.predict();
      if (const auto moved = picture != nullptr ? (*picture)(before) : std::nullopt) {
        track.motion.place({center(before).x + moved->x, center(before).y + moved->y});
      }
      ++track.unseen;
    }
    std::vector<const Observation*> strong, weak;
    for (const Observation& d : detections) {
      if (d.score >= options_.min_score)
        strong.push_back(&d);
      else if (d.score >= options_.weakest)
        weak.push_back(&d);
    }
    std::vector<Track*> known, seen_before, young;
    for (Track& track : tracks_) (track.hits > 1 ? known : young).push_back(&track);
    associate(known, strong, options_.gate);
    for (Track* track : known) {
      if (track->unseen == 1) seen_before.push_back(track);  // those lost earlier wait for a strong detection
    }
    associate(seen_before, weak, options_.weak_gate);
    associate(young, strong, options_.young_gate);
    std::erase_if(tracks_, [&](const Track& t) { return t.unseen > (t.hits > 1 ? options_.patience : 0); });
    for (const Observation* d : strong) {
      tracks_.push_back({next_id_++, Motion(d->box), 1, 0, d->score});
    }
    const bool first_frame = frames_++ == 0;
    std::vector<Observation> seen;
    for (const Track& t : tracks_) {
      if (t.unseen == 0 && (t.hits > 1 || first_frame)) seen.push_back({t.id, t.motion.box(), t.score});
    }
    return seen;
  }

 private:
  struct Track {
    int id;
    Motion motion;
    int hits, unseen;
    double score;
  };

  /// Matches tracks with detections whose IoU is above the gate, at the largest sum of (IoU - gate); matched ones are
  /// updated and taken off `detections`, and off `tracks`.
  void associate(std::vector<Track*>& tracks, std::vector<const Observation*>& detections, double gate) {
    const auto predicted = boxlap::view(tracks.size(), [&](Index i) { return tracks[at(i)]->motion.box(); });
    const auto found = boxlap::view(detections.size(), [&](Index j) { return detections[at(j)]->box; });
    boxlap::assign(boxlap::iou_matrix(predicted, found), {.objective = boxlap::Objective::max_gain, .gate = gate},
                   workspace_, matches_);
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      if (const Index j = matches_.col_of_row[i]; j != none) {
        Track& track = *tracks[i];
        track.motion.update(detections[at(j)]->box);
        track.score = detections[at(j)]->score;
        track.unseen = 0;
        ++track.hits;
        tracks[i] = nullptr;
        detections[at(j)] = nullptr;
      }
    }
    std::erase(tracks, nullptr);
    std::erase(detections, nullptr);
  }

  TrackerOptions options_;
  std::vector<Track> tracks_;
  int next_id_ = 1, frames_ = 0;
  boxlap::AssignWorkspace<double> workspace_;
  boxlap::Assignment<double> matches_;
};

// ---- how good tracks are

struct Score {
  long truths = 0, boxes = 0, matches = 0, switches = 0, identified = 0;
  long misses() const { return truths - matches; }
  long false_alarms() const { return boxes - matches; }
  double mota() const {
    return 1 - static_cast<double>(misses() + false_alarms() + switches) / static_cast<double>(std::max(1L, truths));
  }
  double idf1() const {
    return 2.0 * static_cast<double>(identified) / static_cast<double>(std::max(1L, truths + boxes));
  }
};

/// A number for each id, in the order of first appearance.
class Numbers {
 public:
  Index of(int id) { return numbers_.try_emplace(id, static_cast<Index>(numbers_.size())).first->second; }
  Index size() const { return static_cast<Index>(numbers_.size()); }

 private:
  std::map<int, Index> numbers_;
};

Score score_tracks(const Sequence& truth, const Sequence& tracks) {
  constexpr double least_iou = 0.5, keep = 1000;  // keep: more than all IoU of a frame, so that a track is not given up
  const double rounding = 1e-9;                   // an IoU of 0.5 is one
  Score score;
  std::map<int, int> track_of;                             // the track that an object was matched by last
  std::map<int, int> now;                                  // in the frame before
  std::map<std::pair<Index, Index>, std::int64_t> shared;  // frames in which an object and a track overlap
  Numbers objects, names;
  std::set<int> frames;
  for (const auto& [frame, boxes] : truth) frames.insert(frame);
  for (const auto& [frame, boxes] : tracks) frames.insert(frame);
  for (const int frame : frames) {
    static const std::vector<Observation> nothing;
    const auto t = truth.find(frame), p = tracks.find(frame);
    const std::vector<Observation>& wanted = t != truth.end() ? t->second : nothing;
    const std::vector<Observation>& given = p != tracks.end() ? p->second : nothing;
    score.truths += static_cast<long>(wanted.size());
    score.boxes += static_cast<long>(given.size());
    const auto box_of = [](const std::vector<Observation>& list) {
      return boxlap::view(list.size(), [&list](Index i) { return list[at(i)].box; });
    };
    for (const Observation& o : wanted) objects.of(o.id);
    for (const Observation& o : given) names.of(o.id);
    boxlap::Csr<double> iou = boxlap::iou_matrix(box_of(wanted), box_of(given), {.min = least_iou - rounding});
    boxlap::for_each_entry(iou, [&](Index i, Index j, double) {
      ++shared[{objects.of(wanted[at(i)].id), names.of(given[at(j)].id)}];
    });
    for (Index i = 0; i < iou.rows; ++i) {
      for (auto k = at(iou.row_offsets[at(i)]); k < at(iou.row_offsets[at(i) + 1]); ++k) {
        const auto before = now.find(wanted[at(i)].id);
        if (before != now.end() && before->second == given[at(iou.col_indices[k])].id) iou.values[k] += keep;
      }
    }
    const auto matched = boxlap::assign(iou);
    now.clear();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (const Index j = matched.col_of_row[i]; j != none) {
        const int id = wanted[i].id, track = given[at(j)].id;
        const auto last = track_of.find(id);
        score.switches += last != track_of.end() && last->second != track;
        track_of[id] = now[id] = track;
        ++score.matches;
      }
    }
  }
  std::vector<boxlap::Triple<std::int64_t>> together;
  for (const auto& [ids, count] : shared) together.push_back({ids.first, ids.second, count});
  score.identified = boxlap::assign(boxlap::make_csr(objects.size(), names.size(), together)).total;
  return score;
}

// ---- a scene without data

/// Eight people who walk across a street at their own pace, seen with jitter, gaps and false alarms.
void make_scene(Sequence& detections, Sequence& truth) {
  std::mt19937_64 rng(7);
  std::normal_distribution<double> jitter(0, 2);
  std::uniform_real_distribution<double> chance(0, 1);
  for (int frame = 1; frame <= 200; ++frame) {
    for (int person = 0; person < 8; ++person) {
      const double height = 90 + 10 * person, width = 0.4 * height, foot = 230 + 30 * person;
      const double x = person % 2 == 0 ? 30.0 + (1.5 + 0.3 * person) * frame : 690.0 - (1.2 + 0.3 * person) * frame;
      if (x < 0 || x > 720) continue;
      const Box box = boxlap::from_xywh(x, foot - height, width, height);
      truth[frame].push_back({person + 1, box, 1});
      const double seen = chance(rng);
      if (seen < 0.9) {  // some of them weakly
        const Box jittered{box.x1 + jitter(rng), box.y1 + jitter(rng), box.x2 + jitter(rng), box.y2 + jitter(rng)};
        detections[frame].push_back({-1, jittered, seen < 0.1 ? 0.3 : 0.9});
      }
    }
    if (chance(rng) < 0.1) {
      detections[frame].push_back({-1, boxlap::from_xywh(720 * chance(rng), 300 * chance(rng), 40.0, 90.0), 0.6});
    }
  }
}

/// Tracks the cars of a made film twice, without and with its pictures.
void compare_predictions(double shake, unsigned seed) {
  ShakyFilm film(shake, seed);
  ImageMotion picture;
  Tracker by_speed({}), by_picture({});
  Sequence truth, speed_tracks, picture_tracks;
  std::mt19937 rng(seed + 1);
  std::normal_distribution<double> jitter(0, 0.5);
  std::uniform_real_distribution<double> chance(0, 1);
  for (int frame = 1; frame <= 150; ++frame) {
    const auto [image, boxes] = film.next();
    std::vector<Observation> detections;
    for (std::size_t k = 0; k < boxes.size(); ++k) {
      const Box& b = boxes[k];
      truth[frame].push_back({static_cast<int>(k), b, 1});
      if (chance(rng) < 0.95) {
        detections.push_back(
            {-1, {b.x1 + jitter(rng), b.y1 + jitter(rng), b.x2 + jitter(rng), b.y2 + jitter(rng)}, 0.9});
      }
    }
    picture.next(image);
    speed_tracks[frame] = by_speed.next(detections);
    picture_tracks[frame] = by_picture.next(detections, &picture);
  }
  for (const auto& [name, tracks] :
       {std::pair("constant velocity", &speed_tracks), {"image motion", &picture_tracks}}) {
    const Score s = score_tracks(truth, *tracks);
    std::printf("%-18s MOTA %5.1f %%, IDF1 %5.1f %%, %4ld switches, %5ld misses, %5ld false alarms\n", name,
                100 * s.mota(), 100 * s.idf1(), s.switches, s.misses(), s.false_alarms());
  }
}

// ---- the picture

/// The feet of each object through time: truth as wide pale lines, tracks on top in colours, with their last boxes.
void draw(const Sequence& truth, const Sequence& tracks, const std::string& path) {
  Box all{1e300, 1e300, -1e300, -1e300};
  std::map<int, std::vector<boxlap::Point<double>>> truth_paths, paths;
  std::map<int, Box> last;
  const auto collect = [&](const Sequence& from, auto& to) {
    for (const auto& [frame, boxes] : from) {
      for (const Observation& o : boxes) {
        to[o.id].push_back({(o.box.x1 + o.box.x2) / 2, o.box.y2});
        all = {std::min(all.x1, o.box.x1), std::min(all.y1, o.box.y1), std::max(all.x2, o.box.x2),
               std::max(all.y2, o.box.y2)};
      }
    }
  };
  collect(truth, truth_paths);
  collect(tracks, paths);
  for (const auto& [frame, boxes] : tracks) {
    for (const Observation& o : boxes) last[o.id] = o.box;
  }
  if (!(all.x1 < all.x2)) throw std::runtime_error("there is nothing to draw");
  const double strip = 0.07 * (all.y2 - all.y1), margin = 0.02 * (all.x2 - all.x1);
  svg::Canvas canvas(all.x1 - margin, all.y1 - strip - margin, all.x2 - all.x1 + 2 * margin,
                     all.y2 - all.y1 + strip + 2 * margin);
  for (const auto& [id, points] : truth_paths) canvas.polyline(points, {.stroke = svg::light_grey, .width = 9});
  const std::array<std::string_view, 3> dashes{"", "9 4",
                                               "2 3"};  // colours repeat after eight tracks, patterns tell them apart
  std::size_t k = 0;
  for (const auto& [id, points] : paths) {
    const std::string_view colour = svg::palette[k % 8], dash = dashes[k / 8 % 3];
    canvas.box(last[id], {.stroke = colour, .width = 1, .opacity = 0.5, .dash = dash});
    canvas.polyline(points, {.stroke = colour, .width = 2.5, .dash = dash});
    canvas.circle(points.front().x, points.front().y, 4 * canvas.unit(), {.fill = colour});
    canvas.text(points.back().x + 4 * canvas.unit(), points.back().y - 4 * canvas.unit(), std::to_string(id), 15,
                svg::Anchor::start, colour);
    ++k;
  }
  canvas.legend_row(all.x1, all.y1 - strip / 2 - margin / 2,
                    {{"truth, where its feet went", {.fill = svg::light_grey}},
                     {"tracks, numbered at their end; dot: start, box: last seen", {.fill = svg::blue}}},
                    15);
  canvas.save(path);
}

/// "img1/%06d.png" and 7: img1/000007.png.
std::string frame_path(const std::string& pattern, int frame) {
  const auto start = pattern.find('%'), end = pattern.find('d', start);
  if (start == std::string::npos || end == std::string::npos) {
    throw std::runtime_error(pattern + ": expected the frame's number as %06d");
  }
  const std::string digits = std::to_string(frame), form = pattern.substr(start + 1, end - start - 1);
  const auto width = form.empty() ? std::size_t{0} : static_cast<std::size_t>(std::stoul(form));
  return pattern.substr(0, start) + std::string(width > digits.size() ? width - digits.size() : 0, '0') + digits +
         pattern.substr(end + 1);
}

/// The number that follows an option.
double number_of(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value) || value < 0 || value > 1e9) {
    throw std::runtime_error(option + ": expected a number of 0 or more, got '" + text + "'");
  }
  return value;
}

constexpr const char* usage =
    "usage: track [--detections det.txt] [--truth gt.txt] [--out result.txt] [--svg tracks.svg] [--min-score 0.6]\n"
    "             [--images img1/%06d.png]\n"
    "       track --results result.txt --truth gt.txt\n"
    "       track --shake pixels [--seed 1]\n"
    "Files are MOTChallenge's: frame,id,left,top,width,height,confidence. Without arguments: a small scene of its own.";

int run(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--help") {
    std::puts(usage);
    return 0;
  }
  std::map<std::string, std::string> option;
  const std::set<std::string> known{"--detections", "--truth", "--out",  "--svg",   "--results",
                                    "--min-score",  "--shake", "--seed", "--images"};
  for (int k = 1; k < argc; k += 2) {
    if (known.count(argv[k]) == 0 || k + 1 >= argc) {
      throw std::runtime_error(std::string(argv[k]) + ": unknown option or no value\n" + usage);
    }
    option[argv[k]] = argv[k + 1];
  }
  if (option.count("--shake") != 0) {
    compare_predictions(
        number_of("--shake", option["--shake"]),
        option.count("--seed") != 0 ? static_cast<unsigned>(number_of("--seed", option["--seed"])) : 1U);
    return 0;
  }
  const bool own_scene = option.count("--detections") == 0 && option.count("--results") == 0;
  Sequence detections, truth, tracks;
  if (own_scene) make_scene(detections, truth);
  if (option.count("--detections") != 0) detections = read_mot(option["--detections"]);
  if (option.count("--truth") != 0) truth = read_mot(option["--truth"]);

  if (option.count("--results") != 0) {
    tracks = read_mot(option["--results"]);
  } else if (!detections.empty()) {
    TrackerOptions options;
    if (option.count("--min-score") != 0) {
      options.min_score = number_of("--min-score", option["--min-score"]);
    }
    Tracker tracker(options);
    ImageMotion picture;
    const int first = detections.begin()->first, last = detections.rbegin()->first;
    const auto start = std::chrono::steady_clock::now();
    for (int frame = first; frame <= last; ++frame) {
      const auto found = detections.find(frame);
      if (option.count("--images") != 0) picture.next(::picture::read(frame_path(option["--images"], frame)));
      auto seen = tracker.next(found != detections.end() ? found->second : std::vector<Observation>{},
                               option.count("--images") != 0 ? &picture : nullptr);
      if (!seen.empty()) tracks[frame] = std::move(seen);
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%d frames, %.0f frames a second\n", last - first + 1, (last - first + 1) / seconds);
  }
  if (option.count("--out") != 0) write_file(option["--out"], mot_lines(tracks));
  if (option.count("--svg") != 0) draw(truth, tracks, option["--svg"]);
  if (truth.empty()) return 0;
  const Score s = score_tracks(truth, tracks);
  std::printf("MOTA %.1f %%, IDF1 %.1f %%, %ld switches, %ld misses, %ld false alarms, %ld truths\n", 100 * s.mota(),
              100 * s.idf1(), s.switches, s.misses(), s.false_alarms(), s.truths);
  return own_scene && !(s.mota() > 0.8 && s.idf1() > 0.8) ? 1
                                                          : 0;  // the scene is easy: less means that something broke
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "track: %s\n", error.what());
    return 2;
  }
}
