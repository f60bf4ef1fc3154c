// Vectors of L float lanes and the few helpers all spatial kernels are written with.
//
// Included once for each instruction set (TANUKI_ISA, TANUKI_LANES). Everything stands in an unnamed namespace inside the one named
// after the instruction set, and no standard-library template is used: the linker must never merge two builds of one function.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include "spatial.h"

#if !defined(TANUKI_ISA) || !defined(TANUKI_LANES)
#error "compile with -DTANUKI_ISA=avx512|avx2|portable and -DTANUKI_LANES=16|8|8"
#endif

// All functions that take vectors are inlined, so their calling convention does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"
#define TANUKI_INLINE inline __attribute__((always_inline))
// For lambdas: [&](...) TANUKI_INLINED { ... }
#define TANUKI_INLINED __attribute__((always_inline))
// Before a loop of constant length: unrolled wholly, so that arrays of vectors become registers.
#define TANUKI_UNROLL _Pragma("GCC unroll 64")

namespace tanuki {
namespace TANUKI_ISA {
namespace {

constexpr int L = TANUKI_LANES;
#if defined(__AVX512F__)
constexpr int kRegisterClass = 2;  // 32 registers of one vector each
#elif defined(__AVX2__)
constexpr int kRegisterClass = 1;  // 16
#else
constexpr int kRegisterClass = 0;  // 16, two for one vector
#endif

typedef float Vec4 __attribute__((vector_size(16)));
typedef int32_t IntVec4 __attribute__((vector_size(16)));
typedef float UnalignedVec4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t UnalignedIntVec4 __attribute__((vector_size(16), aligned(4), may_alias));
TANUKI_INLINE Vec4 load4(const float* p) { return *reinterpret_cast<const UnalignedVec4*>(p); }
TANUKI_INLINE void store4(float* p, Vec4 v) { *reinterpret_cast<UnalignedVec4*>(p) = v; }

#if defined(__AVX2__)
// One register holds a vector; comparisons give an IntVec of 0 and -1.
typedef float Vec __attribute__((vector_size(L * 4)));
typedef int32_t IntVec __attribute__((vector_size(L * 4)));
typedef float UnalignedVec __attribute__((vector_size(L * 4), aligned(4), may_alias));
typedef int32_t UnalignedIntVec __attribute__((vector_size(L * 4), aligned(4), may_alias));

TANUKI_INLINE Vec load(const float* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
TANUKI_INLINE void store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
TANUKI_INLINE IntVec load_int(const int32_t* p) { return *reinterpret_cast<const UnalignedIntVec*>(p); }
TANUKI_INLINE void store_int(int32_t* p, IntVec v) { *reinterpret_cast<UnalignedIntVec*>(p) = v; }
TANUKI_INLINE Vec splat(float f) { return f - Vec{}; }
TANUKI_INLINE IntVec splat_int(int32_t i) { return i - IntVec{}; }
TANUKI_INLINE Vec select(IntVec mask, Vec a, Vec b) { return mask ? a : b; }
TANUKI_INLINE IntVec select(IntVec mask, IntVec a, IntVec b) { return mask ? a : b; }
TANUKI_INLINE IntVec truncate(Vec v) { return __builtin_convertvector(v, IntVec); }
TANUKI_INLINE Vec to_float(IntVec v) { return __builtin_convertvector(v, Vec); }
#else
// Two registers hold a vector. (GCC would keep a 32-byte vector type in memory.)
static_assert(L == 8, "the portable kernels have 8 lanes");
struct Vec {
  Vec4 a, b;
};
struct IntVec {
  IntVec4 a, b;
};
TANUKI_INLINE Vec load(const float* p) { return {load4(p), load4(p + 4)}; }
TANUKI_INLINE void store(float* p, Vec v) {
  store4(p, v.a);
  store4(p + 4, v.b);
}
TANUKI_INLINE IntVec load_int(const int32_t* p) {
  return {*reinterpret_cast<const UnalignedIntVec4*>(p), *reinterpret_cast<const UnalignedIntVec4*>(p + 4)};
}
TANUKI_INLINE void store_int(int32_t* p, IntVec v) {
  *reinterpret_cast<UnalignedIntVec4*>(p) = v.a;
  *reinterpret_cast<UnalignedIntVec4*>(p + 4) = v.b;
}
TANUKI_INLINE Vec splat(float f) { return {f - Vec4{}, f - Vec4{}}; }
TANUKI_INLINE IntVec splat_int(int32_t i) { return {i - IntVec4{}, i - IntVec4{}}; }
TANUKI_INLINE Vec select(IntVec mask, Vec x, Vec y) { return {mask.a ? x.a : y.a, mask.b ? x.b : y.b}; }
TANUKI_INLINE IntVec select(IntVec mask, IntVec x, IntVec y) { return {mask.a ? x.a : y.a, mask.b ? x.b : y.b}; }
TANUKI_INLINE IntVec truncate(Vec v) { return {__builtin_convertvector(v.a, IntVec4), __builtin_convertvector(v.b, IntVec4)}; }
TANUKI_INLINE Vec to_float(IntVec v) { return {__builtin_convertvector(v.a, Vec4), __builtin_convertvector(v.b, Vec4)}; }
#define TANUKI_LANEWISE(Result, Operand, op) \
  TANUKI_INLINE Result operator op(Operand x, Operand y) { return {x.a op y.a, x.b op y.b}; }
TANUKI_LANEWISE(Vec, Vec, +)
TANUKI_LANEWISE(Vec, Vec, -)
TANUKI_LANEWISE(Vec, Vec, *)
TANUKI_LANEWISE(Vec, Vec, /)
TANUKI_LANEWISE(IntVec, Vec, <)
TANUKI_LANEWISE(IntVec, Vec, >)
TANUKI_LANEWISE(IntVec, Vec, >=)
TANUKI_LANEWISE(IntVec, Vec, ==)
TANUKI_LANEWISE(IntVec, Vec, !=)
TANUKI_LANEWISE(IntVec, IntVec, +)
TANUKI_LANEWISE(IntVec, IntVec, -)
TANUKI_LANEWISE(IntVec, IntVec, *)
TANUKI_LANEWISE(IntVec, IntVec, &)
TANUKI_LANEWISE(IntVec, IntVec, |)
TANUKI_LANEWISE(IntVec, IntVec, ==)
TANUKI_LANEWISE(IntVec, IntVec, <)
#undef TANUKI_LANEWISE
TANUKI_INLINE Vec operator-(Vec x) { return {-x.a, -x.b}; }
TANUKI_INLINE Vec& operator+=(Vec& x, Vec y) { return x = x + y; }
#endif

TANUKI_INLINE Vec load_or_zero(const float* p) { return p ? load(p) : Vec{}; }
TANUKI_INLINE void add_to(float* p, Vec v) { store(p, load(p) + v); }

// NaN stays NaN.
TANUKI_INLINE Vec clamp(Vec v, Vec low, Vec high) {
  v = select(v < low, low, v);
  return select(v > high, high, v);
}
// value where low < at < high, else 0.
TANUKI_INLINE Vec mask_between(Vec at, Vec low, Vec high, Vec value) {
  value = select(at > low, value, Vec{});
  return select(at < high, value, Vec{});
}
// Takes v if v > m or v is NaN: NaN propagates.
TANUKI_INLINE Vec max_or_nan(Vec m, Vec v) { return select(v == v, select(v > m, v, m), v); }

TANUKI_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
TANUKI_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
TANUKI_INLINE int64_t ceil_div(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -((-a) / b); }
TANUKI_INLINE int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// An integer known when compiling, as the argument of a generic lambda: decltype(i)::value.
template <int I>
struct Index {
  static constexpr int value = I;
};

// The pointer, hidden from the optimiser: addresses near it become constant offsets instead of many hoisted sums.
TANUKI_INLINE const float* opaque(const float* p) {
  asm("" : "+r"(p));
  return p;
}

// Output positions [begin, end) of one axis whose whole window lies inside the input.
struct Interior {
  int64_t begin, end;
};
TANUKI_INLINE Interior interior_of(int64_t in, int64_t out, int64_t window, int64_t stride, int64_t pad) {
  const int64_t begin = smaller(out, larger(0, ceil_div(pad, stride)));
  const int64_t end = floor_div(in - window + pad, stride) + 1;
  return {begin, larger(begin, smaller(out, end))};
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
