// Depthwise convolution with any window, stride, padding and dilation, forward and backward. Slower than the fast path of
// depthwise.h, but vectorised all through.
#pragma once
#include "spatial_simd.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

// Taps [first, end) of one axis that meet the input when the window begins at `start`.
struct Taps {
  int64_t first, end;
};
TANUKI_INLINE Taps taps_inside(int64_t start, int64_t in, int64_t kernel, int64_t dilation) {
  const int64_t first = start >= 0 ? 0 : smaller(kernel, ceil_div(-start, dilation));
  return {first, larger(first, smaller(kernel, floor_div(in - 1 - start, dilation) + 1))};
}

// --- Forward -----------------------------------------------------------------------------------------------------------------------

// U neighbouring outputs over the given taps. `x` points at tap (0, 0) of the first.
template <int U, bool Clamped>
TANUKI_INLINE void general_tile(const DepthwiseForward& a, const float* x, const float* weights, Taps rows, Taps columns, Vec bias,
                                const float* residual, float* y) {
  const DepthwiseGeometry& g = a.geometry;
  const Vec inputLow = splat(a.inputLow), inputHigh = splat(a.inputHigh);
  Vec sums[U];
  TANUKI_UNROLL for (int u = 0; u < U; u++) sums[u] = bias;
  for (int64_t ky = rows.first; ky < rows.end; ky++) {
    for (int64_t kx = columns.first; kx < columns.end; kx++) {
      const Vec w = load(weights + (ky * g.kernelW + kx) * L);
      const float* from = x + (ky * g.dilationH * g.width + kx * g.dilationW) * L;
      TANUKI_UNROLL for (int u = 0; u < U; u++) {
        Vec v = load(from + u * g.strideW * L);
        if constexpr (Clamped) v = clamp(v, inputLow, inputHigh);
        sums[u] += w * v;
      }
    }
  }
  const Vec low = splat(a.low), high = splat(a.high);
  TANUKI_UNROLL for (int u = 0; u < U; u++) {
    if (residual) sums[u] += load(residual + u * L);
    store(y + u * L, clamp(sums[u], low, high));
  }
}

template <bool Clamped>
void forward_general_planes(const DepthwiseForward& a, int64_t begin, int64_t end) {
  const DepthwiseGeometry& g = a.geometry;
  constexpr int U = kRegisterClass == 0 ? 4 : 8;
  const Interior inner = interior_of(g.width, g.outWidth, (g.kernelW - 1) * g.dilationW + 1, g.strideW, g.padLeft);
  for (int64_t p = begin; p < end; p++) {
    const int64_t cb = p % g.channelBlocks;
    const float* x = a.x + p * g.height * g.width * L;
    const float* weights = a.weights + cb * g.kernelH * g.kernelW * L;
    const Vec bias = load_or_zero(a.bias ? a.bias + cb * L : nullptr);
    for (int64_t o = 0; o < g.outHeight; o++) {
      const int64_t top = o * g.strideH - g.padTop, at = (p * g.outHeight + o) * g.outWidth * L;
      const Taps rows = taps_inside(top, g.height, g.kernelH, g.dilationH);
      const Taps all = {0, g.kernelW};
      for (int64_t c = 0; c < g.outWidth;) {
        const int64_t left = c * g.strideW - g.padLeft;
        const float* from = x + (top * g.width + left) * L;
        float* y = a.y + at + c * L;
        const float* residual = a.residual ? a.residual + at + c * L : nullptr;
        if (c < inner.begin || c >= inner.end) {
          const Taps columns = taps_inside(left, g.width, g.kernelW, g.dilationW);
          general_tile<1, Clamped>(a, from, weights, rows, columns, bias, residual, y);
          c += 1;
        } else if (c + U <= inner.end) {
          general_tile<U, Clamped>(a, from, weights, rows, all, bias, residual, y);
          c += U;
        } else if (c + 3 <= inner.end) {
          general_tile<3, Clamped>(a, from, weights, rows, all, bias, residual, y);
          c += 3;
        } else {
          general_tile<1, Clamped>(a, from, weights, rows, all, bias, residual, y);
          c += 1;
        }
      }
    }
  }
}

void forward_general(const DepthwiseForward& a, int64_t begin, int64_t end) {
  if (a.inputLow == -kInfinity && a.inputHigh == kInfinity) forward_general_planes<false>(a, begin, end);
  else forward_general_planes<true>(a, begin, end);
}

// --- Backward ----------------------------------------------------------------------------------------------------------------------

// The end of a row of dx where there is an addend: to = mask(from + addend), or mask(from) + addend. Returns the row's sum.
TANUKI_INLINE Vec finish_gradient_row(const DepthwiseBackward& a, const float* from, const float* addend, const float* x, float* to) {
  const Vec low = splat(a.lowX), high = splat(a.highX);
  Vec sum = {};
  for (int64_t i = 0; i < a.geometry.width; i++) {
    Vec v = load(from + i * L);
    const Vec add = load_or_zero(addend ? addend + i * L : nullptr);
    if (!a.addAfterMask) v += add;
    if (a.maskX) v = mask_between(load(x + i * L), low, high, v);
    if (a.addAfterMask) v += add;
    store(to + i * L, v);
    sum += v;
  }
  return sum;
}

// Sum over n positions of d[i] * x[i * step].
TANUKI_INLINE Vec correlate(const float* d, const float* x, int64_t step, int64_t n) {
  Vec s[4] = {};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    TANUKI_UNROLL for (int u = 0; u < 4; u++) s[u] += load(d + (i + u) * L) * load(x + (i + u) * step * L);
  }
  for (; i < n; i++) s[0] += load(d + i * L) * load(x + i * step * L);
  return (s[0] + s[1]) + (s[2] + s[3]);
}

// Copies of dy (masked) and x (clamped), one row of dx, the weight gradient of the plane.
int64_t general_backward_floats(const DepthwiseGeometry& g) {
  return (g.outHeight * g.outWidth + g.height * g.width + g.width + g.kernelH * g.kernelW) * L;
}

void backward_general(const DepthwiseBackward& a, int64_t begin, int64_t end, float* scratch) {
  const DepthwiseGeometry& g = a.geometry;
  const int64_t plane = g.height * g.width * L, outPlane = g.outHeight * g.outWidth * L, taps = g.kernelH * g.kernelW;
  float *gradient = scratch, *clampedX = gradient + outPlane, *dxRow = clampedX + plane, *dw = dxRow + g.width * L;
  const Vec low = splat(a.low), high = splat(a.high), inputLow = splat(a.inputLow), inputHigh = splat(a.inputHigh);
  const bool clamped = !(a.inputLow == -kInfinity && a.inputHigh == kInfinity);
  for (int64_t q = begin; q < end; q++) {
    const int64_t cb = q / a.batch, p = q % a.batch * g.channelBlocks + cb;
    const float* dy = a.dy + p * outPlane;
    Vec dySum = {}, dxSum = {};
    for (int64_t i = 0; i < outPlane; i += L) {
      Vec v = load(dy + i);
      if (a.y) v = mask_between(load(a.y + p * outPlane + i), low, high, v);
      store(gradient + i, v);
      dySum += v;
    }
    if (a.dbAcc) add_to(a.dbAcc + cb * L, dySum);
    if (a.dwAcc) {
      const float* x = a.x + p * plane;
      if (clamped) {
        for (int64_t i = 0; i < plane; i += L) store(clampedX + i, clamp(load(x + i), inputLow, inputHigh));
        x = clampedX;
      }
      std::memset(dw, 0, taps * L * sizeof(float));
      for (int64_t o = 0; o < g.outHeight; o++) {
        for (int64_t ky = 0; ky < g.kernelH; ky++) {
          const int64_t i = o * g.strideH - g.padTop + ky * g.dilationH;
          if (i < 0 || i >= g.height) continue;
          for (int64_t kx = 0; kx < g.kernelW; kx++) {
            const int64_t shift = kx * g.dilationW - g.padLeft;
            const Interior c = interior_of(g.width, g.outWidth, 1, g.strideW, -shift);
            if (c.begin >= c.end) continue;
            add_to(dw + (ky * g.kernelW + kx) * L, correlate(gradient + (o * g.outWidth + c.begin) * L,
                                                             x + (i * g.width + c.begin * g.strideW + shift) * L, g.strideW,
                                                             c.end - c.begin));
          }
        }
      }
      for (int64_t t = 0; t < taps; t++) add_to(a.dwAcc + (cb * taps + t) * L, load(dw + t * L));
    }
    if (!a.dx) continue;
    const float* weights = a.weights + cb * taps * L;
    for (int64_t i = 0; i < g.height; i++) {
      std::memset(dxRow, 0, g.width * L * sizeof(float));
      for (int64_t ky = 0; ky < g.kernelH; ky++) {
        const int64_t strided = i + g.padTop - ky * g.dilationH;
        if (strided < 0 || strided % g.strideH != 0 || strided / g.strideH >= g.outHeight) continue;
        const float* d = gradient + strided / g.strideH * g.outWidth * L;
        for (int64_t kx = 0; kx < g.kernelW; kx++) {
          const int64_t shift = kx * g.dilationW - g.padLeft;
          const Interior c = interior_of(g.width, g.outWidth, 1, g.strideW, -shift);
          const Vec w = load(weights + (ky * g.kernelW + kx) * L);
          for (int64_t o = c.begin; o < c.end; o++) add_to(dxRow + (o * g.strideW + shift) * L, w * load(d + o * L));
        }
      }
      const int64_t at = p * plane + i * g.width * L;
      dxSum += finish_gradient_row(a, dxRow, a.addend ? a.addend + at : nullptr, a.maskX ? a.x + at : nullptr, a.dx + at);
    }
    if (a.dxbAcc) add_to(a.dxbAcc + cb * L, dxSum);
  }
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
