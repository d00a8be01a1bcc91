#!/bin/bash
# What one #include costs: user seconds of a file that holds nothing else, the best of RUNS (5) alternating runs, and the
# ratio to the bare standard headers. Usage: [RUNS=5] benchmarks/compile_time.sh [compiler] [flags...]
set -eu
cd "$(dirname "$0")/.."
compiler=${1:-g++}
shift || true
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
names=(standard core.hpp pairs/overlaps.hpp nms/nms.hpp match/assign.hpp evaluate/detection.hpp evaluate/coco.hpp
  shape/rotated_box.hpp shape/polygon.hpp eigen.hpp raster/window.hpp pairs/center_index.hpp boxlap.hpp)
for ((run = 0; run < ${RUNS:-5}; ++run)); do
  for k in "${!names[@]}"; do
    printf '#include <%s>\n' vector span algorithm cmath string thread >"$folder/file.cpp"
    [ "${names[k]}" = standard ] || echo "#include <boxlap/${names[k]}>" >>"$folder/file.cpp"
    TIMEFORMAT=%U
    { time "$compiler" -std=c++20 -O2 "$@" -I include -isystem /usr/include/eigen3 -c "$folder/file.cpp" \
      -o "$folder/file.o"; } 2>>"$folder/$k"
  done
done
echo "| header | seconds | ratio |"
echo "|---|---|---|"
standard=$(sort -n "$folder/0" | head -1)
for k in "${!names[@]}"; do
  sort -n "$folder/$k" | head -1 | awk -v name="${names[k]}" -v standard="$standard" \
    '{ printf "| %s | %.2f | %.2f |\n", name, $1, $1 / standard }'
done
