#!/bin/bash
# Builds the fuzz targets with clang and searches for inputs that break one:
#
#     tests/fuzz/run.sh [seconds a target] [target ...]
#
# Starts from the committed corpora. What is found stays in build/fuzz/inputs/NAME, what fails in build/fuzz/failed.
# To put new inputs into a corpus: fuzz_NAME -merge=1 -use_counters=0 NEW OLD, then fuzz_replay_NAME --pack NEW.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
shift || true
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
programs=build/fuzz/tests/fuzz
[ $# -gt 0 ] || set -- $(cd tests/fuzz && ls -- *_fuzz.cpp | sed 's/_fuzz\.cpp$//')
mkdir -p build/fuzz/failed
status=0
for name; do
  inputs=build/fuzz/inputs/$name
  mkdir -p "$inputs"
  "$programs/fuzz_replay_$name" --unpack "tests/fuzz/corpus/$name.txt" "$inputs"
  echo "=== $name"
  "$programs/fuzz_$name" "$inputs" -max_total_time="$seconds" -max_len=400 -len_control=10 -timeout=60 \
    -artifact_prefix="build/fuzz/failed/$name-" -print_final_stats=1 || status=1
done
exit $status
