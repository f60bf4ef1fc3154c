// Mean and variance: each piece that fits the cache in two passes, pieces joined in f64 (Chan, Golub and LeVeque), so that
// neither large means nor odd first elements cost digits.
#pragma once
#include "elementwise_reduce.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

constexpr int64_t kPieceRows = 32;
constexpr int64_t kMomentStrip = 512;
constexpr int kMomentVectors = static_cast<int>(kMomentStrip / W);
constexpr int64_t kPieceRun = 8192;

/** Elements seen, their mean, and the sum of squared distances from it. */
struct Moments {
  double count, mean, squares;
};
TANUKI_INLINE Moments joinMoments(const Moments& a, const Moments& b) {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  const double n = a.count + b.count, delta = b.mean - a.mean;
  return {n, a.mean + delta * (b.count / n), a.squares + b.squares + delta * delta * (a.count * b.count / n)};
}

/** The same for the W lanes of a vector, which have all seen as many elements. */
struct MomentsAcc {
  Wide mean, squares;
};
TANUKI_INLINE void joinHalf(D& mean, D& squares, double count, D pieceMean, D pieceSquares, double pieceCount) {
  const double n = count + pieceCount;
  const D delta = pieceMean - mean;
  mean += delta * (pieceCount / n);
  squares += pieceSquares + delta * delta * (count * pieceCount / n);
}
/** sum and squares of the distances from `shift` */
TANUKI_INLINE void joinPiece(MomentsAcc& acc, double count, Wide shift, Wide sum, Wide squares, double pieceCount) {
  const double inverse = 1.0 / pieceCount;
  joinHalf(acc.mean.low, acc.squares.low, count, shift.low + sum.low * inverse,
           squares.low - sum.low * sum.low * inverse, pieceCount);
  joinHalf(acc.mean.high, acc.squares.high, count, shift.high + sum.high * inverse,
           squares.high - sum.high * sum.high * inverse, pieceCount);
}

TANUKI_INLINE F nearMean(Wide sum, double count) {
  const double inverse = 1.0 / count;
  return narrow({sum.low * inverse, sum.high * inverse});
}

/** Joins rows to acc (as addColumns; count rows were seen before). */
void addMomentColumns(const float* x, int64_t rows, int64_t rowStride, int vectors, int64_t last, double count,
                      MomentsAcc* acc) {
  for (int64_t at = 0; at < rows; at += kPieceRows) {
    const int64_t n = rows - at < kPieceRows ? rows - at : kPieceRows;
    const float* const p = x + at * rowStride;
    Wide sums[kMomentVectors], squares[kMomentVectors], distances[kMomentVectors];
    F shifts[kMomentVectors];
    for (int v = 0; v < vectors; v++) sums[v] = squares[v] = distances[v] = SumF::startAcc();
    addColumns<SumF>(p, n, rowStride, vectors, last, sums);
    for (int v = 0; v < vectors; v++) shifts[v] = nearMean(sums[v], static_cast<double>(n));
    int64_t r = 0;
    for (; r + 4 <= n; r += 4) {
      for (int v = 0; v < vectors; v++) {
        const float* const q = p + r * rowStride + (v == vectors - 1 ? last : v * W);
        const F a = load(q) - shifts[v], b = load(q + rowStride) - shifts[v];
        const F c = load(q + 2 * rowStride) - shifts[v], d = load(q + 3 * rowStride) - shifts[v];
        distances[v] = SumF::add4(distances[v], a, b, c, d);
        squares[v] = SumF::add4(squares[v], a * a, b * b, c * c, d * d);
      }
    }
    for (; r < n; r++) {
      for (int v = 0; v < vectors; v++) {
        const F a = load(p + r * rowStride + (v == vectors - 1 ? last : v * W)) - shifts[v];
        distances[v] = SumF::add(distances[v], a);
        squares[v] = SumF::add(squares[v], a * a);
      }
    }
    for (int v = 0; v < vectors; v++)
      joinPiece(acc[v], count + static_cast<double>(at), widen(shifts[v]), distances[v], squares[v], static_cast<double>(n));
  }
}

Moments momentsOfRun(const float* x, int64_t count) {
  Moments total = {0, 0, 0};
  for (int64_t at = 0; at < count; at += kPieceRun) {
    const int64_t n = count - at < kPieceRun ? count - at : kPieceRun;
    const float* const p = x + at;
    const double size = static_cast<double>(n);
    const float shift = static_cast<float>(foldRun<SumF>(p, n) / size);
    Wide distances = SumF::startAcc(), squares = SumF::startAcc();
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W) {
      const F a = load(p + i) - shift, b = load(p + i + W) - shift;
      const F c = load(p + i + 2 * W) - shift, d = load(p + i + 3 * W) - shift;
      distances = SumF::add4(distances, a, b, c, d);
      squares = SumF::add4(squares, a * a, b * b, c * c, d * d);
    }
    for (; i < n; i += W) {
      const int64_t count = n - i < W ? n - i : W;
      const F a = laneNumbers() < splatI(static_cast<int32_t>(count)) ? SumF::part(p + i, count) - shift : F{};
      distances = SumF::add(distances, a);
      squares = SumF::add(squares, a * a);
    }
    const double distance = SumF::total(distances), square = SumF::total(squares);
    total = joinMoments(total, {size, shift + distance / size, square - distance * distance / size});
  }
  return total;
}

/** Calls sink(output, moments) for outputs [begin, end). */
template <class Sink>
TANUKI_INLINE void momentsRange(const float* x, const ReduceView& original, int64_t begin, int64_t end,
                                int64_t reduceBegin, int64_t reduceEnd, Sink&& sink) {
  const ReduceView v = simplified(original);
  if (v.inner == 1 && v.middle == 1) {
    const float* const from = x + reduceBegin;
    for (int64_t o = begin; o < end; o++) sink(o, momentsOfRun(from + o * v.reduceInner, reduceEnd - reduceBegin));
    return;
  }
  for (int64_t output = begin; output < end;) {
    const int64_t slice = output / v.inner, first = output % v.inner;
    int64_t count = v.inner - first;
    if (count > end - output) count = end - output;
    const float* const base =
        x + (slice / v.middle * v.reduceOuter * v.middle + slice % v.middle) * v.reduceInner * v.inner;
    double means[W], squares[W], seen = 0;
    if (v.inner == 1) {
      Moments total = {0, 0, 0};
      eachStretch(base, v, reduceBegin, reduceEnd,
                  [&](const float* rows, int64_t n) { total = joinMoments(total, momentsOfRun(rows, n)); });
      sink(output, total);
    } else if (v.inner < W) {
      const int vectors = static_cast<int>(v.inner);
      MomentsAcc acc[W] = {};
      Moments totals[W] = {};
      eachStretch(base, v, reduceBegin, reduceEnd, [&](const float* rows, int64_t n) {
        addMomentColumns(rows, n / W, v.inner * W, vectors, (vectors - 1) * W, seen, acc);
        seen += static_cast<double>(n / W);
        for (int64_t r = n / W * W; r < n; r++)
          for (int i = 0; i < vectors; i++)
            totals[i] = joinMoments(totals[i], {1, static_cast<double>(rows[r * v.inner + i]), 0});
      });
      for (int i = 0; i < vectors; i++) {
        SumF::lanes(acc[i].mean, means);
        SumF::lanes(acc[i].squares, squares);
        for (int l = 0; l < W; l++) {
          Moments& total = totals[(i * W + l) % vectors];
          total = joinMoments(total, {seen, means[l], squares[l]});
        }
      }
      for (int64_t i = 0; i < count; i++) sink(output + i, totals[first + i]);
    } else {
      if (count > kMomentStrip) count = kMomentStrip;
      const int64_t start = first + W <= v.inner ? first : v.inner - W;
      const int64_t width = first + count - start < W ? W : first + count - start;
      const int vectors = static_cast<int>((width + W - 1) / W);
      MomentsAcc acc[kMomentVectors];
      for (int i = 0; i < vectors; i++) acc[i] = {SumF::startAcc(), SumF::startAcc()};
      eachStretch(base + start, v, reduceBegin, reduceEnd, [&](const float* rows, int64_t n) {
        addMomentColumns(rows, n, v.inner, vectors, width - W, seen, acc);
        seen += static_cast<double>(n);
      });
      for (int i = 0; i < vectors; i++) {
        SumF::lanes(acc[i].mean, means);
        SumF::lanes(acc[i].squares, squares);
        const int64_t at = start + (i == vectors - 1 ? width - W : i * W) - first;
        for (int l = 0; l < W; l++)
          if (at + l >= 0 && at + l < count) sink(output + at + l, Moments{seen, means[l], squares[l]});
      }
    }
    output += count;
  }
}

TANUKI_INLINE void writeMoments(const Moments& m, float* mean, float* variance) {
  *mean = m.count == 0 ? __builtin_nanf("") : static_cast<float>(m.mean);
  // Rounding can leave less than nothing; NaN must stay.
  const double squares = m.squares < 0 ? 0 : m.squares;
  *variance = m.count == 0 ? __builtin_nanf("") : static_cast<float>(squares / m.count);
}
void momentsF32(const float* x, const ReduceView& v, float* mean, float* variance, int64_t begin, int64_t end) {
  momentsRange(x, v, begin, end, 0, v.reduceOuter * v.reduceInner,
               [&](int64_t o, const Moments& m) { writeMoments(m, mean + o, variance + o); });
}
void momentsPartialF32(const float* x, const ReduceView& v, int64_t begin, int64_t end, int64_t reduceBegin,
                       int64_t reduceEnd, double* partial) {
  momentsRange(x, v, begin, end, reduceBegin, reduceEnd, [&](int64_t o, const Moments& m) {
    partial[3 * o] = m.count, partial[3 * o + 1] = m.mean, partial[3 * o + 2] = m.squares;
  });
}
void momentsCombineF32(const double* partials, int64_t chunks, int64_t outputs, float* mean, float* variance) {
  for (int64_t o = 0; o < outputs; o++) {
    Moments total = {0, 0, 0};
    for (int64_t c = 0; c < chunks; c++) {
      const double* const p = partials + 3 * (c * outputs + o);
      total = joinMoments(total, {p[0], p[1], p[2]});
    }
    writeMoments(total, mean + o, variance + o);
  }
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
