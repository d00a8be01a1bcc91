// What a value of each type says before anybody has filled it in: nothing found, no row, one thread. Programs that make
// results of their own, or take options as they come, rely on it.
#include <boxlap/evaluate/center_distance.hpp>
#include <boxlap/evaluate/coco_types.hpp>
#include <boxlap/evaluate/confusion.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/evaluate/tide.hpp>
#include <boxlap/evaluate/voc.hpp>
#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/match/anchors.hpp>
#include <boxlap/match/assign.hpp>
#include <boxlap/match/assign_dense.hpp>
#include <boxlap/match/certify.hpp>
#include <boxlap/match/greedy.hpp>
#include <boxlap/nms/fusion.hpp>
#include <boxlap/nms/merge.hpp>
#include <boxlap/nms/presets.hpp>
#include <boxlap/nms/soft.hpp>
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/raster/box_window.hpp>
#include <boxlap/raster/lee.hpp>
#include <boxlap/raster/lucas_kanade.hpp>
#include <boxlap/shape/polygon.hpp>

#include <limits>
#include <optional>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

TEST_CASE("results that nobody filled in hold nothing", "[defaults]") {
  CHECK(ConfusionCell{} == ConfusionCell{false, false, 0, 0, 0});
  CHECK(AssignedPair{} == AssignedPair{none, none, 0, false});
  CHECK(LabelTally{} == LabelTally{0, 0, 0, 0});
  CHECK(ImageScore{} == ImageScore{0, 0, 0, 0, 0, {}, {}});
  CHECK(ClassScore{} == ClassScore{0, 0, 0, 0});
  CHECK(CocoGroup{} == CocoGroup{0, 0});
  CHECK(RingRepair{} == RingRepair{0, Repair::reversed});
  const DatasetScore score;
  CHECK((score.images == 0 && score.truths == 0 && score.predictions == 0 && score.pairs == 0 && score.matches == 0));
  CHECK((score.sum_iou == 0 && score.box_recall == 0 && score.box_precision == 0 && score.pooled_recall == 0));
  CHECK((score.box_precision_all_images == 0 && score.pooled_precision == 0 && score.class_recall.empty()));
  const CocoImage image;
  CHECK((image.id == 0 && image.areas == 0 && image.thresholds == 0 && image.groups.empty()));
  const CocoArea area;
  CHECK((area.least == 0 && area.most == 0));
  CHECK(CocoMatch{}.detection == none);
  const TideDetection tide;
  CHECK((tide.score == 0 && tide.category == 0 && !tide.correct && !tide.ignored && !tide.fix_finds));
  CHECK((tide.error == TideError::background && tide.fixed_category == 0));
  const TideTruths truths;
  CHECK((truths.category == 0 && truths.positives == 0 && truths.unfound == 0 && truths.missed == 0));
  const TideSummary summary;
  CHECK((summary.ap == 0 && summary.false_positives == 0 && summary.false_negatives == 0));
  CHECK((summary.d_ap[0] == 0 && summary.counts[0] == 0 && TideImage{}.id == 0));
  const VocGroup group;
  CHECK((group.category == 0 && group.positives == 0 && group.detections == 0 && VocImage{}.id == 0));
  const VocClass one;
  CHECK((one.category == 0 && one.positives == 0 && one.true_positives == 0 && one.false_positives == 0));
  CHECK((one.ap == 0 && VocSummary{}.mean_ap == 0));
  const CenterDetection<2> center;
  CHECK((center.score == 0 && !center.found && center.errors[0] == 0 && center.errors[1] == 0));
  const CenterImage<2> centers;
  CHECK((centers.id == 0 && centers.positives == 0));
  const CenterSummary<2> distances;
  CHECK((distances.ap == 0 && distances.errors[1] == 0 && distances.positives == 0));
  CHECK((distances.true_positives == 0 && distances.false_positives == 0));
}

TEST_CASE("matchings and matrices that nobody filled in are empty", "[defaults]") {
  const Assignment<float> assignment;
  CHECK((assignment.count == 0 && assignment.total == 0 && assignment.col_of_row.empty()));
  const DenseAssignment<double> dense;
  CHECK((dense.count == 0 && dense.total == 0));
  const Certificate<double> certificate;
  CHECK((!certificate.valid && certificate.gap == 0 && certificate.pair_gap == 0 && certificate.worst == 0));
  CHECK((certificate.row == none && certificate.col == none && *certificate.fault == '\0'));
  CHECK(GreedyMatches{}.count == 0);
  const Csr<float> csr;
  const CsrView<float> view;
  CHECK((csr.rows == 0 && csr.cols == 0 && view.rows == 0 && view.cols == 0));
  const BoxMotion motion;
  CHECK((motion.x == 0 && motion.y == 0 && motion.eigenvalue == 0 && motion.pixels == 0));
}

TEST_CASE("options are what their doc blocks say, on one thread", "[defaults]") {
  const JoinOptions join;
  const OverlapOptions overlap;
  CHECK((!join.touching && join.threads == 1 && overlap.min == 0 && overlap.threads == 1));
  const NmsOptions nms;
  CHECK((nms.iou_threshold == 0.5 && !nms.suppress_equal && nms.threads == 1));
  const SoftNmsOptions soft;
  CHECK((soft.decay == Decay::gaussian && soft.iou_threshold == 0.3 && soft.sigma == 0.5));
  CHECK(soft.score_threshold == 0.001);
  const FusionOptions fusion;
  CHECK((fusion.iou_threshold == 0.55 && fusion.skip_below == 0 && fusion.score == FusedScore::average));
  CHECK_FALSE(fusion.allow_overflow);
  const MergeOptions merge;
  CHECK((merge.threshold == 0.5 && merge.rule == MergeRule::sahi_greedy));
  const presets::OpencvOptions opencv;
  CHECK((opencv.score_threshold == 0 && opencv.nms_threshold == 0.5F && opencv.eta == 1 && opencv.top_k == 0));
  const presets::OnnxOptions onnx;
  CHECK((onnx.iou_threshold == 0 && onnx.score_threshold == std::nullopt && !onnx.center_point_box));
  const AssignOptions assign;
  CHECK((assign.objective == Objective::max_total && assign.gate == 0 && assign.among_optima == AmongOptima::any));
  CHECK_FALSE(DenseOptions{}.maximize);
  const AnchorOptions anchors;
  CHECK((anchors.high == 0.7 && anchors.low == 0.3 && anchors.low_quality && anchors.ignore_unreached_truths));
  CHECK((anchors.tie_tolerance == 0 && anchors.threads == 1));
  const SsdOptions ssd;
  CHECK((ssd.threshold == 0.5 && ssd.ignore_unreached_truths && ssd.threads == 1));
  const MaxIouOptions max_iou;
  CHECK((max_iou.positive == 0.5 && max_iou.negative == 0.4 && max_iou.negative_from == 0));
  CHECK((max_iou.min_positive == 0 && max_iou.low_quality && max_iou.all_ties && max_iou.ignore == -1));
  CHECK((max_iou.ignore_by_anchor && max_iou.threads == 1));
  const GreedyOptions greedy;
  CHECK((greedy.threshold == 0.5 && greedy.rule == GreedyRule::coco && greedy.values == Values::overlap));
}

TEST_CASE("options of evaluation and of images are what their doc blocks say", "[defaults]") {
  const ScoreOptions score;
  CHECK((score.iou_threshold == 0.4 && score.rule == MatchRule::intersection && score.threads == 1));
  const ConfusionOptions confusion;
  CHECK((confusion.min_score == 0.25 && confusion.iou_threshold == 0.5));
  const CenterOptions center;
  CHECK((center.min_recall == 0.1 && center.min_precision == 0.1));
  const VocOptions voc;
  CHECK((voc.iou_threshold == 0.5 && !voc.at_least && voc.threads == 1));
  const TideOptions tide;
  CHECK((tide.positive == 0.5 && tide.background == 0.1 && tide.max_detections == 100));
  const CocoQuirks quirks, off = CocoQuirks::none();
  CHECK((quirks.closed_areas && quirks.later_truth_wins && quirks.crowd_overwrites_ignore));
  CHECK((quirks.id_zero_is_unmatched && quirks.rounded_recall_points && quirks.ap_needs_100_detections));
  CHECK((!off.closed_areas && !off.later_truth_wins && !off.crowd_overwrites_ignore));
  CHECK((!off.id_zero_is_unmatched && !off.rounded_recall_points && !off.ap_needs_100_detections));
  const CocoOptions coco;
  REQUIRE(coco.iou_thresholds.size() == 10);
  for (std::size_t k = 0; k < 10; ++k) {
    CHECK(coco.iou_thresholds[k] == (k == 8 ? 0.8999999999999999 : double(50 + 5 * k) / 100));
  }
  REQUIRE(coco.areas.size() == 4);
  const double least[] = {0, 0, 1024, 9216}, most[] = {1e10, 1024, 9216, 1e10};
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK((coco.areas[k].least == least[k] && coco.areas[k].most == most[k]));
  }
  CHECK(coco.max_detections == std::vector<Index>{1, 10, 100});
  CHECK((coco.use_categories && !coco.list_matches && coco.threads == 1));
  const WindowOptions window;
  CHECK((window.border == Border::reflect && !window.skip_nan && !window.mask.given() && window.threads == 1));
  CHECK(FlowOptions{}.threads == 1);
  const Speckle speckle;
  CHECK((speckle.cu == 1 && speckle.cmax == std::numeric_limits<double>::infinity() && speckle.damping == 1));
}
