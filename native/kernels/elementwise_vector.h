// Vectors of W lanes, W being what the instruction set holds in one register, and the helpers these kernels are written with.
//
// Included once for each instruction set. Everything stands in an unnamed namespace inside the one named after it, and no
// standard-library template is used: the linker must never merge two builds of one function.
// Compile with -ffp-contract=off: a * b + c must round twice on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <immintrin.h>
#endif
#include "elementwise.h"

#if !defined(TANUKI_ISA) || !defined(TANUKI_LANES)
#error "compile with -DTANUKI_ISA=avx512|avx2|portable and -DTANUKI_LANES=16|8|8"
#endif

// All functions that take vectors are inlined, so their calling convention does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"
#define TANUKI_INLINE inline __attribute__((always_inline))

namespace tanuki {
namespace TANUKI_ISA {
namespace {

// Vectors wider than a register would be split badly (comparisons element by element), so portable code uses 4 lanes.
#if defined(__AVX512F__)
constexpr int W = 16;
#elif defined(__AVX2__)
constexpr int W = 8;
#else
constexpr int W = 4;
#endif

typedef float F __attribute__((vector_size(W * 4)));
typedef int32_t I __attribute__((vector_size(W * 4)));
typedef uint32_t U __attribute__((vector_size(W * 4)));
typedef double D __attribute__((vector_size(W * 4)));  // W / 2 lanes
typedef int64_t Q __attribute__((vector_size(W * 4)));
typedef float HalfF __attribute__((vector_size(W * 2)));

typedef float UnalignedF __attribute__((vector_size(W * 4), aligned(4), may_alias));
typedef int32_t UnalignedI __attribute__((vector_size(W * 4), aligned(4), may_alias));
// For pointers that come as void*, whatever they were declared as.
typedef float AliasF __attribute__((may_alias));
typedef int32_t AliasI __attribute__((may_alias));

TANUKI_INLINE F load(const float* p) { return *reinterpret_cast<const UnalignedF*>(p); }
TANUKI_INLINE void store(float* p, F v) { *reinterpret_cast<UnalignedF*>(p) = v; }
TANUKI_INLINE I load(const int32_t* p) { return *reinterpret_cast<const UnalignedI*>(p); }
TANUKI_INLINE void store(int32_t* p, I v) { *reinterpret_cast<UnalignedI*>(p) = v; }

TANUKI_INLINE F splat(float f) { return f - F{}; }
TANUKI_INLINE I splatI(int32_t i) { return i - I{}; }
TANUKI_INLINE D splatD(double d) { return d - D{}; }
TANUKI_INLINE I bits(F v) { return reinterpret_cast<I>(v); }
TANUKI_INLINE F floats(I v) { return reinterpret_cast<F>(v); }
TANUKI_INLINE Q bits(D v) { return reinterpret_cast<Q>(v); }
TANUKI_INLINE D doubles(Q v) { return reinterpret_cast<D>(v); }
typedef uint64_t UQ __attribute__((vector_size(W * 4)));
// Differences that may wrap around.
TANUKI_INLINE I minus(I a, I b) { return reinterpret_cast<I>(reinterpret_cast<U>(a) - reinterpret_cast<U>(b)); }
TANUKI_INLINE Q minus(Q a, Q b) { return reinterpret_cast<Q>(reinterpret_cast<UQ>(a) - reinterpret_cast<UQ>(b)); }
TANUKI_INLINE F toFloat(I v) { return __builtin_convertvector(v, F); }
/** Truncates; |v| must be below 2^31. */
TANUKI_INLINE I toInt(F v) { return __builtin_convertvector(v, I); }
TANUKI_INLINE F absolute(F v) { return floats(bits(v) & 0x7fffffff); }
TANUKI_INLINE I signBit(F v) { return bits(v) & splatI(INT32_MIN); }
TANUKI_INLINE F withSign(F magnitude, I sign) { return floats(bits(magnitude) | sign); }

#if defined(__AVX512F__)
// The form without a mask makes g++ 12 warn of its own undefined register.
TANUKI_INLINE F squareRoot(F v) {
  return reinterpret_cast<F>(_mm512_maskz_sqrt_ps(0xffff, reinterpret_cast<__m512>(v)));
}
TANUKI_INLINE HalfF lowHalf(F v) { return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7); }
TANUKI_INLINE HalfF highHalf(F v) { return __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15); }
TANUKI_INLINE F joinHalves(HalfF a, HalfF b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
TANUKI_INLINE bool any(I mask) { return _mm512_movepi32_mask(reinterpret_cast<__m512i>(mask)) != 0; }
#elif defined(__AVX2__)
TANUKI_INLINE F squareRoot(F v) { return reinterpret_cast<F>(_mm256_sqrt_ps(reinterpret_cast<__m256>(v))); }
TANUKI_INLINE HalfF lowHalf(F v) { return __builtin_shufflevector(v, v, 0, 1, 2, 3); }
TANUKI_INLINE HalfF highHalf(F v) { return __builtin_shufflevector(v, v, 4, 5, 6, 7); }
TANUKI_INLINE F joinHalves(HalfF a, HalfF b) { return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7); }
TANUKI_INLINE bool any(I mask) { return _mm256_movemask_ps(reinterpret_cast<__m256>(mask)) != 0; }
#else
#if defined(__SSE2__)
TANUKI_INLINE F squareRoot(F v) { return reinterpret_cast<F>(_mm_sqrt_ps(reinterpret_cast<__m128>(v))); }
#else
TANUKI_INLINE F squareRoot(F v) {
  for (int l = 0; l < W; l++) v[l] = __builtin_sqrtf(v[l]);
  return v;
}
#endif
TANUKI_INLINE HalfF lowHalf(F v) { return __builtin_shufflevector(v, v, 0, 1); }
TANUKI_INLINE HalfF highHalf(F v) { return __builtin_shufflevector(v, v, 2, 3); }
TANUKI_INLINE F joinHalves(HalfF a, HalfF b) { return __builtin_shufflevector(a, b, 0, 1, 2, 3); }
TANUKI_INLINE bool any(I mask) { return (mask[0] | mask[1] | mask[2] | mask[3]) != 0; }
#endif

/** The lanes of an F in float64. */
struct Wide {
  D low, high;
};
#if defined(__AVX512F__)
TANUKI_INLINE D toDouble(HalfF v) { return reinterpret_cast<D>(_mm512_maskz_cvtps_pd(0xff, reinterpret_cast<__m256>(v))); }
TANUKI_INLINE HalfF toFloat(D v) { return reinterpret_cast<HalfF>(_mm512_maskz_cvtpd_ps(0xff, reinterpret_cast<__m512d>(v))); }
#else
TANUKI_INLINE D toDouble(HalfF v) { return __builtin_convertvector(v, D); }
TANUKI_INLINE HalfF toFloat(D v) { return __builtin_convertvector(v, HalfF); }
#endif
TANUKI_INLINE Wide widen(F v) { return {toDouble(lowHalf(v)), toDouble(highHalf(v))}; }
TANUKI_INLINE F narrow(Wide v) { return joinHalves(toFloat(v.low), toFloat(v.high)); }

// g++ 12 converts vectors of bytes element by element, so these are spelt out. W bytes to and from 32 bits each.
#if defined(__AVX512F__)
TANUKI_INLINE I loadBytes(const uint8_t* p) {
  return reinterpret_cast<I>(_mm512_maskz_cvtepu8_epi32(0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
TANUKI_INLINE void storeBytes(uint8_t* p, I v) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_maskz_cvtepi32_epi8(0xffff, reinterpret_cast<__m512i>(v)));
}
#elif defined(__AVX2__)
TANUKI_INLINE I loadBytes(const uint8_t* p) {
  return reinterpret_cast<I>(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
TANUKI_INLINE void storeBytes(uint8_t* p, I v) {
  const __m256i low = _mm256_and_si256(reinterpret_cast<__m256i>(v), _mm256_set1_epi32(255));
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(words, words));
}
#else
TANUKI_INLINE I loadBytes(const uint8_t* p) {
  I v;
  for (int l = 0; l < W; l++) v[l] = p[l];
  return v;
}
TANUKI_INLINE void storeBytes(uint8_t* p, I v) {
  for (int l = 0; l < W; l++) p[l] = static_cast<uint8_t>(v[l]);
}
#endif

// The first `count` lanes, 0 <= count <= W; the others are loaded as 0 and not stored, and their memory is not touched.
#if defined(__AVX512F__)
TANUKI_INLINE I loadPart(const int32_t* p, int64_t count) {
  return reinterpret_cast<I>(_mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << count) - 1), p));
}
TANUKI_INLINE void storePart(int32_t* p, I v, int64_t count) {
  _mm512_mask_storeu_epi32(p, static_cast<__mmask16>((1u << count) - 1), reinterpret_cast<__m512i>(v));
}
#elif defined(__AVX2__)
TANUKI_INLINE __m256i firstLanes(int64_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
TANUKI_INLINE I loadPart(const int32_t* p, int64_t count) {
  return reinterpret_cast<I>(_mm256_maskload_epi32(p, firstLanes(count)));
}
TANUKI_INLINE void storePart(int32_t* p, I v, int64_t count) {
  _mm256_maskstore_epi32(p, firstLanes(count), reinterpret_cast<__m256i>(v));
}
#else
TANUKI_INLINE I loadPart(const int32_t* p, int64_t count) {
  const AliasI* const from = p;
  I v = {};
  for (int l = 0; l < W; l++)
    if (l < count) v[l] = from[l];
  return v;
}
TANUKI_INLINE void storePart(int32_t* p, I v, int64_t count) {
  AliasI* const to = p;
  for (int l = 0; l < W; l++)
    if (l < count) to[l] = v[l];
}
#endif

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
