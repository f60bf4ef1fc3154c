// Vectorised exp, log, tanh and their kin for float32, from plain multiplications and additions: the same bits on every
// instruction set. Polynomials of exp, log, tanh follow Cephes (S. Moshier), of sin and cos FreeBSD's msun.
#pragma once
#include "elementwise_vector.h"

extern "C" {
double sin(double) noexcept;
double cos(double) noexcept;
double fmod(double, double) noexcept;
}

namespace tanuki {
namespace TANUKI_ISA {
namespace {

constexpr float kInfinity = __builtin_inff();
constexpr float kNaN = __builtin_nanf("");
// Adding it rounds |x| < 2^22 to the nearest integer (half to even), which then stands in the low bits.
constexpr float kRoundMagic = 12582912.0f;  // 1.5 * 2^23
constexpr double kRoundMagicD = 6755399441055744.0;  // 1.5 * 2^52
// ln 2 in two parts, the first short enough for exact products with small integers.
constexpr float kLn2High = 0.693359375f;
constexpr float kLn2Low = -2.12194440e-4f;

TANUKI_INLINE F clampTo(F x, float low, float high) {
  x = x < splat(low) ? splat(low) : x;
  return x > splat(high) ? splat(high) : x;
}

/** x = n ln 2 + r with |r| <= 0.35. */
struct ExpParts {
  I n;
  F r;
};
TANUKI_INLINE ExpParts splitExp(F x) {
  const F z = x * 1.44269504088896341f + kRoundMagic;
  const F n = z - kRoundMagic;
  return {bits(z) - 0x4b400000, (x - n * kLn2High) - n * kLn2Low};
}
/** (e^r - 1 - r) / r^2 */
TANUKI_INLINE F expTail(F r) {
  const F z = r * r;
  const F low = 1.6666665459e-1f * r + 5.0000001201e-1f, middle = 8.3334519073e-3f * r + 4.1665795894e-2f;
  const F high = 1.9875691500e-4f * r + 1.3981999507e-3f;
  return (high * z + middle) * z + low;
}
/** 2^n, -126 <= n <= 127 */
TANUKI_INLINE F powerOfTwo(I n) { return floats((n + 127) << 23); }

TANUKI_INLINE F expOf(F x) {
  // Beyond these bounds the result is 0 or infinite all the same.
  const ExpParts e = splitExp(clampTo(x, -105.0f, 89.0f));
  const F y = expTail(e.r) * (e.r * e.r) + e.r + 1.0f;
  // In two steps, as 2^n itself may be out of range.
  const I half = e.n >> 1;
  return y * powerOfTwo(half) * powerOfTwo(e.n - half);
}

/** exp of x in [-87, 88]. */
TANUKI_INLINE F expInRange(F x) {
  const ExpParts e = splitExp(x);
  return (expTail(e.r) * (e.r * e.r) + e.r + 1.0f) * powerOfTwo(e.n);
}

TANUKI_INLINE F expm1Of(F x) {
  const ExpParts e = splitExp(clampTo(x, -25.0f, 89.0f));
  const F q = expTail(e.r) * (e.r * e.r) + e.r;
  // 2^n q + (2^n - 1), halved so that n = 128 fits.
  const F s = powerOfTwo(e.n - 1);
  const F y = 2.0f * (s * q + (s - 0.5f));
  return x == 0.0f ? x : y;
}

/** log(2^e (1 + f)) for 1 + f in [sqrt 1/2, sqrt 2) */
TANUKI_INLINE F logOfParts(F f, F e) {
  const F z = f * f;
  const F z2 = z * z;
  const F p0 = 3.3333331174e-1f - 2.4999993993e-1f * f, p1 = 2.0000714765e-1f - 1.6668057665e-1f * f;
  const F p2 = 1.4249322787e-1f - 1.2420140846e-1f * f, p3 = 1.1676998740e-1f - 1.1514610310e-1f * f;
  const F p = ((7.0376836292e-2f * z + p3) * z + p2) * z2 + (p1 * z + p0);
  F y = p * f * z;
  y += e * kLn2Low;
  y -= 0.5f * z;
  return (f + y) + e * kLn2High;
}
/** x = 2^e m with m in [sqrt 1/2, sqrt 2), for normal x. */
struct LogParts {
  I e;
  F m;
};
TANUKI_INLINE LogParts splitLog(F x) {
  const I offset = minus(bits(x), splatI(0x3f3504f3));
  const I e = offset >> 23;
  return {e, floats(minus(bits(x), e << 23))};
}
/** What log makes of 0, negative numbers, infinity and NaN; `y` elsewhere. */
TANUKI_INLINE F logEdges(F x, F y) {
  y = x == 0.0f ? splat(-kInfinity) : y;
  y = x < 0.0f ? splat(kNaN) : y;
  return (bits(x) & 0x7fffffff) >= 0x7f800000 ? (x < 0.0f ? splat(kNaN) : x) : y;
}

TANUKI_INLINE F logOf(F x) {
  const I tiny = x < 1.17549435e-38f;
  const LogParts parts = splitLog(tiny ? x * 8388608.0f : x);
  const F e = toFloat(parts.e - (tiny & 23));
  return logEdges(x, logOfParts(parts.m - 1.0f, e));
}

TANUKI_INLINE F log1pOf(F x) {
  const F u = 1.0f + x;
  const LogParts parts = splitLog(u);
  // What rounding u lost, brought to the scale of m.
  const F lost = x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);
  const I exponent = 127 - parts.e;
  const F scale = floats((exponent > 0 ? exponent : I{}) << 23);
  const F y = logOfParts((parts.m - 1.0f) + lost * scale, toFloat(parts.e));
  return x == 0.0f ? x : logEdges(u, y);
}

TANUKI_INLINE F tanhOf(F x) {
  const F a = absolute(x);
  const F z = x * x;
  const F z2 = z * z;
  const F p0 = 1.33314422036e-1f * z - 3.33332819422e-1f, p1 = 2.06390887954e-2f * z - 5.37397155531e-2f;
  const F p = (-5.70498872745e-3f * z2 + p1) * z2 + p0;
  const F small = p * z * x + x;
  const F e = expInRange(2.0f * clampTo(a, 0.0f, 10.0f));
  const F large = withSign(1.0f - 2.0f / (e + 1.0f), signBit(x));
  return a < 0.625f ? small : large;
}

TANUKI_INLINE F sigmoidOf(F x) {
  const F e = expOf(-absolute(x));
  return (x < 0.0f ? e : splat(1.0f)) / (1.0f + e);
}

/** N. Juffa's approximation: an odd polynomial, and 1 - exp(polynomial) in the tails. */
TANUKI_INLINE F erfOf(F x) {
  const F a = absolute(x);
  const F t = clampTo(a, 0.0f, 4.0f);
  const F s = t * t;
  const F r0 = -6.34846687e-1f * t - 1.28717512e-1f, r1 = 2.42546219e-2f * t - 1.06777877e-1f;
  const F r2 = 3.83197126e-4f * t - 3.88396438e-3f;
  const F r = (((-1.72853470e-5f * s + r2) * s + r1) * s + r0) * t - t;
  const F large = withSign(1.0f - expInRange(r), signBit(x));
  const F s2 = s * s;
  const F p0 = -3.76125336e-1f * s + 1.28379166e-1f, p1 = -2.67681349e-2f * s + 1.12819925e-1f;
  const F p2 = -5.96761703e-4f * s + 4.99119423e-3f;
  const F p = (p2 * s2 + p1) * s2 + p0;
  const F small = p * x + x;
  return a > 0.927734375f ? large : a != a ? x : small;
}

struct SineParts {
  D sine, cosine;
  Q quadrant;
};
/** Of x below 2^28: n = round(x 2/pi) and the sine and cosine of what remains. */
TANUKI_INLINE SineParts sineParts(D x) {
  const D z = x * 6.36619772367581382433e-01 + kRoundMagicD;
  const D n = z - kRoundMagicD;
  const D r = (x - n * 1.57079631090164184570e+00) - n * 1.58932547735281966916e-08;
  const D z2 = r * r, w = z2 * z2, s = z2 * r;
  const D ts = -1.98393348360966317347e-04 + z2 * 2.7183114939898219064e-06;
  const D sine = (r + s * (-1.66666666416265235595e-01 + z2 * 8.3333293858894631756e-03)) + s * w * ts;
  const D tc = -1.38867637746099294692e-03 + z2 * 2.43904487962774090654e-05;
  const D cosine = ((1.0 + z2 * -4.99999997251031003120e-01) + w * 4.16666233237390631894e-02) + (w * z2) * tc;
  return {sine, cosine, bits(z)};
}
TANUKI_INLINE D sinWide(D x, int64_t shift) {
  const SineParts p = sineParts(x);
  const Q quadrant = p.quadrant + shift;
  const D y = (quadrant & 1) != 0 ? p.cosine : p.sine;
  return doubles(bits(y) ^ ((quadrant & 2) << 62));
}
/** shift 0: sine, 1: cosine. */
TANUKI_INLINE F sinShifted(F x, int64_t shift) {
  const Wide wide = widen(x);
  F y = narrow({sinWide(wide.low, shift), sinWide(wide.high, shift)});
  const I huge = !(absolute(x) < 268435456.0f);
  if (__builtin_expect(any(huge), 0)) {
    for (int l = 0; l < W; l++)
      if (huge[l]) y[l] = static_cast<float>(shift ? cos(static_cast<double>(x[l])) : sin(static_cast<double>(x[l])));
  }
  // -0 keeps its sign.
  return shift == 0 ? (x == 0.0f ? x : y) : y;
}

/** log2 of positive finite x to about 1e-14. */
TANUKI_INLINE D log2Wide(D x) {
  // Counted from sqrt 1/2 and biased so that a logical shift gives the exponent.
  const Q offset = minus(bits(x), Q{} + (0x3fe6a09e667f3bcdll - (1024ll << 52)));
  const Q e = reinterpret_cast<Q>(reinterpret_cast<UQ>(offset) >> 52) - 1024;
  const D m = doubles(minus(bits(x), e << 52));
  const D exponent = doubles(e + 0x4338000000000000ll) - kRoundMagicD;
  // log m = 2 artanh((m - 1) / (m + 1))
  const D s = (m - 1.0) / (m + 1.0), z = s * s;
  D p = z * (1.0 / 19) + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  p = p * z + 1.0;
  return exponent + s * p * 2.8853900817779268;  // 2 / ln 2
}
TANUKI_INLINE D exp2Wide(D t) {
  t = t < -1000.0 ? splatD(-1000.0) : t;
  t = t > 1000.0 ? splatD(1000.0) : t;
  const D z = t + kRoundMagicD;
  const D r = (t - (z - kRoundMagicD)) * 0.69314718055994530942;
  D p = r * (1.0 / 39916800) + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  return p * doubles((bits(z) << 52) + (1023ll << 52));
}
/** a^b for a > 0, or infinite: what log2 makes of the edges is put right first. */
TANUKI_INLINE D powWide(D a, D b) {
  D t = log2Wide(a);
  t = a == 0.0 ? splatD(-__builtin_inf()) : t;
  t = a == __builtin_inf() ? a : t;
  return exp2Wide(t * b);
}
/** IEEE 754's pow. */
TANUKI_INLINE F powOf(F a, F b) {
  const Wide base = widen(absolute(a)), exponent = widen(b);
  F y = narrow({powWide(base.low, exponent.low), powWide(base.high, exponent.high)});
  const F size = absolute(b);
  const I whole = size >= 8388608.0f;  // so large are only integers, and from 2^24 on only even ones
  const I n = toInt(size < 16777216.0f ? b : F{});
  const I integer = whole | (toFloat(n) == b);
  const I negative = bits(a) < 0;
  const I odd = integer & ((n & 1) != 0);
  y = floats(bits(y) | (negative & odd & INT32_MIN));
  y = (a < 0.0f) & ~integer & (a != -kInfinity) & (size != kInfinity) ? splat(kNaN) : y;
  y = (a != a) | (b != b) ? a + b : y;
  return (b == 0.0f) | (a == 1.0f) | ((a == -1.0f) & (size == kInfinity)) ? splat(1.0f) : y;
}

TANUKI_INLINE D truncateWide(D x) {
  // |x| < 2^51
  const D n = (x + kRoundMagicD) - kRoundMagicD;
  const D size = doubles(bits(x) & INT64_MAX);
  const D whole = doubles(bits(n) & INT64_MAX);
  const D y = whole > size ? whole - 1.0 : whole;
  return doubles(bits(y) | (bits(x) & INT64_MIN));
}
/** Floor modulo, exact where |a / b| < 2^29: then the product with a quotient fits a double. */
TANUKI_INLINE D modWide(D a, D b) {
  const D q = truncateWide(a / b);
  D r = a - q * b;
  // The division may have rounded up to the next integer.
  r = (r < 0.0) & (a > 0.0) ? r + doubles(bits(b) & INT64_MAX) : r;
  r = (r > 0.0) & (a < 0.0) ? r - doubles(bits(b) & INT64_MAX) : r;
  return (r != 0.0) & ((r < 0.0) ^ (b < 0.0)) ? r + b : r;
}
TANUKI_INLINE F modOf(F a, F b) {
  const Wide x = widen(a), y = widen(b);
  F r = narrow({modWide(x.low, y.low), modWide(x.high, y.high)});
  const F ratio = absolute(a / b);
  const I hard = ~(ratio < 268435456.0f) | (absolute(b) == kInfinity);
  if (__builtin_expect(any(hard), 0)) {
    for (int l = 0; l < W; l++) {
      if (!hard[l]) continue;
      const double divisor = static_cast<double>(b[l]);
      double m = fmod(static_cast<double>(a[l]), divisor);
      if (m != 0.0 && (m < 0.0) != (divisor < 0.0)) m += divisor;
      r[l] = static_cast<float>(m);
    }
  }
  return r;
}

// Rounding without SSE4.1: from 2^23 on every float is an integer.
TANUKI_INLINE F roundOf(F x) {
  const F a = absolute(x);
  const F y = withSign((a + 8388608.0f) - 8388608.0f, signBit(x));
  return a < 8388608.0f ? y : x;
}
TANUKI_INLINE F floorOf(F x) {
  const F a = absolute(x);
  const F n = roundOf(x);
  const F y = n > x ? n - 1.0f : n;
  return a < 8388608.0f ? withSign(absolute(y), signBit(x)) : x;
}
TANUKI_INLINE F ceilOf(F x) { return -floorOf(-x); }

/** Truncates and keeps within [low, high]; NaN gives 0. `high` must be a float below 2^31, or 2^31 for INT32_MAX. */
TANUKI_INLINE I saturate(F x, float low, float high) {
  x = x == x ? x : F{};
  const I over = x >= splat(high);
  const F inside = over ? F{} : (x < splat(low) ? splat(low) : x);
  return over ? splatI(high >= 2147483648.0f ? INT32_MAX : static_cast<int32_t>(high)) : toInt(inside);
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
