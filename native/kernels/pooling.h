// Max and average pooling on blocked planes, forward and backward.
#pragma once
#include "spatial_simd.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

// Positions [begin, end) of x, along one axis, that a window covers.
struct Span {
  int64_t begin, end;
};
TANUKI_INLINE Span window_span(int64_t o, int64_t in, int64_t window, int64_t stride, int64_t pad) {
  const int64_t start = o * stride - pad, begin = smaller(in, larger(0, start));
  return {begin, larger(begin, smaller(in, start + window))};
}
// Windows [begin, end), along one axis, that cover position i of x.
TANUKI_INLINE Span windows_over(int64_t i, int64_t out, int64_t window, int64_t stride, int64_t pad) {
  const int64_t begin = larger(0, ceil_div(i + pad - window + 1, stride));
  return {begin, larger(begin, smaller(out, (i + pad) / stride + 1))};
}

// --- Max, forward ------------------------------------------------------------------------------------------------------------------

// Maximum of R rows at one column; `rowStride` in floats.
template <int R>
TANUKI_INLINE Vec column_max(const float* x, int64_t rowStride) {
  Vec m = load(x);
  TANUKI_UNROLL for (int r = 1; r < R; r++) m = max_or_nan(m, load(x + r * rowStride));
  return m;
}

// Outputs [c, end) of windows 2 or 3 wide at stride 2, R rows high; `x` points at the first pixel of window c.
template <int R, int W>
TANUKI_INLINE void max_row_stride2(const float* x, int64_t rowStride, int64_t count, const float* residual, float* y) {
  Vec shared = {};  // the column that two windows 3 wide have in common
  if constexpr (W == 3) shared = count > 0 ? column_max<R>(x, rowStride) : shared;
  for (int64_t i = 0; i < count; i++, x += 2 * L) {
    Vec m;
    if constexpr (W == 3) {
      m = max_or_nan(shared, column_max<R>(x + L, rowStride));
      shared = column_max<R>(x + 2 * L, rowStride);
      m = max_or_nan(m, shared);
    } else {
      m = max_or_nan(column_max<R>(x, rowStride), column_max<R>(x + L, rowStride));
    }
    if (residual) m += load(residual + i * L);
    store(y + i * L, m);
  }
}

// U neighbouring outputs over the same rows and window columns.
template <int U>
TANUKI_INLINE void max_tile(const float* x, int64_t rowStride, int64_t step, int64_t rows, int64_t columns, const float* residual,
                            float* y) {
  Vec m[U];
  TANUKI_UNROLL for (int u = 0; u < U; u++) m[u] = rows > 0 && columns > 0 ? load(x + u * step) : splat(-kInfinity);
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c++) {
      TANUKI_UNROLL for (int u = 0; u < U; u++) m[u] = max_or_nan(m[u], load(x + r * rowStride + c * L + u * step));
    }
  }
  TANUKI_UNROLL for (int u = 0; u < U; u++) {
    if (residual) m[u] += load(residual + u * L);
    store(y + u * L, m[u]);
  }
}

void max_pool_forward(const PoolForward& a, int64_t begin, int64_t end) {
  const PoolGeometry& g = a.geometry;
  const int64_t rowStride = g.width * L, step = g.strideW * L;
  const Interior inner = interior_of(g.width, g.outWidth, g.windowW, g.strideW, g.padLeft);
  for (int64_t p = begin; p < end; p++) {
    const float* x = a.x + p * g.height * rowStride;
    for (int64_t o = 0; o < g.outHeight; o++) {
      const Span rows = window_span(o, g.height, g.windowH, g.strideH, g.padTop);
      const int64_t rowCount = rows.end - rows.begin, at = (p * g.outHeight + o) * g.outWidth * L;
      const float* from = x + rows.begin * rowStride;
      const float* residual = a.residual ? a.residual + at : nullptr;
      float* y = a.y + at;
      for (int64_t c = 0; c < g.outWidth;) {
        const float* extra = residual ? residual + c * L : nullptr;
        if (c < inner.begin || c >= inner.end) {
          const Span columns = window_span(c, g.width, g.windowW, g.strideW, g.padLeft);
          max_tile<1>(from + columns.begin * L, rowStride, step, rowCount, columns.end - columns.begin, extra, y + c * L);
          c++;
          continue;
        }
        const float* first = from + (c * g.strideW - g.padLeft) * L;
        const int64_t count = inner.end - c;
        if (g.strideW == 2 && g.windowW == 3 && rowCount == 3) max_row_stride2<3, 3>(first, rowStride, count, extra, y + c * L);
        else if (g.strideW == 2 && g.windowW == 3 && rowCount == 2) max_row_stride2<2, 3>(first, rowStride, count, extra, y + c * L);
        else if (g.strideW == 2 && g.windowW == 2 && rowCount == 2) max_row_stride2<2, 2>(first, rowStride, count, extra, y + c * L);
        else {
          if (count >= 4) {
            max_tile<4>(first, rowStride, step, rowCount, g.windowW, extra, y + c * L);
            c += 4;
          } else {
            max_tile<1>(first, rowStride, step, rowCount, g.windowW, extra, y + c * L);
            c++;
          }
          continue;
        }
        c = inner.end;
      }
    }
  }
}

// --- Max, backward -----------------------------------------------------------------------------------------------------------------
// For each output row the places of the maxima are found once, as indices into the window, and kept in a ring of as many rows as meet
// one input row; each input pixel then gathers from the windows that chose it.

int64_t chosen_rows(const PoolGeometry& g) { return (g.windowH + g.strideH - 1) / g.strideH; }

size_t max_pool_backward_scratch_bytes(const PoolGeometry& g) { return chosen_rows(g) * g.outWidth * L * sizeof(int32_t); }

TANUKI_INLINE void take_larger(Vec& m, IntVec& place, Vec v, IntVec at) {
  const IntVec larger = v > m, nan = v != v;
  place = select(larger, at, select(nan, at, place));
  m = select(larger, v, select(nan, v, m));
}

// Window place of the maximum where H x W pixels of the window, beginning at place (0, 0), all lie inside x.
template <int H, int W>
TANUKI_INLINE IntVec place_in_window(const float* x, int64_t rowStride, int firstPlace, int places) {
  Vec m = load(x);
  IntVec place = splat_int(firstPlace);
  TANUKI_UNROLL for (int r = 0; r < H; r++) {
    TANUKI_UNROLL for (int c = 0; c < W; c++) {
      if (r + c > 0) take_larger(m, place, load(x + r * rowStride + c * L), splat_int(firstPlace + r * places + c));
    }
  }
  return place;
}

void find_places(const PoolGeometry& g, const float* x, int64_t o, Interior inner, int32_t* places) {
  const int64_t rowStride = g.width * L;
  const Span rows = window_span(o, g.height, g.windowH, g.strideH, g.padTop);
  const int64_t top = o * g.strideH - g.padTop, rowCount = rows.end - rows.begin;
  const int firstRow = static_cast<int>((rows.begin - top) * g.windowW);
  const int windowW = static_cast<int>(g.windowW);
  for (int64_t c = 0; c < g.outWidth; c++) {
    int32_t* to = places + c * L;
    if (c >= inner.begin && c < inner.end && windowW <= 3 && windowW >= 2 && rowCount >= 2 && rowCount <= 3) {
      const float* from = x + rows.begin * rowStride + (c * g.strideW - g.padLeft) * L;
      if (windowW == 3 && rowCount == 3) store_int(to, place_in_window<3, 3>(from, rowStride, firstRow, 3));
      else if (windowW == 3) store_int(to, place_in_window<2, 3>(from, rowStride, firstRow, 3));
      else if (rowCount == 3) store_int(to, place_in_window<3, 2>(from, rowStride, firstRow, 2));
      else store_int(to, place_in_window<2, 2>(from, rowStride, firstRow, 2));
      continue;
    }
    const Span columns = window_span(c, g.width, g.windowW, g.strideW, g.padLeft);
    const int64_t left = c * g.strideW - g.padLeft;
    if (rowCount == 0 || columns.begin >= columns.end) {
      store_int(to, splat_int(-1));
      continue;
    }
    Vec m = load(x + (rows.begin * g.width + columns.begin) * L);
    IntVec place = splat_int(static_cast<int32_t>((rows.begin - top) * g.windowW + columns.begin - left));
    for (int64_t i = rows.begin; i < rows.end; i++) {
      for (int64_t j = columns.begin; j < columns.end; j++) {
        const int64_t at = (i - top) * g.windowW + j - left;
        take_larger(m, place, load(x + (i * g.width + j) * L), splat_int(static_cast<int32_t>(at)));
      }
    }
    store_int(to, place);
  }
}

// What one window gives to its pixel at `place`.
TANUKI_INLINE Vec chosen(const int32_t* places, const float* dy, int place) {
  return select(load_int(places) == splat_int(place), load(dy), Vec{});
}

TANUKI_INLINE Vec gathered_pixel(const PoolGeometry& g, const float* dy, const int32_t* ring, int64_t slots, int64_t i, int64_t j,
                                 Span rows) {
  const Span columns = windows_over(j, g.outWidth, g.windowW, g.strideW, g.padLeft);
  Vec sum = {};
  for (int64_t o = rows.begin; o < rows.end; o++) {
    const int64_t row = (i + g.padTop - o * g.strideH) * g.windowW;
    const int32_t* places = ring + o % slots * g.outWidth * L;
    for (int64_t c = columns.begin; c < columns.end; c++) {
      const int place = static_cast<int>(row + j + g.padLeft - c * g.strideW);
      sum += chosen(places + c * L, dy + (o * g.outWidth + c) * L, place);
    }
  }
  return sum;
}

// One input row under R output rows, windows W (2 or 3) wide at stride 2: columns 2 c - padLeft and the next one, for c in [first, end).
// `place` is the place of the window's first pixel in this row, for each output row.
template <int R, int W>
TANUKI_INLINE void gather_pairs(const float* const* dy, const int32_t* const* places, const int* place, int64_t first, int64_t end,
                                int64_t padLeft, float* dx) {
  for (int64_t c = first; c < end; c++) {
    Vec even = {}, odd = {};
    TANUKI_UNROLL for (int r = 0; r < R; r++) {
      const IntVec here = load_int(places[r] + c * L);
      const Vec d = load(dy[r] + c * L);
      even += select(here == splat_int(place[r]), d, Vec{});
      odd += select(here == splat_int(place[r] + 1), d, Vec{});
      if constexpr (W == 3) even += chosen(places[r] + (c - 1) * L, dy[r] + (c - 1) * L, place[r] + 2);
    }
    store(dx + (2 * c - padLeft) * L, even);
    store(dx + (2 * c - padLeft + 1) * L, odd);
  }
}

void max_pool_backward(const PoolBackward& a, int64_t begin, int64_t end, void* scratch) {
  const PoolGeometry& g = a.geometry;
  int32_t* ring = static_cast<int32_t*>(scratch);
  const int64_t slots = chosen_rows(g), rowStride = g.width * L, outRow = g.outWidth * L;
  const Interior inner = interior_of(g.width, g.outWidth, g.windowW, g.strideW, g.padLeft);
  // Pairs of input columns that gather_pairs may handle: both inside, and a left neighbour exists.
  const int64_t firstPair = larger(1, ceil_div(g.padLeft, 2));
  const int64_t endPair = larger(firstPair, smaller(g.outWidth, floor_div(g.width - 2 + g.padLeft, 2) + 1));
  for (int64_t p = begin; p < end; p++) {
    const float* x = a.x + p * g.height * rowStride;
    const float* dy = a.dy + p * g.outHeight * outRow;
    float* dx = a.dx + p * g.height * rowStride;
    int64_t i = 0;
    for (int64_t o = 0; o <= g.outHeight; o++) {
      if (o < g.outHeight) find_places(g, x, o, inner, ring + o % slots * outRow);
      // Rows of x that no later window meets; in the end, all.
      for (; i < g.height && (o >= g.outHeight || i + g.padTop < (o + 1) * g.strideH); i++) {
        const Span rows = windows_over(i, g.outHeight, g.windowH, g.strideH, g.padTop);
        const int64_t rowCount = rows.end - rows.begin;
        float* to = dx + i * rowStride;
        if (rowCount == 0) {
          std::memset(to, 0, rowStride * sizeof(float));
          continue;
        }
        int64_t fastBegin = 0, fastEnd = 0;
        if (g.strideW == 2 && (g.windowW == 2 || g.windowW == 3) && rowCount <= 2 && firstPair < endPair) {
          const float* dyRows[2] = {};
          const int32_t* places[2] = {};
          int place[2] = {};
          for (int64_t r = 0; r < rowCount; r++) {
            const int64_t from = rows.begin + r;
            dyRows[r] = dy + from * outRow;
            places[r] = ring + from % slots * outRow;
            place[r] = static_cast<int>((i + g.padTop - from * g.strideH) * g.windowW);
          }
          if (g.windowW == 3 && rowCount == 2) gather_pairs<2, 3>(dyRows, places, place, firstPair, endPair, g.padLeft, to);
          else if (g.windowW == 3) gather_pairs<1, 3>(dyRows, places, place, firstPair, endPair, g.padLeft, to);
          else if (rowCount == 2) gather_pairs<2, 2>(dyRows, places, place, firstPair, endPair, g.padLeft, to);
          else gather_pairs<1, 2>(dyRows, places, place, firstPair, endPair, g.padLeft, to);
          fastBegin = 2 * firstPair - g.padLeft;
          fastEnd = 2 * endPair - g.padLeft;
        }
        for (int64_t j = 0; j < fastBegin; j++) store(to + j * L, gathered_pixel(g, dy, ring, slots, i, j, rows));
        for (int64_t j = fastEnd; j < g.width; j++) store(to + j * L, gathered_pixel(g, dy, ring, slots, i, j, rows));
      }
    }
  }
}

// --- Average -----------------------------------------------------------------------------------------------------------------------

template <int U>
TANUKI_INLINE void average_tile(const float* x, int64_t rowStride, int64_t step, int64_t rows, int64_t columns, float* y) {
  Vec sums[U] = {};
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c++) {
      TANUKI_UNROLL for (int u = 0; u < U; u++) sums[u] += load(x + r * rowStride + c * L + u * step);
    }
  }
  const Vec scale = splat(rows > 0 && columns > 0 ? 1.0f / static_cast<float>(rows * columns) : 0.0f);
  TANUKI_UNROLL for (int u = 0; u < U; u++) store(y + u * L, sums[u] * scale);
}

void avg_pool_forward(const PoolForward& a, int64_t begin, int64_t end) {
  const PoolGeometry& g = a.geometry;
  const int64_t rowStride = g.width * L, step = g.strideW * L;
  const Interior inner = interior_of(g.width, g.outWidth, g.windowW, g.strideW, g.padLeft);
  for (int64_t p = begin; p < end; p++) {
    const float* x = a.x + p * g.height * rowStride;
    for (int64_t o = 0; o < g.outHeight; o++) {
      const Span rows = window_span(o, g.height, g.windowH, g.strideH, g.padTop);
      const int64_t rowCount = rows.end - rows.begin;
      float* y = a.y + (p * g.outHeight + o) * g.outWidth * L;
      for (int64_t c = 0; c < g.outWidth;) {
        const Span columns = window_span(c, g.width, g.windowW, g.strideW, g.padLeft);
        const float* from = x + rows.begin * rowStride + columns.begin * L;
        if (c >= inner.begin && c + 4 <= inner.end) {
          average_tile<4>(from, rowStride, step, rowCount, g.windowW, y + c * L);
          c += 4;
        } else {
          average_tile<1>(from, rowStride, step, rowCount, columns.end - columns.begin, y + c * L);
          c++;
        }
      }
    }
  }
}

void avg_pool_backward(const PoolBackward& a, int64_t begin, int64_t end) {
  const PoolGeometry& g = a.geometry;
  const int64_t rowStride = g.width * L;
  // Windows that neither leave nor meet each other write each pixel once.
  const bool apart = g.strideW >= g.windowW;
  for (int64_t p = begin; p < end; p++) {
    const float* dy = a.dy + p * g.outHeight * g.outWidth * L;
    float* dx = a.dx + p * g.height * rowStride;
    for (int64_t i = 0; i < g.height; i++) {
      float* to = dx + i * rowStride;
      const Span windows = windows_over(i, g.outHeight, g.windowH, g.strideH, g.padTop);
      const bool overwrite = apart && windows.end - windows.begin == 1;
      if (!overwrite || g.strideW > g.windowW || g.padLeft < 0) std::memset(to, 0, rowStride * sizeof(float));
      int64_t written = 0;
      for (int64_t o = windows.begin; o < windows.end; o++) {
        const Span rows = window_span(o, g.height, g.windowH, g.strideH, g.padTop);
        for (int64_t c = 0; c < g.outWidth; c++) {
          const Span columns = window_span(c, g.width, g.windowW, g.strideW, g.padLeft);
          if (columns.begin >= columns.end) continue;
          const float count = static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin));
          const Vec d = load(dy + (o * g.outWidth + c) * L) * splat(1.0f / count);
          if (overwrite) {
            for (int64_t j = columns.begin; j < columns.end; j++) store(to + j * L, d);
          } else {
            for (int64_t j = columns.begin; j < columns.end; j++) add_to(to + j * L, d);
          }
          written = columns.end;
        }
      }
      // Columns that no window reaches.
      if (overwrite) std::memset(to + written * L, 0, (g.width - written) * L * sizeof(float));
    }
  }
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
