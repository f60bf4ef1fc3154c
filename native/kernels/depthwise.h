// Depthwise convolution, forward and backward: a fast path for 3x3, 5x5 and 7x7 at stride 1 or 2, and dispatch to the general one.
#pragma once
#include "depthwise_general.h"
#include "depthwise_rows.h"
#include "spatial_simd.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

// --- Scratch: rings of zero-padded rows --------------------------------------------------------------------------------------------

// K rows of `width` vectors; row r lives in slot r % K. The values of a row begin after `margin` vectors.
struct Ring {
  float* base;
  int64_t width, margin, slots;

  TANUKI_INLINE float* row(int64_t r) const { return base + r % slots * width * L; }
  TANUKI_INLINE float* values(int64_t r) const { return row(r) + margin * L; }
  // Zeroes all but the places of the values.
  void clear_margins(int64_t valueCount) const {
    for (int64_t s = 0; s < slots; s++) {
      std::memset(row(s), 0, margin * L * sizeof(float));
      std::memset(values(s) + valueCount * L, 0, (width - margin - valueCount) * L * sizeof(float));
    }
  }
  int64_t floats() const { return slots * width * L; }
};

Ring input_ring(const DepthwiseGeometry& g, float* base) {
  const int64_t width = larger(g.padLeft + g.width, (g.outWidth - 1) * g.strideW + g.kernelW);
  return {base, width, g.padLeft, g.kernelH};
}
Ring gradient_ring(const DepthwiseGeometry& g, float* base) {
  const int64_t k = g.kernelW;
  if (g.strideW == 1) {
    const int64_t margin = k - 1 - g.padLeft;
    return {base, larger(margin + g.outWidth, g.width + k - 1), margin, k};
  }
  return {base, larger(k + g.outWidth, k + (g.width + 1) / 2 + g.padLeft / 2 + 2), k, k};
}

bool has_fast_depthwise(const DepthwiseGeometry& g) {
  return g.kernelH == g.kernelW && (g.kernelH == 3 || g.kernelH == 5 || g.kernelH == 7) && g.strideH == g.strideW &&
         (g.strideH == 1 || g.strideH == 2) && g.dilationH == 1 && g.dilationW == 1 && g.padTop >= 0 && g.padLeft >= 0 &&
         g.padLeft < g.kernelW && g.padTop < g.kernelH && g.outHeight > 0 && g.outWidth > 0 && g.height > 0 && g.width > 0;
}

bool is_unbounded(float low, float high) { return low == -kInfinity && high == kInfinity; }

TANUKI_INLINE void copy_row(float* to, const float* from, int64_t width, bool clamped, Vec low, Vec high) {
  if (!clamped) {
    std::memcpy(to, from, width * L * sizeof(float));
    return;
  }
  for (int64_t i = 0; i < width; i++) store(to + i * L, clamp(load(from + i * L), low, high));
}

// --- Forward -----------------------------------------------------------------------------------------------------------------------

template <int K, int S, bool Residual>
__attribute__((noinline)) void forward_row(const float* const* rows, int count, const float* weights, const float* bias, float low,
                                           float high, int64_t outWidth, const float* residual, float* y) {
  const Vec lowest = splat(low), highest = splat(high);
  convolve_row<K, S>(rows, count, weights, load_or_zero(bias), outWidth, [&](int64_t c, Vec v) TANUKI_INLINED {
    if constexpr (Residual) v += load(residual + c * L);
    store(y + c * L, clamp(v, lowest, highest));
  });
}

template <int K, int S>
void forward_fast(const DepthwiseForward& a, int64_t begin, int64_t end, float* scratch) {
  const DepthwiseGeometry& g = a.geometry;
  const Ring ring = input_ring(g, scratch);
  ring.clear_margins(g.width);
  const bool clamped = !is_unbounded(a.inputLow, a.inputHigh);
  const Vec inputLow = splat(a.inputLow), inputHigh = splat(a.inputHigh);
  for (int64_t p = begin; p < end; p++) {
    const int64_t cb = p % g.channelBlocks;
    const float* x = a.x + p * g.height * g.width * L;
    const float* weights = a.weights + cb * K * K * L;
    const float* bias = a.bias ? a.bias + cb * L : nullptr;
    int64_t copied = 0;
    for (int64_t o = 0; o < g.outHeight; o++) {
      const int64_t top = o * S - g.padTop;
      const int k0 = static_cast<int>(top < 0 ? -top : 0), k1 = static_cast<int>(smaller(K, g.height - top));
      for (; copied < top + k1; copied++) {
        copy_row(ring.values(copied), x + copied * g.width * L, g.width, clamped, inputLow, inputHigh);
      }
      const float* rows[K];
      for (int k = k0; k < k1; k++) rows[k - k0] = ring.row(top + k);
      const int64_t at = (p * g.outHeight + o) * g.outWidth * L;
      const int count = k1 > k0 ? k1 - k0 : 0;
      if (a.residual) {
        forward_row<K, S, true>(rows, count, weights + k0 * K * L, bias, a.low, a.high, g.outWidth, a.residual + at, a.y + at);
      } else {
        forward_row<K, S, false>(rows, count, weights + k0 * K * L, bias, a.low, a.high, g.outWidth, nullptr, a.y + at);
      }
    }
  }
}

// --- Backward ----------------------------------------------------------------------------------------------------------------------

// Copies one row of dy, masked by the forward result if there is one; returns its sum.
template <bool Masked>
TANUKI_INLINE Vec copy_gradient_row(float* to, const float* dy, const float* y, int64_t width, Vec low, Vec high) {
  Vec sum0 = {}, sum1 = {};
  int64_t i = 0;
  for (; i + 2 <= width; i += 2) {
    Vec v0 = load(dy + i * L), v1 = load(dy + i * L + L);
    if constexpr (Masked) {
      v0 = mask_between(load(y + i * L), low, high, v0);
      v1 = mask_between(load(y + i * L + L), low, high, v1);
    }
    store(to + i * L, v0);
    store(to + i * L + L, v1);
    sum0 += v0;
    sum1 += v1;
  }
  if (i < width) {
    Vec v = load(dy + i * L);
    if constexpr (Masked) v = mask_between(load(y + i * L), low, high, v);
    store(to + i * L, v);
    sum0 += v;
  }
  return sum0 + sum1;
}

// One row of dx by `convolve(put)`, which calls put(column, sum); returns the row's sum.
template <bool Masked, class Convolve>
TANUKI_INLINE Vec gradient_row(const float* x, float low, float high, float* dx, Convolve&& convolve) {
  const Vec lowest = splat(low), highest = splat(high);
  Vec sum = {};
  convolve([&](int64_t c, Vec v) TANUKI_INLINED {
    if constexpr (Masked) v = mask_between(load(x + c * L), lowest, highest, v);
    store(dx + c * L, v);
    sum += v;
  });
  return sum;
}

template <int K, bool Masked>
__attribute__((noinline)) void input_gradient_row1(const float* const* rows, int count, const float* flipped, int64_t width,
                                                   const float* x, float low, float high, float* dx, float* sum) {
  add_to(sum, gradient_row<Masked>(x, low, high, dx, [&](auto&& put) TANUKI_INLINED {
           convolve_row<K, 1>(rows, count, flipped, Vec{}, width, put);
         }));
}
template <int K, int P, bool Masked>
__attribute__((noinline)) void input_gradient_row2(const float* const* rows, const int* kys, int count, const float* weights,
                                                   int64_t padLeft, int64_t width, const float* x, float low, float high, float* dx,
                                                   float* sum) {
  add_to(sum, gradient_row<Masked>(x, low, high, dx, [&](auto&& put) TANUKI_INLINED {
           transposed_row<K, P>(rows, kys, count, weights, padLeft, width, put);
         }));
}

// As input_gradient_row1, with the gradient of the weights (flipped, as they are) from the same rows.
template <int K, int R, bool Masked>
__attribute__((noinline)) void joint_gradient_row(const DepthwiseBackward& a, const float* const* rows, const float* flipped, float* dwFlipped,
                                                  const float* x, float* dx, float* sum) {
  const bool clamped = !is_unbounded(a.inputLow, a.inputHigh);
  const Vec low = splat(a.inputLow), high = splat(a.inputHigh);
  const auto row = [&](auto&& loadX) TANUKI_INLINED {
    add_to(sum, gradient_row<Masked>(x, a.lowX, a.highX, dx, [&](auto&& put) TANUKI_INLINED {
             joint_row<K, R>(rows, flipped, dwFlipped, a.geometry.width, loadX, put);
           }));
  };
  if (clamped) row([&](int64_t c) TANUKI_INLINED { return clamp(load(x + c * L), low, high); });
  else row([&](int64_t c) TANUKI_INLINED { return load(x + c * L); });
}

// State of one plane on its way through backward_fast.
template <int K, int S>
struct BackwardPlane {
  const DepthwiseBackward& a;
  const float *x, *addend, *weights, *flipped;  // of this plane; x and addend may be null
  Ring dyRing;
  float* rowScratch;  // width + 1 vectors
  float* dwFlipped;   // where both gradients are made together, else null

  // Input row i from the rows of dy in the ring; its sum is added to `total`.
  TANUKI_INLINE void input_gradient(int64_t i, float* dx, float* total) const {
    const DepthwiseGeometry& g = a.geometry;
    const float* xRow = x ? x + i * g.width * L : nullptr;
    if (!addend) {
      convolved_row(i, xRow, a.maskX, dx, total);
      return;
    }
    convolved_row(i, xRow, false, rowScratch, rowScratch + g.width * L);
    add_to(total, finish_gradient_row(a, rowScratch, addend + i * g.width * L, xRow, dx));
  }

  TANUKI_INLINE void joint_rows(int count, const float* const* rows, const float* w, float* dw, const float* xRow, bool masked, float* to, float* sum) const {
    const auto run = [&](auto r) TANUKI_INLINED {
      if (masked) joint_gradient_row<K, decltype(r)::value, true>(a, rows, w, dw, xRow, to, sum);
      else joint_gradient_row<K, decltype(r)::value, false>(a, rows, w, dw, xRow, to, sum);
    };
    if (count == 0) std::memset(to, 0, a.geometry.width * L * sizeof(float));
    else with_width<K>(count, run);
  }

  TANUKI_INLINE void convolved_row(int64_t i, const float* xRow, bool masked, float* to, float* sum) const {
    const DepthwiseGeometry& g = a.geometry;
    const float* rows[K];
    if constexpr (S == 1) {
      const int64_t top = i + g.padTop - (K - 1);
      const int f0 = static_cast<int>(top < 0 ? -top : 0), f1 = static_cast<int>(smaller(K, g.outHeight - top));
      int count = 0;
      for (int k = f0; k < f1; k++) rows[count++] = dyRing.row(top + k);
      const float* w = flipped + f0 * K * L;
      if constexpr (kJointGradients<K, S>) {
        if (dwFlipped) {
          joint_rows(count, rows, w, dwFlipped + f0 * K * L, xRow, masked, to, sum);
          return;
        }
      }
      if (masked) input_gradient_row1<K, true>(rows, count, w, g.width, xRow, a.lowX, a.highX, to, sum);
      else input_gradient_row1<K, false>(rows, count, w, g.width, nullptr, 0, 0, to, sum);
    } else {
      int kys[K], count = 0;
      for (int k = static_cast<int>((i + g.padTop) & 1); k < K; k += 2) {
        const int64_t o = i + g.padTop - k;
        if (o < 0) break;
        if (o / 2 >= g.outHeight) continue;
        kys[count] = k;
        rows[count++] = dyRing.values(o / 2);
      }
      const bool odd = g.padLeft & 1;
      if (masked && odd) input_gradient_row2<K, 1, true>(rows, kys, count, weights, g.padLeft, g.width, xRow, a.lowX, a.highX, to, sum);
      else if (masked) input_gradient_row2<K, 0, true>(rows, kys, count, weights, g.padLeft, g.width, xRow, a.lowX, a.highX, to, sum);
      else if (odd) input_gradient_row2<K, 1, false>(rows, kys, count, weights, g.padLeft, g.width, nullptr, 0, 0, to, sum);
      else input_gradient_row2<K, 0, false>(rows, kys, count, weights, g.padLeft, g.width, nullptr, 0, 0, to, sum);
    }
  }
};

template <int K, int S>
void backward_fast(const DepthwiseBackward& a, int64_t begin, int64_t end, float* scratch) {
  const DepthwiseGeometry& g = a.geometry;
  const Ring xRing = input_ring(g, scratch);
  const Ring dyRing = gradient_ring(g, scratch + xRing.floats());
  float* flipped = dyRing.base + dyRing.floats();
  float* dw = flipped + K * K * L;       // this plane's weight gradient
  float* dxSum = dw + K * K * L;         // and sum of dx
  float* rowScratch = dxSum + L;
  xRing.clear_margins(g.width);
  dyRing.clear_margins(g.outWidth);
  const bool clamped = !is_unbounded(a.inputLow, a.inputHigh);
  const Vec inputLow = splat(a.inputLow), inputHigh = splat(a.inputHigh), low = splat(a.low), high = splat(a.high);
  const int64_t plane = g.height * g.width * L, outPlane = g.outHeight * g.outWidth * L;
  const bool joint = kJointGradients<K, S> && a.dx && a.dwAcc;
  for (int64_t q = begin; q < end; q++) {
    const int64_t cb = q / a.batch, p = q % a.batch * g.channelBlocks + cb;
    const float* dy = a.dy + p * outPlane;
    const float* y = a.y ? a.y + p * outPlane : nullptr;
    const float* x = a.x ? a.x + p * plane : nullptr;
    const float* weights = a.dx ? a.weights + cb * K * K * L : nullptr;
    float* dx = a.dx ? a.dx + p * plane : nullptr;
    const float* addend = a.dx && a.addend ? a.addend + p * plane : nullptr;
    if (dx && S == 1) {
      for (int i = 0; i < K * K; i++) store(flipped + i * L, load(weights + (K * K - 1 - i) * L));
    }
    if (a.dwAcc) std::memset(dw, 0, K * K * L * sizeof(float));
    store(dxSum, Vec{});
    const BackwardPlane<K, S> current{a, x, addend, weights, flipped, dyRing, rowScratch, joint ? dw : nullptr};
    Vec dySum = {};
    int64_t copied = 0, done = 0;
    for (int64_t o = 0; o < g.outHeight; o++) {
      float* d = dyRing.values(o);
      const int64_t at = o * g.outWidth * L;
      dySum += y ? copy_gradient_row<true>(d, dy + at, y + at, g.outWidth, low, high)
                 : copy_gradient_row<false>(d, dy + at, nullptr, g.outWidth, low, high);
      if (a.dwAcc && !joint) {
        const int64_t top = o * S - g.padTop;
        const int k0 = static_cast<int>(top < 0 ? -top : 0), k1 = static_cast<int>(smaller(K, g.height - top));
        for (; copied < top + k1; copied++) {
          copy_row(xRing.values(copied), x + copied * g.width * L, g.width, clamped, inputLow, inputHigh);
        }
        const float* rows[K];
        for (int k = k0; k < k1; k++) rows[k - k0] = xRing.row(top + k);
        if (k1 > k0) weight_rows<K, S>(rows, k1 - k0, d, g.outWidth, dw + k0 * K * L);
      }
      if (!dx) continue;
      // An input row is due once the last row of dy that it needs is in the ring. For stride 1 that row is not above the input row,
      // so that dx may overwrite dy.
      for (; done < g.height && ((done + g.padTop) / S <= o || o == g.outHeight - 1); done++) {
        float* to = dx + done * g.width * L;
        current.input_gradient(done, to, dxSum);
      }
    }
    if (a.dbAcc) add_to(a.dbAcc + cb * L, dySum);
    if (a.dxbAcc && dx) add_to(a.dxbAcc + cb * L, load(dxSum));
    if (a.dwAcc) {
      for (int i = 0; i < K * K; i++) add_to(a.dwAcc + (cb * K * K + i) * L, load(dw + (joint ? K * K - 1 - i : i) * L));
    }
  }
}

// --- Entry points ------------------------------------------------------------------------------------------------------------------

size_t depthwise_forward_scratch_bytes(const DepthwiseGeometry& g) {
  return has_fast_depthwise(g) ? input_ring(g, nullptr).floats() * sizeof(float) : 0;
}

size_t depthwise_backward_scratch_bytes(const DepthwiseGeometry& g) {
  if (!has_fast_depthwise(g)) return general_backward_floats(g) * sizeof(float);
  const int64_t vectors = 2 * g.kernelH * g.kernelW + 1 + g.width + 1;
  return (input_ring(g, nullptr).floats() + gradient_ring(g, nullptr).floats() + vectors * L) * sizeof(float);
}

// Calls f(Index<kernel size>, Index<stride>) of a fast geometry.
template <class F>
TANUKI_INLINE void with_kernel_and_stride(const DepthwiseGeometry& g, F&& f) {
  const auto withKernel = [&](auto k) TANUKI_INLINED {
    if (g.strideH == 1) f(k, Index<1>{});
    else f(k, Index<2>{});
  };
  if (g.kernelH == 3) withKernel(Index<3>{});
  else if (g.kernelH == 5) withKernel(Index<5>{});
  else withKernel(Index<7>{});
}

void depthwise_forward(const DepthwiseForward& a, int64_t begin, int64_t end, void* scratch) {
  if (!has_fast_depthwise(a.geometry)) {
    forward_general(a, begin, end);
    return;
  }
  with_kernel_and_stride(a.geometry, [&](auto k, auto s) TANUKI_INLINED {
    forward_fast<decltype(k)::value, decltype(s)::value>(a, begin, end, static_cast<float*>(scratch));
  });
}

void depthwise_backward(const DepthwiseBackward& a, int64_t begin, int64_t end, void* scratch) {
  if (!has_fast_depthwise(a.geometry)) {
    backward_general(a, begin, end, static_cast<float*>(scratch));
    return;
  }
  with_kernel_and_stride(a.geometry, [&](auto k, auto s) TANUKI_INLINED {
    backward_fast<decltype(k)::value, decltype(s)::value>(a, begin, end, static_cast<float*>(scratch));
  });
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
