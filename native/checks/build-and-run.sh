#!/bin/sh
# Builds the spatial kernels for every instruction set and runs their check program:
#   native/checks/build-and-run.sh [check|bench] [avx512|avx2|portable ...]
set -eu
cd "$(dirname "$0")/.."
mode=${1:-check}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- avx512 avx2 portable
out=${TANUKI_CHECK_BUILD:-${TMPDIR:-/tmp}/tanuki-spatial-check}
mkdir -p "$out"
flags="-std=c++17 -Wall -Wextra -Wno-psabi ${TANUKI_CHECK_FLAGS:-}"
${CXX:-g++} $flags -O3 -mavx512f -mavx512vl -mavx512bw -mavx512dq -mavx2 -mfma -DTANUKI_ISA=avx512 -DTANUKI_LANES=16 -c kernels/spatial.cpp -o "$out/avx512.o"
${CXX:-g++} $flags -O3 -mavx2 -mfma -DTANUKI_ISA=avx2 -DTANUKI_LANES=8 -c kernels/spatial.cpp -o "$out/avx2.o"
${CXX:-g++} $flags -O3 -DTANUKI_ISA=portable -DTANUKI_LANES=8 -c kernels/spatial.cpp -o "$out/portable.o"
${CXX:-g++} $flags -O2 checks/spatial_check.cpp "$out/avx512.o" "$out/avx2.o" "$out/portable.o" -o "$out/spatial_check"
failed=0
for isa in "$@"; do "$out/spatial_check" "$mode" "$isa" || failed=1; done
exit $failed
