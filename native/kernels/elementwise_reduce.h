// Sums, maxima and minima over one or two dims of a dense tensor.
//
// A float32 sum adds four neighbours in f32, as a tree, and the rest in f64. Each output is summed in an order that depends
// on the shape alone, whichever range of outputs is asked for.
#pragma once
#include "elementwise_vector.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

/** Columns that are reduced together: their accumulators stay in the first-level cache. */
constexpr int64_t kStrip = 1024;

// One policy for each reduction: X elements, A the scalar and Acc the vector accumulator (W lanes).
struct SumF {
  typedef float X;
  typedef double A;
  typedef Wide Acc;
  static TANUKI_INLINE A start() { return 0.0; }
  static TANUKI_INLINE Acc startAcc() { return {D{}, D{}}; }
  static TANUKI_INLINE A join(A a, A b) { return a + b; }
  static TANUKI_INLINE Acc joinAcc(Acc a, Acc b) { return {a.low + b.low, a.high + b.high}; }
  static TANUKI_INLINE Acc add(Acc acc, F x) { return joinAcc(acc, widen(x)); }
  static TANUKI_INLINE Acc add4(Acc acc, F a, F b, F c, F d) { return add(acc, (a + b) + (c + d)); }
  static TANUKI_INLINE void lanes(Acc acc, A* out) {
    memcpy(out, &acc.low, sizeof(D));
    memcpy(out + W / 2, &acc.high, sizeof(D));
  }
  static TANUKI_INLINE A total(Acc acc) {
    const D sum = acc.low + acc.high;
    A t[W / 2];
    memcpy(t, &sum, sizeof(D));
    for (int half = W / 4; half > 0; half /= 2)
      for (int l = 0; l < half; l++) t[l] += t[l + half];
    return t[0];
  }
  /** The first `count` elements, and as many of those that change nothing as a vector lacks. */
  static TANUKI_INLINE F part(const X* x, int64_t count) {
    return floats(loadPart(reinterpret_cast<const int32_t*>(x), count));
  }
};

TANUKI_INLINE I laneNumbers() {
#if defined(__AVX512F__)
  return I{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#elif defined(__AVX2__)
  return I{0, 1, 2, 3, 4, 5, 6, 7};
#else
  return I{0, 1, 2, 3};
#endif
}

/** Reductions whose accumulator is of the elements' own type. */
template <class Op>
struct Plain {
  typedef typename Op::X X;
  typedef typename Op::X A;
  typedef typename Op::V Acc;
  static TANUKI_INLINE A start() { return Op::start(); }
  static TANUKI_INLINE Acc startAcc() { return Op::start() - Acc{}; }
  static TANUKI_INLINE A join(A a, A b) { return Op::join(a, b); }
  static TANUKI_INLINE Acc joinAcc(Acc a, Acc b) { return Op::joinAcc(a, b); }
  static TANUKI_INLINE Acc add(Acc acc, Acc x) { return Op::joinAcc(acc, x); }
  static TANUKI_INLINE Acc add4(Acc acc, Acc a, Acc b, Acc c, Acc d) {
    return Op::joinAcc(acc, Op::joinAcc(Op::joinAcc(a, b), Op::joinAcc(c, d)));
  }
  static TANUKI_INLINE void lanes(Acc acc, A* out) { memcpy(out, &acc, sizeof(Acc)); }
  static TANUKI_INLINE A total(Acc acc) {
#pragma GCC unroll 4
    for (int half = W / 2; half > 0; half /= 2) acc = Op::joinAcc(acc, __builtin_shuffle(acc, laneNumbers() + half));
    return acc[0];
  }
  static TANUKI_INLINE Acc part(const X* x, int64_t count) {
    const Acc v = (Acc)loadPart(reinterpret_cast<const int32_t*>(x), count);
    return laneNumbers() < splatI(static_cast<int32_t>(count)) ? v : startAcc();
  }
};
struct MaxFOp {
  typedef float X;
  typedef F V;
  static TANUKI_INLINE X start() { return -__builtin_inff(); }
  static TANUKI_INLINE X join(X a, X b) { return b > a || b != b ? b : a; }
  static TANUKI_INLINE V joinAcc(V a, V b) { return (b > a) | (b != b) ? b : a; }
};
struct MinFOp {
  typedef float X;
  typedef F V;
  static TANUKI_INLINE X start() { return __builtin_inff(); }
  static TANUKI_INLINE X join(X a, X b) { return b < a || b != b ? b : a; }
  static TANUKI_INLINE V joinAcc(V a, V b) { return (b < a) | (b != b) ? b : a; }
};
struct SumIOp {
  typedef int32_t X;
  typedef I V;
  static TANUKI_INLINE X start() { return 0; }
  static TANUKI_INLINE X join(X a, X b) { return static_cast<X>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b)); }
  static TANUKI_INLINE V joinAcc(V a, V b) { return reinterpret_cast<V>(reinterpret_cast<U>(a) + reinterpret_cast<U>(b)); }
};
struct MaxIOp {
  typedef int32_t X;
  typedef I V;
  static TANUKI_INLINE X start() { return INT32_MIN; }
  static TANUKI_INLINE X join(X a, X b) { return b > a ? b : a; }
  static TANUKI_INLINE V joinAcc(V a, V b) { return b > a ? b : a; }
};
struct MinIOp {
  typedef int32_t X;
  typedef I V;
  static TANUKI_INLINE X start() { return INT32_MAX; }
  static TANUKI_INLINE X join(X a, X b) { return b < a ? b : a; }
  static TANUKI_INLINE V joinAcc(V a, V b) { return b < a ? b : a; }
};

/** Adds `rows` rows of `vectors` vectors to acc. Vector v starts at column v * W, the last one at `last`. */
template <class P>
void addColumns(const typename P::X* x, int64_t rows, int64_t rowStride, int vectors, int64_t last, typename P::Acc* acc) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const typename P::X* const p = x + r * rowStride;
    for (int v = 0; v < vectors; v++) {
      const typename P::X* const q = p + (v == vectors - 1 ? last : v * W);
      // Four rows are four streams too short for the hardware to follow.
      for (int i = 4; i < 8; i++) __builtin_prefetch(q + i * rowStride);
      acc[v] = P::add4(acc[v], load(q), load(q + rowStride), load(q + 2 * rowStride), load(q + 3 * rowStride));
    }
  }
  for (; r < rows; r++) {
    const typename P::X* const p = x + r * rowStride;
    for (int v = 0; v < vectors; v++) acc[v] = P::add(acc[v], load(p + (v == vectors - 1 ? last : v * W)));
  }
}

/** All of n contiguous elements. */
template <class P>
TANUKI_INLINE typename P::A foldRun(const typename P::X* x, int64_t n) {
  typename P::Acc acc = P::startAcc(), other = P::startAcc();
  int64_t i = 0;
  for (; i + 8 * W <= n; i += 8 * W) {
    acc = P::add4(acc, load(x + i), load(x + i + W), load(x + i + 2 * W), load(x + i + 3 * W));
    other = P::add4(other, load(x + i + 4 * W), load(x + i + 5 * W), load(x + i + 6 * W), load(x + i + 7 * W));
  }
  for (; i + W <= n; i += W) acc = P::add(acc, load(x + i));
  if (i < n) acc = P::add(acc, P::part(x + i, n - i));
  return P::total(P::joinAcc(acc, other));
}

/** A view with neighbouring dims of one kind merged: reduceOuter > 1 only where middle > 1 and reduceInner > 1. */
ReduceView simplified(ReduceView v) {
  if (v.reduceInner == 1) {
    v.inner *= v.middle, v.middle = 1;
    v.reduceInner = v.reduceOuter, v.reduceOuter = 1;
  }
  if (v.middle == 1) v.reduceInner *= v.reduceOuter, v.reduceOuter = 1;
  return v;
}

/** Calls body(first row, rows) for each stretch of rows that lie `inner` elements apart, of the given reduced elements. */
template <class X, class Body>
TANUKI_INLINE void eachStretch(const X* x, const ReduceView& v, int64_t reduceBegin, int64_t reduceEnd, Body&& body) {
  for (int64_t r = reduceBegin; r < reduceEnd;) {
    const int64_t outer = r / v.reduceInner, from = r % v.reduceInner;
    int64_t rows = v.reduceInner - from;
    if (rows > reduceEnd - r) rows = reduceEnd - r;
    body(x + (outer * v.middle * v.reduceInner + from) * v.inner, rows);
    r += rows;
  }
}

/** Writes the totals of outputs [begin, end) to out[begin..end). */
template <class P, class Out>
void reduceRange(const typename P::X* x, const ReduceView& original, int64_t begin, int64_t end, int64_t reduceBegin,
                 int64_t reduceEnd, Out* out) {
  typedef typename P::X X;
  typedef typename P::A A;
  const ReduceView v = simplified(original);
  if (v.inner == 1 && v.middle == 1) {
    // Rows: no divisions, as they may be short and many.
    const X* const from = x + reduceBegin;
    for (int64_t o = begin; o < end; o++)
      out[o] = static_cast<Out>(foldRun<P>(from + o * v.reduceInner, reduceEnd - reduceBegin));
    return;
  }
  for (int64_t output = begin; output < end;) {
    const int64_t slice = output / v.inner, first = output % v.inner;
    int64_t count = v.inner - first;
    if (count > end - output) count = end - output;
    const X* const base = x + (slice / v.middle * v.reduceOuter * v.middle + slice % v.middle) * v.reduceInner * v.inner;
    if (v.inner == 1) {
      A total = P::start();
      eachStretch(base, v, reduceBegin, reduceEnd,
                  [&](const X* rows, int64_t n) { total = P::join(total, foldRun<P>(rows, n)); });
      out[output] = static_cast<Out>(total);
    } else if (v.inner < W) {
      // W rows together are `inner` whole vectors.
      const int vectors = static_cast<int>(v.inner);
      typename P::Acc acc[W];
      A totals[W], lanes[W * W];
      for (int i = 0; i < vectors; i++) acc[i] = P::startAcc(), totals[i] = P::start();
      eachStretch(base, v, reduceBegin, reduceEnd, [&](const X* rows, int64_t n) {
        addColumns<P>(rows, n / W, v.inner * W, vectors, (vectors - 1) * W, acc);
        for (int64_t r = n / W * W; r < n; r++)
          for (int i = 0; i < vectors; i++) totals[i] = P::join(totals[i], static_cast<A>(rows[r * v.inner + i]));
      });
      for (int i = 0; i < vectors; i++) P::lanes(acc[i], lanes + i * W);
      for (int l = 0; l < vectors * W; l++) totals[l % vectors] = P::join(totals[l % vectors], lanes[l]);
      for (int64_t i = 0; i < count; i++) out[output + i] = static_cast<Out>(totals[first + i]);
    } else {
      if (count > kStrip) count = kStrip;
      // Fewer columns than a vector holds: the vector reads neighbours too.
      const int64_t start = first + W <= v.inner ? first : v.inner - W;
      const int64_t width = first + count - start < W ? W : first + count - start;
      const int vectors = static_cast<int>((width + W - 1) / W);
      typename P::Acc acc[kStrip / W];
      for (int i = 0; i < vectors; i++) acc[i] = P::startAcc();
      eachStretch(base + start, v, reduceBegin, reduceEnd, [&](const X* rows, int64_t n) {
        addColumns<P>(rows, n, v.inner, vectors, width - W, acc);
      });
      A lanes[W];
      for (int i = 0; i < vectors; i++) {
        P::lanes(acc[i], lanes);
        const int64_t at = start + (i == vectors - 1 ? width - W : i * W) - first;
        for (int l = 0; l < W; l++)
          if (at + l >= 0 && at + l < count) out[output + at + l] = static_cast<Out>(lanes[l]);
      }
    }
    output += count;
  }
}

template <class Out>
void reduceRangeF(ReduceOp op, const float* x, const ReduceView& v, int64_t begin, int64_t end, int64_t reduceBegin,
                  int64_t reduceEnd, Out* out) {
  switch (op) {
    case ReduceOp::sum: reduceRange<SumF>(x, v, begin, end, reduceBegin, reduceEnd, out); break;
    case ReduceOp::max: reduceRange<Plain<MaxFOp>>(x, v, begin, end, reduceBegin, reduceEnd, out); break;
    case ReduceOp::min: reduceRange<Plain<MinFOp>>(x, v, begin, end, reduceBegin, reduceEnd, out); break;
  }
}
void reducePartialF32(ReduceOp op, const float* x, const ReduceView& v, int64_t begin, int64_t end, int64_t reduceBegin,
                      int64_t reduceEnd, double* partial) {
  reduceRangeF(op, x, v, begin, end, reduceBegin, reduceEnd, partial);
}
void reduceF32(ReduceOp op, const float* x, const ReduceView& v, float* out, int64_t begin, int64_t end) {
  reduceRangeF(op, x, v, begin, end, 0, v.reduceOuter * v.reduceInner, out);
}
void reducePartialI32(ReduceOp op, const int32_t* x, const ReduceView& v, int64_t begin, int64_t end, int64_t reduceBegin,
                      int64_t reduceEnd, int32_t* out) {
  switch (op) {
    case ReduceOp::sum: reduceRange<Plain<SumIOp>>(x, v, begin, end, reduceBegin, reduceEnd, out); break;
    case ReduceOp::max: reduceRange<Plain<MaxIOp>>(x, v, begin, end, reduceBegin, reduceEnd, out); break;
    case ReduceOp::min: reduceRange<Plain<MinIOp>>(x, v, begin, end, reduceBegin, reduceEnd, out); break;
  }
}
void reduceI32(ReduceOp op, const int32_t* x, const ReduceView& v, int32_t* out, int64_t begin, int64_t end) {
  reducePartialI32(op, x, v, begin, end, 0, v.reduceOuter * v.reduceInner, out);
}

template <class P, class T, class Out>
void combine(const T* partials, int64_t chunks, int64_t outputs, Out* out) {
  for (int64_t o = 0; o < outputs; o++) {
    typename P::A total = P::start();
    for (int64_t c = 0; c < chunks; c++) total = P::join(total, static_cast<typename P::A>(partials[c * outputs + o]));
    out[o] = static_cast<Out>(total);
  }
}
void reduceCombineF32(ReduceOp op, const double* partials, int64_t chunks, int64_t outputs, float* out) {
  switch (op) {
    case ReduceOp::sum: combine<SumF>(partials, chunks, outputs, out); break;
    case ReduceOp::max: combine<Plain<MaxFOp>>(partials, chunks, outputs, out); break;
    case ReduceOp::min: combine<Plain<MinFOp>>(partials, chunks, outputs, out); break;
  }
}
void reduceCombineI32(ReduceOp op, const int32_t* partials, int64_t chunks, int64_t outputs, int32_t* out) {
  switch (op) {
    case ReduceOp::sum: combine<Plain<SumIOp>>(partials, chunks, outputs, out); break;
    case ReduceOp::max: combine<Plain<MaxIOp>>(partials, chunks, outputs, out); break;
    case ReduceOp::min: combine<Plain<MinIOp>>(partials, chunks, outputs, out); break;
  }
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
