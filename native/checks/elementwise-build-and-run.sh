#!/bin/sh
# Builds the elementwise kernels for every instruction set and runs their check program:
#   native/checks/elementwise-build-and-run.sh [check|bench] [avx512|avx2|portable ...]
# TANUKI_CHECK_FLAGS adds compiler flags, such as -fsanitize=address,undefined.
set -eu
cd "$(dirname "$0")/.."
mode=${1:-check}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- avx512 avx2 portable
out=${TANUKI_CHECK_BUILD:-${TMPDIR:-/tmp}/tanuki-elementwise-check}
mkdir -p "$out"
compiler="${CXX:-g++} -std=c++17 -Wall -Wextra -ffp-contract=off ${TANUKI_CHECK_FLAGS:-}"
$compiler -O3 -mavx512f -mavx512vl -mavx512bw -mavx512dq -mfma -DTANUKI_ISA=avx512 -DTANUKI_LANES=16 -c kernels/elementwise.cpp -o "$out/avx512.o"
$compiler -O3 -mavx2 -mfma -DTANUKI_ISA=avx2 -DTANUKI_LANES=8 -c kernels/elementwise.cpp -o "$out/avx2.o"
$compiler -O3 -DTANUKI_ISA=portable -DTANUKI_LANES=8 -c kernels/elementwise.cpp -o "$out/portable.o"
$compiler -O2 checks/elementwise_check*.cpp "$out/avx512.o" "$out/avx2.o" "$out/portable.o" -o "$out/elementwise_check"
for isa in "$@"; do "$out/elementwise_check" "$mode" "$isa"; done
