#!/bin/bash
# What boxlap costs a file that uses it: user seconds of #includes alone, and of a file with one call, the best of RUNS
# (5) alternating runs, the ratio to a file that includes some standard headers and nothing else, and the machine code
# of the calls. Usage: [RUNS=5] benchmarks/compile_time.sh [compiler] [flags...]
set -eu
cd "$(dirname "$0")/.."
compiler=${1:-g++}
shift || true
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

names=()
add() {  # name, then the text of the file
  names+=("$1")
  printf '%b' "$2" >"$folder/$((${#names[@]} - 1)).cpp"
}
standard='#include <algorithm>\n#include <cmath>\n#include <span>\n#include <string>\n#include <thread>\n#include <vector>\n'
add "standard headers" "$standard"
for header in core.hpp pairs/overlaps.hpp nms/nms.hpp match/assign.hpp evaluate/detection.hpp evaluate/coco.hpp \
  shape/rotated_box.hpp shape/polygon.hpp eigen.hpp raster/window.hpp pairs/center_index.hpp boxlap.hpp; do
  add "\`#include <boxlap/$header>\`" "$standard#include <boxlap/$header>\n"
done
boxes='using Boxes = std::vector<boxlap::Box<float>>;\n'
kept='std::vector<boxlap::Index> kept'
nms='#include <boxlap/nms/nms.hpp>\n' batched='#include <boxlap/nms/batched.hpp>\n'
overlaps='#include <boxlap/pairs/overlaps.hpp>\n' assign='#include <boxlap/match/assign.hpp>\n'
add "one \`nms\`" "#include <vector>\n$nms$boxes$kept(const Boxes& b, const std::vector<float>& s) {
  return boxlap::nms(b, s, 0.5f);\n}\n"
call_batched="$kept(const Boxes& b, const std::vector<float>& s, const std::vector<int>& l) {
  return boxlap::batched_nms(b, s, l, 0.5f);\n}\n"
add "one \`batched_nms\`" "#include <vector>\n$batched$boxes$call_batched"
add "one \`pairs\`" "#include <vector>\n#include <boxlap/pairs/join.hpp>\n${boxes}auto meet(const Boxes& a, const Boxes& b) {
  return boxlap::pairs(a, b);\n}\n"
add "one \`iou_matrix\`" "#include <vector>\n$overlaps${boxes}auto matrix(const Boxes& a, const Boxes& b) {
  return boxlap::iou_matrix(a, b);\n}\n"
add "\`batched_nms\`, \`iou_matrix\` and \`assign\`" "#include <vector>\n$batched$overlaps$assign$boxes$call_batched
auto match(const Boxes& a, const Boxes& b) {\n  return boxlap::assign(boxlap::iou_matrix(a, b));\n}\n"

for ((run = 0; run < ${RUNS:-5}; ++run)); do
  for k in "${!names[@]}"; do
    TIMEFORMAT=%U
    { time "$compiler" -std=c++20 -O2 "$@" -I include -isystem /usr/include/eigen3 -c "$folder/$k.cpp" \
      -o "$folder/$k.o"; } 2>>"$folder/$k"
  done
done
echo "| file | seconds | ratio | machine code, kB |"
echo "|---|---|---|---|"
least=$(sort -n "$folder/0" | head -1)
for k in "${!names[@]}"; do
  code=$(size "$folder/$k.o" | awk 'NR == 2 { printf "%.0f", $1 / 1000 }')
  sort -n "$folder/$k" | head -1 | awk -v name="${names[k]}" -v least="$least" -v code="$code" \
    '{ printf "| %s | %.2f | %.2f | %s |\n", name, $1, $1 / least, code }'
done
