// Inner loops of the depthwise kernels for square windows of 3, 5 or 7 at stride 1 or 2: one output row from zero-padded input rows.
//
// The callers copy rows into a ring whose left and right margins are zero, so nothing here knows borders. A row is cut into tiles of
// nearly equal width whose sums stay in registers; the number of kernel rows is a run-time count (fewer at the top and bottom edge).
#pragma once
#include "spatial_simd.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

// Widest tile: with K weights and one input beside it, it must fit the registers.
constexpr int kTile = kRegisterClass == 2 ? 14 : kRegisterClass == 1 ? 7 : 4;
// Widest tile of the stride-2 input gradient, in pairs of columns.
constexpr int kPairTile = kRegisterClass == 2 ? 7 : kRegisterClass == 1 ? 3 : 2;

// Calls f(Index<width>) with the width that a run-time value has, 1 <= value <= Max.
template <int Max, class F>
TANUKI_INLINE void with_width(int64_t value, F&& f) {
  if constexpr (Max == 1) {
    (void)value;
    f(Index<1>{});
  } else {
    if (value == Max) f(Index<Max>{});
    else with_width<Max - 1>(value, f);
  }
}

// U output columns: sums[u] = init + sum over kernel rows r < count and taps i of weights[r][i] * rows[r][offset + u * S + i].
template <int K, int S, int U, class Store>
TANUKI_INLINE void convolve_tile(const float* const* rows, int64_t offset, int count, const float* weights, Vec init, Store&& put) {
  Vec sums[U];
  TANUKI_UNROLL for (int u = 0; u < U; u++) sums[u] = init;
  for (int r = 0; r < count; r++) {
    const float* p = opaque(rows[r] + offset * L);
    Vec w[K];
    TANUKI_UNROLL for (int i = 0; i < K; i++) w[i] = load(weights + (r * K + i) * L);
    TANUKI_UNROLL for (int j = 0; j < (U - 1) * S + K; j++) {
      const Vec v = load(p + j * L);
      TANUKI_UNROLL for (int i = 0; i < K; i++) {
        const int d = j - i;
        if (d >= 0 && d % S == 0 && d / S < U) sums[d / S] += w[i] * v;
      }
    }
  }
  TANUKI_UNROLL for (int u = 0; u < U; u++) put(u, sums[u]);
}

// A whole output row; put(column, sum) is called once for each column.
template <int K, int S, class Store>
TANUKI_INLINE void convolve_row(const float* const* rows, int count, const float* weights, Vec init, int64_t outWidth, Store&& put) {
  const int64_t tiles = (outWidth + kTile - 1) / kTile;
  const int64_t narrow = outWidth / tiles;
  int64_t wider = outWidth - narrow * tiles;  // so many tiles are one column wider
  for (int64_t o = 0; o < outWidth;) {
    const int64_t width = narrow + (wider-- > 0 ? 1 : 0);
    with_width<kTile>(width, [&](auto u) TANUKI_INLINED {
      convolve_tile<K, S, decltype(u)::value>(rows, o * S, count, weights, init,
                                              [&](int64_t c, Vec v) TANUKI_INLINED { put(o + c, v); });
    });
    o += width;
  }
}

// U columns (the first one even) of a stride-2 input gradient: column x gets weights[ky][i] * dy[t] wherever 2 t - padLeft + i == x.
// P = padLeft & 1; `offset` is column / 2 + padLeft / 2 in the dy rows.
template <int K, int P, int U, class Store>
TANUKI_INLINE void transposed_tile(const float* const* dyRows, const int* kys, int64_t offset, int count, const float* weights, Store&& put) {
  constexpr int first = -((K - 1 - P) / 2), last = (U - 1 + P) / 2;
  Vec sums[U];
  TANUKI_UNROLL for (int u = 0; u < U; u++) sums[u] = Vec{};
  for (int r = 0; r < count; r++) {
    const float* p = opaque(dyRows[r] + offset * L);
    const float* wr = weights + kys[r] * K * L;
    Vec w[K];
    TANUKI_UNROLL for (int i = 0; i < K; i++) w[i] = load(wr + i * L);
    TANUKI_UNROLL for (int t = first; t <= last; t++) {
      const Vec v = load(p + t * L);
      TANUKI_UNROLL for (int i = 0; i < K; i++) {
        const int u = 2 * t - P + i;
        if (u >= 0 && u < U) sums[u] += w[i] * v;
      }
    }
  }
  TANUKI_UNROLL for (int u = 0; u < U; u++) put(u, sums[u]);
}

template <int K, int P, class Store>
TANUKI_INLINE void transposed_row(const float* const* dyRows, const int* kys, int count, const float* weights, int64_t padLeft,
                                  int64_t width, Store&& put) {
  const int64_t pairs = (width + 1) / 2, tiles = (pairs + kPairTile - 1) / kPairTile;
  const int64_t narrow = pairs / tiles;
  int64_t wider = pairs - narrow * tiles;
  for (int64_t o = 0; o < width;) {
    const int64_t columns = smaller(2 * (narrow + (wider-- > 0 ? 1 : 0)), width - o);
    with_width<2 * kPairTile>(columns, [&](auto u) TANUKI_INLINED {
      transposed_tile<K, P, decltype(u)::value>(dyRows, kys, o / 2 + padLeft / 2, count, weights,
                                                [&](int64_t c, Vec v) TANUKI_INLINED { put(o + c, v); });
    });
    o += columns;
  }
}

// U columns of dy into R kernel rows of the weight gradient.
template <int K, int S, int R, int U>
TANUKI_INLINE void weight_tile(const float* const* rows, int64_t offset, const float* dy, Vec (&sums)[R * K]) {
  Vec d[U];
  TANUKI_UNROLL for (int u = 0; u < U; u++) d[u] = load(dy + u * L);
  TANUKI_UNROLL for (int r = 0; r < R; r++) {
    const float* p = opaque(rows[r] + offset * L);
    TANUKI_UNROLL for (int j = 0; j < (U - 1) * S + K; j++) {
      const Vec v = load(p + j * L);
      TANUKI_UNROLL for (int i = 0; i < K; i++) {
        const int q = j - i;
        if (q >= 0 && q % S == 0 && q / S < U) sums[r * K + i] += d[q / S] * v;
      }
    }
  }
}

template <int K, int S, int R>
__attribute__((noinline)) void weight_row(const float* const* rows, const float* dy, int64_t outWidth, float* dw) {
  constexpr int U = kRegisterClass == 2 ? 4 : 2;
  Vec sums[R * K];
  TANUKI_UNROLL for (int i = 0; i < R * K; i++) sums[i] = load(dw + i * L);
  int64_t o = 0;
  for (; o + U <= outWidth; o += U) weight_tile<K, S, R, U>(rows, o * S, dy + o * L, sums);
  if (U > 2 && o + 2 <= outWidth) {
    weight_tile<K, S, R, 2>(rows, o * S, dy + o * L, sums);
    o += 2;
  }
  if (o < outWidth) weight_tile<K, S, R, 1>(rows, o * S, dy + o * L, sums);
  TANUKI_UNROLL for (int i = 0; i < R * K; i++) store(dw + i * L, sums[i]);
}

// U columns of the input gradient (as convolve_tile with flipped weights) and, from the same rows of dy, of the flipped weight gradient.
template <int K, int R, int U, class Store>
TANUKI_INLINE void joint_tile(const float* const* rows, int64_t offset, const float* weights, const Vec (&x)[U], Vec (&dw)[R * K], Store&& put) {
  Vec sums[U];
  TANUKI_UNROLL for (int u = 0; u < U; u++) sums[u] = Vec{};
  TANUKI_UNROLL for (int r = 0; r < R; r++) {
    const float* p = opaque(rows[r] + offset * L);
    Vec w[K];
    TANUKI_UNROLL for (int i = 0; i < K; i++) w[i] = load(weights + (r * K + i) * L);
    TANUKI_UNROLL for (int j = 0; j < U - 1 + K; j++) {
      const Vec v = load(p + j * L);
      TANUKI_UNROLL for (int i = 0; i < K; i++) {
        const int u = j - i;
        if (u >= 0 && u < U) {
          sums[u] += w[i] * v;
          dw[r * K + i] += x[u] * v;
        }
      }
    }
  }
  TANUKI_UNROLL for (int u = 0; u < U; u++) put(u, sums[u]);
}

// Both gradients share their loads of dy where the registers hold the sums of both.
template <int K, int S>
constexpr bool kJointGradients = kRegisterClass == 2 && K == 3 && S == 1;
// Widest tile: as many sums and inputs beside K * K weight sums, K weights and one value of dy.
constexpr int kJointTile = 7;

// A row of both gradients: put(column, sum) for each column, loadX(column) gives the input as the convolution saw it.
template <int K, int R, class LoadX, class Store>
TANUKI_INLINE void joint_row(const float* const* rows, const float* weights, float* dw, int64_t width, LoadX&& loadX, Store&& put) {
  Vec sums[R * K];
  TANUKI_UNROLL for (int i = 0; i < R * K; i++) sums[i] = load(dw + i * L);
  const int64_t tiles = (width + kJointTile - 1) / kJointTile;
  const int64_t narrow = width / tiles;
  int64_t wider = width - narrow * tiles;
  for (int64_t o = 0; o < width;) {
    const int64_t columns = narrow + (wider-- > 0 ? 1 : 0);
    with_width<kJointTile>(columns, [&](auto u) TANUKI_INLINED {
      constexpr int U = decltype(u)::value;
      Vec x[U];
      TANUKI_UNROLL for (int c = 0; c < U; c++) x[c] = loadX(o + c);
      joint_tile<K, R, U>(rows, o, weights, x, sums, [&](int64_t c, Vec v) TANUKI_INLINED { put(o + c, v); });
    });
    o += columns;
  }
  TANUKI_UNROLL for (int i = 0; i < R * K; i++) store(dw + i * L, sums[i]);
}

// Kernel rows of the weight gradient handled together: as many as their K * R sums fit the registers.
template <int K>
constexpr int kWeightRows = kRegisterClass == 2 ? 3 : kRegisterClass == 1 ? (K == 3 ? 3 : K == 5 ? 2 : 1) : 1;

// dw[r][i] += sum over columns o of dy[o] * rows[r][o * S + i], r < count.
template <int K, int S>
TANUKI_INLINE void weight_rows(const float* const* rows, int count, const float* dy, int64_t outWidth, float* dw) {
  constexpr int R = kWeightRows<K>;
  int r = 0;
  for (; r + R <= count; r += R) weight_row<K, S, R>(rows + r, dy, outWidth, dw + r * K * L);
  if constexpr (R > 2) {
    if (count - r == 2) weight_row<K, S, 2>(rows + r, dy, outWidth, dw + r * K * L), r += 2;
  }
  for (; r < count; r++) weight_row<K, S, 1>(rows + r, dy, outWidth, dw + r * K * L);
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
