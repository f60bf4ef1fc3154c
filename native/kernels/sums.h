// Sums over pixels: for each channel over a batch, for each image and channel, and the gradient of the latter.
#pragma once
#include "spatial_simd.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

// Long sums are made of sums over so many pixels, which keeps float32 rounding errors small.
constexpr int64_t kSumRun = 512;

template <bool WithProducts>
TANUKI_INLINE void plane_sums(const float* x, const float* z, int64_t pixels, Vec xShift, Vec zShift, Vec& sum, Vec& product) {
  for (int64_t start = 0; start < pixels; start += kSumRun) {
    const int64_t end = smaller(pixels, start + kSumRun);
    constexpr int U = kRegisterClass == 0 ? 2 : 4;
    Vec s[U] = {}, q[U] = {};
    int64_t i = start;
    for (; i + U <= end; i += U) {
      TANUKI_UNROLL for (int u = 0; u < U; u++) {
        const Vec v = load(x + (i + u) * L) - xShift;
        s[u] += v;
        if constexpr (WithProducts) q[u] += v * (load(z + (i + u) * L) - zShift);
      }
    }
    for (; i < end; i++) {
      const Vec v = load(x + i * L) - xShift;
      s[0] += v;
      if constexpr (WithProducts) q[0] += v * (load(z + i * L) - zShift);
    }
    TANUKI_UNROLL for (int u = 1; u < U; u++) {
      s[0] += s[u];
      q[0] += q[u];
    }
    sum += s[0];
    product += q[0];
  }
}

void channel_sums(const ChannelSums& a, int64_t begin, int64_t end) {
  const int64_t plane = a.pixels * L;
  for (int64_t q = begin; q < end; q++) {
    const int64_t cb = q / a.batch, p = q % a.batch * a.channelBlocks + cb;
    const Vec xShift = load_or_zero(a.xShift ? a.xShift + cb * L : nullptr);
    const float* x = a.x + p * plane;
    Vec sum = {}, product = {};
    if (a.productAcc) {
      const Vec zShift = a.z ? load_or_zero(a.zShift ? a.zShift + cb * L : nullptr) : xShift;
      plane_sums<true>(x, a.z ? a.z + p * plane : x, a.pixels, xShift, zShift, sum, product);
      add_to(a.productAcc + cb * L, product);
    } else {
      plane_sums<false>(x, x, a.pixels, xShift, xShift, sum, product);
    }
    if (a.sumAcc) add_to(a.sumAcc + cb * L, sum);
  }
}

void spatial_sums(const SpatialSums& a, int64_t begin, int64_t end) {
  const int64_t channelBlocks = (a.channels + L - 1) / L, plane = a.pixels * L;
  for (int64_t p = begin; p < end; p++) {
    const int64_t n = p / channelBlocks, cb = p % channelBlocks, lanes = smaller(L, a.channels - cb * L);
    Vec sum = {}, unused = {};
    plane_sums<false>(a.x + p * plane, nullptr, a.pixels, Vec{}, Vec{}, sum, unused);
    float values[L];
    store(values, sum * splat(a.scale));
    float* to = a.sums + n * a.channels + cb * L;
    if (lanes == L) store(to, sum * splat(a.scale));
    else std::memcpy(to, values, lanes * sizeof(float));
  }
}

void spatial_broadcast(const SpatialBroadcast& a, int64_t begin, int64_t end) {
  const int64_t channelBlocks = (a.channels + L - 1) / L, plane = a.pixels * L;
  const Vec low = splat(a.low), high = splat(a.high);
  for (int64_t q = begin; q < end; q++) {
    const int64_t cb = q / a.batch, n = q % a.batch, p = n * channelBlocks + cb, lanes = smaller(L, a.channels - cb * L);
    float values[L] = {};
    std::memcpy(values, a.values + n * a.channels + cb * L, lanes * sizeof(float));
    const Vec value = load(values) * splat(a.scale);
    float* dx = a.dx + p * plane;
    Vec kept = splat(static_cast<float>(a.pixels));  // pixels; their number times the value is more exact than a running sum
    if (a.y) {
      const float* y = a.y + p * plane;
      IntVec count = splat_int(0);
      for (int64_t i = 0; i < a.pixels; i++) {
        const Vec at = load(y + i * L);
        const IntVec inside = (at > low) & (at < high);
        store(dx + i * L, select(inside, value, Vec{}));
        count = count - inside;
      }
      kept = to_float(count);
    } else {
      for (int64_t i = 0; i < a.pixels; i++) store(dx + i * L, value);
    }
    const Vec sum = select(kept > Vec{}, kept * value, Vec{});
    if (a.sumAcc) add_to(a.sumAcc + cb * L, sum);
  }
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
