// Resizing of channels-last pictures by tables of weights for each axis (whatever the method), and its gradient.
//
// Each output row is first a weighted sum of input rows, kept in scratch, then of that row's columns.
#pragma once
#include "spatial_simd.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

size_t resize_scratch_bytes(const ResizeAxis&, const ResizeAxis& columns, int64_t channels) {
  // Four-lane reads of three channels reach one element further.
  return (columns.inSize * channels + 4) * sizeof(float);
}

template <class Pixel>
void scale_row(const Pixel* __restrict x, float w, int64_t n, float* __restrict y) {
  for (int64_t i = 0; i < n; i++) y[i] = w * static_cast<float>(x[i]);
}
template <class Pixel>
void scale_two_rows(const Pixel* __restrict x0, const Pixel* __restrict x1, float w0, float w1, int64_t n, float* __restrict y) {
  for (int64_t i = 0; i < n; i++) y[i] = w0 * static_cast<float>(x0[i]) + w1 * static_cast<float>(x1[i]);
}
template <class Pixel>
void add_row(const Pixel* __restrict x, float w, int64_t n, float* __restrict y) {
  for (int64_t i = 0; i < n; i++) y[i] += w * static_cast<float>(x[i]);
}

// row = sum over taps of weights[t] * x[t]. Taps of weight 0 are not read, so an infinity there does no harm.
template <class Pixel>
void weighted_rows(const Pixel* x, const float* weights, int64_t taps, int64_t n, float* row) {
  const Pixel* used = nullptr;  // seen, not yet added
  float weight = 0;
  bool begun = false;
  for (int64_t t = 0; t < taps; t++) {
    if (weights[t] == 0) continue;
    const Pixel* from = x + t * n;
    if (begun) {
      add_row(from, weights[t], n, row);
    } else if (used) {
      scale_two_rows(used, from, weight, weights[t], n, row);
      begun = true;
    } else {
      used = from;
      weight = weights[t];
    }
  }
  if (begun) return;
  if (used) scale_row(used, weight, n, row);
  else std::memset(row, 0, n * sizeof(float));
}

// One output pixel of `channels` values: sum over taps of weights[t] * from[t]. `row` is readable one element further.
TANUKI_INLINE void weighted_pixel(const float* from, const float* weights, int64_t taps, int64_t channels, float* y) {
  int64_t c = 0;
  for (; c + L <= channels; c += L) {
    Vec sum = {};
    for (int64_t t = 0; t < taps; t++) sum += splat(weights[t]) * load(from + t * channels + c);
    store(y + c, sum);
  }
  for (; c < channels; c++) {
    float sum = 0;
    for (int64_t t = 0; t < taps; t++) sum += weights[t] * from[t * channels + c];
    y[c] = sum;
  }
}

TANUKI_INLINE void weighted_columns(const float* row, const ResizeAxis& columns, int64_t channels, float* y) {
  int64_t o = 0;
  if (channels == 3) {  // four lanes; the last pixel of the row must be written exactly
    for (; o + 1 < columns.outSize; o++) {
      const float* from = row + columns.start[o] * 3;
      const float* w = columns.weights + o * columns.taps;
      Vec4 sum = w[0] * load4(from);
      for (int64_t t = 1; t < columns.taps; t++) sum += w[t] * load4(from + t * 3);
      store4(y + o * 3, sum);
    }
  }
  for (; o < columns.outSize; o++) {
    weighted_pixel(row + columns.start[o] * channels, columns.weights + o * columns.taps, columns.taps, channels, y + o * channels);
  }
}

template <class Pixel>
void resize_typed(const Resize& a, int64_t begin, int64_t end, float* row) {
  const int64_t pitch = a.columns.inSize * a.channels;
  for (int64_t i = 0; i < 4; i++) row[pitch + i] = 0;
  for (int64_t r = begin; r < end; r++) {
    const int64_t n = r / a.rows.outSize, o = r % a.rows.outSize;
    const Pixel* x = static_cast<const Pixel*>(a.x) + (n * a.rows.inSize + a.rows.start[o]) * pitch;
    weighted_rows(x, a.rows.weights + o * a.rows.taps, a.rows.taps, pitch, row);
    weighted_columns(row, a.columns, a.channels, a.y + r * a.columns.outSize * a.channels);
  }
}

void resize(const Resize& a, int64_t begin, int64_t end, void* scratch) {
  if (a.pixelType == PixelType::uint8) resize_typed<uint8_t>(a, begin, end, static_cast<float*>(scratch));
  else resize_typed<float>(a, begin, end, static_cast<float*>(scratch));
}

void resize_grad(const ResizeGrad& a, int64_t begin, int64_t end, void* scratch) {
  const int64_t pitch = a.columns.inSize * a.channels, outPitch = a.columns.outSize * a.channels;
  float* row = static_cast<float*>(scratch);
  for (int64_t n = begin; n < end; n++) {
    float* dx = a.dx + n * a.rows.inSize * pitch;
    std::memset(dx, 0, a.rows.inSize * pitch * sizeof(float));
    for (int64_t o = 0; o < a.rows.outSize; o++) {
      const float* dy = a.dy + (n * a.rows.outSize + o) * outPitch;
      std::memset(row, 0, pitch * sizeof(float));
      for (int64_t c = 0; c < a.columns.outSize; c++) {
        for (int64_t t = 0; t < a.columns.taps; t++) {
          const float w = a.columns.weights[c * a.columns.taps + t];
          if (w == 0) continue;
          float* to = row + (a.columns.start[c] + t) * a.channels;
          for (int64_t k = 0; k < a.channels; k++) to[k] += w * dy[c * a.channels + k];
        }
      }
      for (int64_t t = 0; t < a.rows.taps; t++) {
        const float w = a.rows.weights[o * a.rows.taps + t];
        if (w != 0) add_row(row, w, pitch, dx + (a.rows.start[o] + t) * pitch);
      }
    }
  }
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
