// Philox4x32-10 (Salmon et al., SC 2011): uniform random numbers that depend on their seed and position alone.
#pragma once
#include "elementwise_vector.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {


/** The 64-bit products of the low halves of the lanes. */
TANUKI_INLINE UQ multiplyLow(UQ a, UQ b) {
#if defined(__AVX512F__)
  // The form without a mask makes g++ 12 warn of its own undefined register.
  return reinterpret_cast<UQ>(
      _mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<UQ>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<UQ>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return (a & 0xffffffffull) * (b & 0xffffffffull);
#endif
}

/** The words of W / 2 blocks from `block` on, in order: each block in a 64-bit lane, of which only the low half counts. */
TANUKI_INLINE void philoxBlocks(uint32_t key0, uint32_t key1, uint64_t block, float* out) {
#if defined(__AVX512F__)
  UQ c0 = UQ{0, 1, 2, 3, 4, 5, 6, 7} + block;
#elif defined(__AVX2__)
  UQ c0 = UQ{0, 1, 2, 3} + block;
#else
  UQ c0 = UQ{0, 1} + block;
#endif
  UQ c1 = {}, c2 = {}, c3 = {};
  const UQ multiplier0 = UQ{} + 0xd2511f53ull, multiplier1 = UQ{} + 0xcd9e8d57ull;
  for (int round = 0; round < 10; round++) {
    const UQ p0 = multiplyLow(c0, multiplier0), p1 = multiplyLow(c2, multiplier1);
    c0 = (p1 >> 32) ^ c1 ^ static_cast<uint64_t>(key0);
    c2 = (p0 >> 32) ^ c3 ^ static_cast<uint64_t>(key1);
    c1 = p1;
    c3 = p0;
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  const UQ first = (c0 & 0xffffffffull) | (c1 << 32), second = (c2 & 0xffffffffull) | (c3 << 32);
#if defined(__AVX512F__)
  const UQ low = __builtin_shufflevector(first, second, 0, 8, 1, 9, 2, 10, 3, 11);
  const UQ high = __builtin_shufflevector(first, second, 4, 12, 5, 13, 6, 14, 7, 15);
#elif defined(__AVX2__)
  const UQ low = __builtin_shufflevector(first, second, 0, 4, 1, 5);
  const UQ high = __builtin_shufflevector(first, second, 2, 6, 3, 7);
#else
  const UQ low = __builtin_shufflevector(first, second, 0, 2);
  const UQ high = __builtin_shufflevector(first, second, 1, 3);
#endif
  const U words0 = reinterpret_cast<U>(low) >> 8, words1 = reinterpret_cast<U>(high) >> 8;
  store(out, toFloat(reinterpret_cast<I>(words0)) * 0x1p-24f);
  store(out + W, toFloat(reinterpret_cast<I>(words1)) * 0x1p-24f);
}

void philoxUniform(const int32_t seed[2], float* out, int64_t begin, int64_t end) {
  const uint32_t key0 = static_cast<uint32_t>(seed[0]), key1 = static_cast<uint32_t>(seed[1]);
  constexpr int64_t kGroup = 2 * W;
  for (int64_t at = begin; at < end;) {
    const int64_t group = at / kGroup * kGroup;
    const uint64_t block = static_cast<uint64_t>(group / 4);
    if (at == group && end - at >= kGroup) {
      philoxBlocks(key0, key1, block, out + at);
      at += kGroup;
    } else {
      float words[kGroup];
      philoxBlocks(key0, key1, block, words);
      const int64_t stop = group + kGroup < end ? group + kGroup : end;
      for (; at < stop; at++) out[at] = words[at - group];
    }
  }
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
