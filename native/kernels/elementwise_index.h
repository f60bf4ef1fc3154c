// Gathers and scatters by computed indices, the largest along an axis, and sorting.
#pragma once
#include "elementwise_copy.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

TANUKI_INLINE bool inside(int32_t index, int64_t axis) { return index >= 0 && index < axis; }
TANUKI_INLINE void noteBad(int64_t& bad, int64_t position) { bad = bad < 0 || position < bad ? position : bad; }

template <class T>
int64_t gatherRows(const T* x, const int32_t* indices, const AxisView& v, T* out, int64_t begin, int64_t end) {
  int64_t bad = -1;
  if (begin >= end) return bad;
  int64_t outer = begin / v.count, j = begin % v.count;
  for (int64_t row = begin; row < end; row++) {
    const int32_t index = indices[j];
    if (inside(index, v.axis)) copyRun(out + row * v.inner, x + (outer * v.axis + index) * v.inner, v.inner);
    else noteBad(bad, j);
    if (++j == v.count) j = 0, outer++;
  }
  return bad;
}
int64_t gather(const void* x, int elementSize, const int32_t* indices, const AxisView& v, void* out, int64_t begin,
               int64_t end) {
  if (elementSize == 1)
    return gatherRows(static_cast<const uint8_t*>(x), indices, v, static_cast<uint8_t*>(out), begin, end);
  return gatherRows(static_cast<const AliasI*>(x), indices, v, static_cast<AliasI*>(out), begin, end);
}

TANUKI_INLINE float added(float a, float b) { return a + b; }
TANUKI_INLINE int32_t added(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

template <class T>
int64_t scatterAdd(const int32_t* indices, const T* updates, const AxisView& v, T* out, int64_t begin, int64_t end) {
  int64_t bad = -1;
  for (int64_t j = 0; j < v.count && bad < 0; j++)
    if (!inside(indices[j], v.axis)) bad = j;
  if (begin >= end) return bad;
  memset(out + begin * v.inner, 0, static_cast<size_t>((end - begin) * v.inner) * sizeof(T));
  for (int64_t outer = begin / v.axis; outer * v.axis < end; outer++) {
    // The part of the axis that lies in the range.
    const int64_t base = outer * v.axis;
    const int64_t low = begin > base ? begin - base : 0, high = end - base < v.axis ? end - base : v.axis;
    for (int64_t j = 0; j < v.count; j++) {
      const int64_t index = indices[j];
      if (index < low || index >= high) continue;
      T* const to = out + (base + index) * v.inner;
      const T* const from = updates + (outer * v.count + j) * v.inner;
      for (int64_t i = 0; i < v.inner; i++) to[i] = added(to[i], from[i]);
    }
  }
  return bad;
}
int64_t scatterAddF32(const int32_t* indices, const float* updates, const AxisView& v, float* out, int64_t begin,
                      int64_t end) {
  return scatterAdd(indices, updates, v, out, begin, end);
}
int64_t scatterAddI32(const int32_t* indices, const int32_t* updates, const AxisView& v, int32_t* out, int64_t begin,
                      int64_t end) {
  return scatterAdd(indices, updates, v, out, begin, end);
}

template <class T>
int64_t takeAlongAxis(const T* x, const int32_t* indices, const AxisView& v, T* out, int64_t begin, int64_t end) {
  int64_t bad = -1;
  for (int64_t at = begin; at < end;) {
    const int64_t row = at / v.inner, first = at % v.inner;
    const T* const from = x + row / v.count * v.axis * v.inner;
    const int64_t stop = (row + 1) * v.inner < end ? (row + 1) * v.inner : end;
    for (int64_t i = first; at < stop; i++, at++) {
      if (inside(indices[at], v.axis)) out[at] = from[indices[at] * v.inner + i];
      else noteBad(bad, at);
    }
  }
  return bad;
}
int64_t takeAlong(const void* x, int elementSize, const int32_t* indices, const AxisView& v, void* out, int64_t begin,
                  int64_t end) {
  if (elementSize == 1)
    return takeAlongAxis(static_cast<const uint8_t*>(x), indices, v, static_cast<uint8_t*>(out), begin, end);
  return takeAlongAxis(static_cast<const AliasI*>(x), indices, v, static_cast<AliasI*>(out), begin, end);
}

/** Calls body(outer, first, past) for the columns [begin, end) of outer * inner. */
template <class Body>
TANUKI_INLINE void eachColumns(const AxisView& v, int64_t begin, int64_t end, Body&& body) {
  for (int64_t at = begin; at < end;) {
    const int64_t outer = at / v.inner, first = at % v.inner;
    const int64_t past = v.inner - first < end - at ? v.inner : first + (end - at);
    body(outer, first, past);
    at += past - first;
  }
}

template <class T>
int64_t scatterAlong(const int32_t* indices, const T* updates, const AxisView& v, T* out, int64_t begin, int64_t end) {
  int64_t bad = -1;
  eachColumns(v, begin, end, [&](int64_t outer, int64_t first, int64_t past) {
    T* const to = out + outer * v.axis * v.inner;
    for (int64_t a = 0; a < v.axis; a++)
      memset(to + a * v.inner + first, 0, static_cast<size_t>(past - first) * sizeof(T));
    for (int64_t j = 0; j < v.count; j++) {
      const int64_t row = (outer * v.count + j) * v.inner;
      for (int64_t i = first; i < past; i++) {
        const int32_t index = indices[row + i];
        if (inside(index, v.axis)) to[index * v.inner + i] = added(to[index * v.inner + i], updates[row + i]);
        else noteBad(bad, row + i);
      }
    }
  });
  return bad;
}
int64_t scatterAlongF32(const int32_t* indices, const float* updates, const AxisView& v, float* out, int64_t begin,
                        int64_t end) {
  return scatterAlong(indices, updates, v, out, begin, end);
}
int64_t scatterAlongI32(const int32_t* indices, const int32_t* updates, const AxisView& v, int32_t* out, int64_t begin,
                        int64_t end) {
  return scatterAlong(indices, updates, v, out, begin, end);
}

/** A number whose unsigned order is that of the elements, NaN largest and -0 equal to 0. */
TANUKI_INLINE uint32_t orderKey(float x) {
  if (x != x) return 0xffffffffu;
  if (x == 0.0f) x = 0.0f;
  uint32_t b;
  memcpy(&b, &x, 4);
  return b & 0x80000000u ? ~b : b | 0x80000000u;
}
TANUKI_INLINE uint32_t orderKey(int32_t x) { return static_cast<uint32_t>(x) ^ 0x80000000u; }
TANUKI_INLINE I orderKeys(F x) {
  I b = bits(x == 0.0f ? F{} : x);
  b = b ^ ((b >> 31) & INT32_MAX);
  return x != x ? splatI(INT32_MAX) : b;
}
TANUKI_INLINE I orderKeys(I x) { return x; }

template <class T>
void argMax(const T* x, const AxisView& v, int32_t* out, int64_t begin, int64_t end) {
  eachColumns(v, begin, end, [&](int64_t outer, int64_t first, int64_t past) {
    const T* const from = x + outer * v.axis * v.inner;
    int32_t* const to = out + outer * v.inner;
    int64_t i = first;
    for (; i + W <= past; i += W) {
      I best = orderKeys(load(from + i)), where = {};
      for (int64_t a = 1; a < v.axis; a++) {
        const I keys = orderKeys(load(from + a * v.inner + i));
        where = keys > best ? splatI(static_cast<int32_t>(a)) : where;
        best = keys > best ? keys : best;
      }
      store(to + i, where);
    }
    for (; i < past; i++) {
      uint32_t best = orderKey(from[i]);
      int32_t where = 0;
      int64_t a = 1;
      if (v.inner == 1 && v.axis >= 4 * W) {
        // Lane by lane, then the lanes against each other.
        I bests = orderKeys(load(from)), wheres = {};
        for (a = W; a + W <= v.axis; a += W) {
          const I keys = orderKeys(load(from + a));
          wheres = keys > bests ? splatI(static_cast<int32_t>(a)) : wheres;
          bests = keys > bests ? keys : bests;
        }
        best = 0;
        for (int l = 0; l < W; l++) {
          const uint32_t key = static_cast<uint32_t>(bests[l]) ^ 0x80000000u;
          const int32_t at = wheres[l] + l;
          if (l == 0 || key > best || (key == best && at < where)) best = key, where = at;
        }
      }
      for (; a < v.axis; a++) {
        const uint32_t key = orderKey(from[a * v.inner + i]);
        if (key > best) best = key, where = static_cast<int32_t>(a);
      }
      to[i] = where;
    }
  });
}
void argMaxF32(const float* x, const AxisView& v, int32_t* out, int64_t begin, int64_t end) { argMax(x, v, out, begin, end); }
void argMaxI32(const int32_t* x, const AxisView& v, int32_t* out, int64_t begin, int64_t end) { argMax(x, v, out, begin, end); }

struct SortItem {
  uint32_t key;
  int32_t index;
};
constexpr int64_t kInsertionSort = 48;

/** Stable; returns where the sorted items are, `items` or `other`. */
SortItem* sortItems(SortItem* items, SortItem* other, int64_t n) {
  if (n <= kInsertionSort) {
    for (int64_t i = 1; i < n; i++) {
      const SortItem item = items[i];
      int64_t j = i;
      for (; j > 0 && items[j - 1].key > item.key; j--) items[j] = items[j - 1];
      items[j] = item;
    }
    return items;
  }
  for (int shift = 0; shift < 32; shift += 8) {
    int64_t starts[256] = {};
    for (int64_t i = 0; i < n; i++) starts[items[i].key >> shift & 255]++;
    // All in one bucket: nothing to do.
    if (starts[items[0].key >> shift & 255] == n) continue;
    int64_t sum = 0;
    for (int b = 0; b < 256; b++) {
      const int64_t size = starts[b];
      starts[b] = sum;
      sum += size;
    }
    for (int64_t i = 0; i < n; i++) other[starts[items[i].key >> shift & 255]++] = items[i];
    SortItem* const swap = items;
    items = other;
    other = swap;
  }
  return items;
}

size_t argSortScratchBytes(const AxisView& v) { return static_cast<size_t>(v.axis) * 2 * sizeof(SortItem); }

template <class T>
void argSort(const T* x, const AxisView& v, bool descending, int32_t* out, int64_t begin, int64_t end, void* scratch) {
  SortItem* const items = static_cast<SortItem*>(scratch);
  const uint32_t flip = descending ? 0xffffffffu : 0;
  for (int64_t column = begin; column < end; column++) {
    const int64_t base = column / v.inner * v.axis * v.inner + column % v.inner;
    for (int64_t a = 0; a < v.axis; a++) items[a] = {orderKey(x[base + a * v.inner]) ^ flip, static_cast<int32_t>(a)};
    const SortItem* const sorted = sortItems(items, items + v.axis, v.axis);
    for (int64_t a = 0; a < v.axis; a++) out[base + a * v.inner] = sorted[a].index;
  }
}
void argSortF32(const float* x, const AxisView& v, bool descending, int32_t* out, int64_t begin, int64_t end, void* scratch) {
  argSort(x, v, descending, out, begin, end, scratch);
}
void argSortI32(const int32_t* x, const AxisView& v, bool descending, int32_t* out, int64_t begin, int64_t end, void* scratch) {
  argSort(x, v, descending, out, begin, end, scratch);
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
