// Strided copies, fills and counting: data movement that looks at no value.
#pragma once
#include "elementwise_vector.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

// Runs this short are cheaper to copy here than by a call.
constexpr int64_t kShortRun = 32;

template <class T>
TANUKI_INLINE void fillRun(T* dst, T value, int64_t n) {
  for (int64_t i = 0; i < n; i++) dst[i] = value;
}
template <class T>
TANUKI_INLINE void copyRun(T* dst, const T* src, int64_t n) {
  if (n > kShortRun) memcpy(dst, src, static_cast<size_t>(n) * sizeof(T));
  else
    for (int64_t i = 0; i < n; i++) dst[i] = src[i];
}
template <class T>
TANUKI_INLINE void reverseRun(T* dst, const T* src, int64_t n) {
  for (int64_t i = 0; i < n; i++) dst[i] = src[-i];
}

#if defined(__AVX2__)
constexpr int kTile = 8;
typedef float TileRow __attribute__((vector_size(32)));
typedef float UnalignedTileRow __attribute__((vector_size(32), aligned(4), may_alias));
/** dst[c][r] = src[r][c] for an 8x8 tile. */
TANUKI_INLINE void transposeTile(const AliasI* src, int64_t srcRow, AliasI* dst, int64_t dstRow) {
  TileRow r[8], s[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) r[i] = *reinterpret_cast<const UnalignedTileRow*>(src + i * srcRow);
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    r[i] = __builtin_shufflevector(s[i], s[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    r[i + 1] = __builtin_shufflevector(s[i], s[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    r[i + 2] = __builtin_shufflevector(s[i + 1], s[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    r[i + 3] = __builtin_shufflevector(s[i + 1], s[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    *reinterpret_cast<UnalignedTileRow*>(dst + i * dstRow) =
        __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    *reinterpret_cast<UnalignedTileRow*>(dst + (i + 4) * dstRow) =
        __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}
#else
constexpr int kTile = 4;
typedef float TileRow __attribute__((vector_size(16)));
typedef float UnalignedTileRow __attribute__((vector_size(16), aligned(4), may_alias));
/** dst[c][r] = src[r][c] for a 4x4 tile. */
TANUKI_INLINE void transposeTile(const AliasI* src, int64_t srcRow, AliasI* dst, int64_t dstRow) {
  TileRow r[4];
  for (int i = 0; i < 4; i++) r[i] = *reinterpret_cast<const UnalignedTileRow*>(src + i * srcRow);
  const TileRow a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const TileRow c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  *reinterpret_cast<UnalignedTileRow*>(dst) = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  *reinterpret_cast<UnalignedTileRow*>(dst + dstRow) = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  *reinterpret_cast<UnalignedTileRow*>(dst + 2 * dstRow) = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  *reinterpret_cast<UnalignedTileRow*>(dst + 3 * dstRow) = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}
#endif

/** dst[c * dstRow + r] = src[r * srcRow + c] */
template <class T>
void transpose(const T* src, int64_t srcRow, T* dst, int64_t dstRow, int64_t rows, int64_t columns) {
  // Stretches of four cache lines on both sides.
  constexpr int64_t kBlock = 64;
  for (int64_t r0 = 0; r0 < rows; r0 += kBlock) {
    const int64_t r1 = r0 + kBlock < rows ? r0 + kBlock : rows;
    for (int64_t c0 = 0; c0 < columns; c0 += kBlock) {
      const int64_t c1 = c0 + kBlock < columns ? c0 + kBlock : columns;
      int64_t tiledRows = r0, tiledColumns = c0;
      if (sizeof(T) == 4) {
        tiledRows = r0 + (r1 - r0) / kTile * kTile, tiledColumns = c0 + (c1 - c0) / kTile * kTile;
        for (int64_t c = c0; c < tiledColumns; c += kTile)
          for (int64_t r = r0; r < tiledRows; r += kTile)
            transposeTile(reinterpret_cast<const AliasI*>(src + r * srcRow + c), srcRow,
                          reinterpret_cast<AliasI*>(dst + c * dstRow + r), dstRow);
      }
      for (int64_t c = c0; c < tiledColumns; c++)
        for (int64_t r = tiledRows; r < r1; r++) dst[c * dstRow + r] = src[r * srcRow + c];
      for (int64_t c = tiledColumns; c < c1; c++)
        for (int64_t r = r0; r < r1; r++) dst[c * dstRow + r] = src[r * srcRow + c];
    }
  }
}

/** A whole box, dims collapsed as far as they go. */
struct Box {
  int rank;
  int64_t sizes[kCopyDims], src[kCopyDims], dst[kCopyDims];
};

Box collapsed(const CopyView& view) {
  Box box;
  box.rank = 0;
  for (int d = 0; d < view.rank; d++) {
    const int64_t size = view.sizes[d], s = view.srcStrides[d], t = view.dstStrides[d];
    if (size == 1) continue;
    const int last = box.rank - 1;
    if (last >= 0 && box.src[last] == s * size && box.dst[last] == t * size) {
      box.sizes[last] *= size, box.src[last] = s, box.dst[last] = t;
    } else {
      box.sizes[box.rank] = size, box.src[box.rank] = s, box.dst[box.rank] = t;
      box.rank++;
    }
  }
  return box;
}

/** The innermost dim. */
template <class T>
TANUKI_INLINE void copyLine(const T* src, int64_t s, T* dst, int64_t t, int64_t n) {
  if (t == 1 && s == 1) copyRun(dst, src, n);
  else if (t == 1 && s == 0) fillRun(dst, *src, n);
  else if (t == 1 && s == -1) reverseRun(dst, src, n);
  else
    for (int64_t i = 0; i < n; i++) dst[i * t] = src[i * s];
}

/** Many short lines, such as the channels of pixels. */
template <int N, class T>
void copyLines(const T* src, int64_t srcLine, T* dst, int64_t dstLine, int64_t lines) {
  for (int64_t i = 0; i < lines; i++) {
    T line[N];
    for (int j = 0; j < N; j++) line[j] = src[i * srcLine + j];
    for (int j = 0; j < N; j++) dst[i * dstLine + j] = line[j];
  }
}

/** Dims d.. of the box; `skipped` is a dim that somebody inside deals with. */
template <class T>
void copyDims(const Box& box, int d, int skipped, const T* src, T* dst) {
  if (d == skipped) return copyDims(box, d + 1, skipped, src, dst);
  const int last = box.rank - 1;
  if (d == last) {
    if (skipped >= 0)
      transpose(src, box.src[last], dst, box.dst[skipped], box.sizes[last], box.sizes[skipped]);
    else
      copyLine(src, box.src[d], dst, box.dst[d], box.sizes[d]);
    return;
  }
  if (d == last - 1 && skipped < 0) {
    if (box.src[last] == 1 && box.dst[last] == 1 && box.sizes[last] <= 4) {
      const int64_t lines = box.sizes[d], s = box.src[d], t = box.dst[d];
      switch (box.sizes[last]) {
        case 2: return copyLines<2>(src, s, dst, t, lines);
        case 3: return copyLines<3>(src, s, dst, t, lines);
        default: return copyLines<4>(src, s, dst, t, lines);
      }
    }
    for (int64_t i = 0; i < box.sizes[d]; i++)
      copyLine(src + i * box.src[d], box.src[last], dst + i * box.dst[d], box.dst[last], box.sizes[last]);
    return;
  }
  for (int64_t i = 0; i < box.sizes[d]; i++) copyDims(box, d + 1, skipped, src + i * box.src[d], dst + i * box.dst[d]);
}

/** Indices [begin, end) of dim 0 and all of the others. */
template <class T>
void copyBox(Box box, const T* src, T* dst, int64_t begin, int64_t end) {
  if (begin >= end) return;
  src += begin * box.src[0], dst += begin * box.dst[0];
  box.sizes[0] = end - begin;
  const int last = box.rank - 1;
  int contiguous = -1;
  for (int d = 0; d < last; d++)
    if (box.src[d] == 1 && box.sizes[d] >= 4) contiguous = d;
  const bool transposes = contiguous >= 0 && box.dst[last] == 1 && box.src[last] > 1 && box.sizes[last] >= 4;
  copyDims(box, 0, transposes ? contiguous : -1, src, dst);
}

/** Elements [begin, end) of the dims d..: whole indices of dim d at once, what is cut at either end apart. */
template <class T>
void copyRange(const Box& box, int d, const T* src, T* dst, int64_t begin, int64_t end) {
  if (begin >= end) return;
  int64_t inner = 1;
  for (int i = d + 1; i < box.rank; i++) inner *= box.sizes[i];
  const int64_t first = begin / inner, last = end / inner;
  if (first * inner == begin || first < last) {
    int64_t whole = first;
    if (first * inner != begin) {
      copyRange(box, d + 1, src + first * box.src[d], dst + first * box.dst[d], begin - first * inner, inner);
      whole++;
    }
    Box part;
    part.rank = box.rank - d;
    for (int i = d; i < box.rank; i++)
      part.sizes[i - d] = box.sizes[i], part.src[i - d] = box.src[i], part.dst[i - d] = box.dst[i];
    copyBox(part, src, dst, whole, last);
    if (last * inner != end)
      copyRange(box, d + 1, src + last * box.src[d], dst + last * box.dst[d], int64_t{0}, end - last * inner);
  } else {
    copyRange(box, d + 1, src + first * box.src[d], dst + first * box.dst[d], begin - first * inner, end - first * inner);
  }
}

template <class T>
void copyView(const CopyView& view, const T* src, T* dst, int64_t begin, int64_t end) {
  if (begin >= end) return;
  const Box box = collapsed(view);
  if (box.rank == 0) *dst = *src;
  else copyRange(box, 0, src, dst, begin, end);
}
void copy(const CopyView& view, int elementSize, const void* src, void* dst, int64_t begin, int64_t end) {
  if (elementSize == 1) copyView(view, static_cast<const uint8_t*>(src), static_cast<uint8_t*>(dst), begin, end);
  else copyView(view, static_cast<const AliasI*>(src), static_cast<AliasI*>(dst), begin, end);
}

void fill(void* dst, int elementSize, uint32_t value, int64_t begin, int64_t end) {
  if (begin >= end) return;
  if (elementSize == 1) memset(static_cast<char*>(dst) + begin, static_cast<int>(value & 255), static_cast<size_t>(end - begin));
  else fillRun(static_cast<AliasI*>(dst) + begin, static_cast<int32_t>(value), end - begin);
}

template <class T>
void iota(T* out, const AxisView& view, int64_t begin, int64_t end) {
  for (int64_t at = begin; at < end;) {
    const int64_t row = at / view.inner, index = row % view.axis;
    int64_t stop = (row + 1) * view.inner;
    if (stop > end) stop = end;
    if (view.inner == 1) {
      // Counts on to the end of the axis.
      int64_t n = view.axis - index;
      if (n > end - at) n = end - at;
      for (int64_t i = 0; i < n; i++) out[at + i] = static_cast<T>(static_cast<int32_t>(index + i));
      at += n;
    } else {
      fillRun(out + at, static_cast<T>(index), stop - at);
      at = stop;
    }
  }
}
void iotaF32(float* out, const AxisView& view, int64_t begin, int64_t end) { iota(out, view, begin, end); }
void iotaI32(int32_t* out, const AxisView& view, int64_t begin, int64_t end) { iota(out, view, begin, end); }

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
