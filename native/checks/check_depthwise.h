// Checks of the depthwise kernels against plain loops in double precision.
#pragma once
#include "../kernels/spatial.h"
#include <algorithm>
#include "check_support.h"

namespace check {

using namespace tanuki;

/** Odd geometries: half of them with the kernels and strides that have a fast path. */
inline bool random_depthwise(DepthwiseGeometry& g) {
  const bool fast = chance(0.6);
  g.channelBlocks = pick(1, 3);
  g.height = pick(1, chance(0.3) ? 40 : 12);
  g.width = pick(1, chance(0.3) ? 47 : 20);
  g.kernelH = fast ? 3 + 2 * pick(0, 2) : pick(1, 9);
  g.kernelW = fast ? g.kernelH : pick(1, 9);
  g.strideH = fast ? pick(1, 2) : pick(1, 4);
  g.strideW = fast ? g.strideH : pick(1, 4);
  g.dilationH = fast ? 1 : pick(1, 3);
  g.dilationW = fast ? 1 : pick(1, 3);
  const int64_t spanH = (g.kernelH - 1) * g.dilationH + 1, spanW = (g.kernelW - 1) * g.dilationW + 1;
  int64_t bottom, right;
  if (chance(0.5)) {  // "same"
    const int64_t high = std::max<int64_t>(0, ((g.height + g.strideH - 1) / g.strideH - 1) * g.strideH + spanH - g.height);
    const int64_t wide = std::max<int64_t>(0, ((g.width + g.strideW - 1) / g.strideW - 1) * g.strideW + spanW - g.width);
    g.padTop = high / 2, bottom = high - high / 2, g.padLeft = wide / 2, right = wide - wide / 2;
  } else {
    const int64_t most = chance(0.1) ? 3 : 0;  // beyond the kernel's size too
    g.padTop = pick(0, spanH - 1 + most), bottom = pick(0, spanH - 1 + most);
    g.padLeft = pick(0, spanW - 1 + most), right = pick(0, spanW - 1 + most);
  }
  if (g.height + g.padTop + bottom < spanH || g.width + g.padLeft + right < spanW) return false;
  g.outHeight = (g.height + g.padTop + bottom - spanH) / g.strideH + 1;
  g.outWidth = (g.width + g.padLeft + right - spanW) / g.strideW + 1;
  return true;
}

inline double clamped(double v, double low, double high) { return v < low ? low : v > high ? high : v; }

/** Calls body(y index, x index, weight index) for each product of the convolution in one plane. */
template <class Body>
void for_products(const DepthwiseGeometry& g, int64_t lanes, int64_t plane, Body&& body) {
  const int64_t cb = plane % g.channelBlocks;
  for (int64_t o = 0; o < g.outHeight; o++) for (int64_t c = 0; c < g.outWidth; c++) {
    for (int64_t a = 0; a < g.kernelH; a++) for (int64_t b = 0; b < g.kernelW; b++) {
      const int64_t i = o * g.strideH - g.padTop + a * g.dilationH, j = c * g.strideW - g.padLeft + b * g.dilationW;
      if (i < 0 || j < 0 || i >= g.height || j >= g.width) continue;
      for (int64_t l = 0; l < lanes; l++) {
        body(((plane * g.outHeight + o) * g.outWidth + c) * lanes + l, ((plane * g.height + i) * g.width + j) * lanes + l,
             ((cb * g.kernelH + a) * g.kernelW + b) * lanes + l);
      }
    }
  }
}

inline void check_depthwise_forward(const SpatialKernels& k, Tally& t) {
  DepthwiseGeometry g;
  if (!random_depthwise(g)) return;
  const int64_t L = k.lanes, planes = pick(1, 3) * g.channelBlocks, outSize = planes * g.outHeight * g.outWidth * L;
  Floats x = random_floats(planes * g.height * g.width * L), w = random_floats(g.channelBlocks * g.kernelH * g.kernelW * L);
  Floats bias = random_floats(g.channelBlocks * L), residual = random_floats(outSize), y(outSize);
  if (chance(0.1)) sprinkle_nan(x, 0.01);
  DepthwiseForward a{};
  a.geometry = g;
  a.x = x.data(), a.y = y.data(), a.weights = w.data();
  a.bias = chance(0.7) ? bias.data() : nullptr;
  a.residual = chance(0.4) ? residual.data() : nullptr;
  a.low = chance(0.5) ? 0 : -kInfinity, a.high = chance(0.3) ? 6 : kInfinity;
  a.inputLow = chance(0.3) ? 0 : -kInfinity, a.inputHigh = chance(0.2) ? 1 : kInfinity;
  std::vector<double> wanted(outSize);
  for (int64_t i = 0; i < outSize; i++) wanted[i] = a.bias ? bias[i / (g.outHeight * g.outWidth * L) % g.channelBlocks * L + i % L] : 0;
  for (int64_t p = 0; p < planes; p++) {
    for_products(g, L, p, [&](int64_t yi, int64_t xi, int64_t wi) { wanted[yi] += clamped(x[xi], a.inputLow, a.inputHigh) * w[wi]; });
  }
  for (int64_t i = 0; i < outSize; i++) wanted[i] = clamped(wanted[i] + (a.residual ? residual[i] : 0), a.low, a.high);
  if (a.residual && chance(0.5)) {  // in place of the residual
    std::memcpy(y.data(), residual.data(), outSize * sizeof(float));
    a.residual = y.data();
  }
  Scratch scratch(k.depthwise_forward_scratch_bytes(g));
  in_pieces(planes, [&](int64_t b, int64_t e) { k.depthwise_forward(a, b, e, scratch.fresh()); });
  t.compare("y", y, wanted, 3e-6);
  t.expect(scratch.guard_holds(), "scratch overrun");
  t.shapes++;
}

inline void check_depthwise_backward(const SpatialKernels& k, Tally& t) {
  DepthwiseGeometry g;
  if (!random_depthwise(g)) return;
  const int64_t L = k.lanes, batch = pick(1, 3), planes = batch * g.channelBlocks, taps = g.kernelH * g.kernelW;
  const int64_t inSize = planes * g.height * g.width * L, outSize = planes * g.outHeight * g.outWidth * L, channels = g.channelBlocks * L;
  Floats x = random_floats(inSize, -2, 8, {0, 6}), y = random_floats(outSize, -2, 8, {0, 6}), dy = random_floats(outSize);
  Floats w = random_floats(channels * taps), addend = random_floats(inSize), dx(inSize);
  Floats dw = random_floats(channels * taps), db = random_floats(channels), dxb = random_floats(channels);
  DepthwiseBackward a{};
  a.geometry = g;
  a.batch = batch;
  a.dy = dy.data();
  a.y = chance(0.6) ? y.data() : nullptr;
  a.low = chance(0.8) ? 0 : -kInfinity, a.high = chance(0.5) ? 6 : kInfinity;
  a.inputLow = chance(0.3) ? 0 : -kInfinity, a.inputHigh = chance(0.2) ? 6 : kInfinity;
  const bool wantDx = chance(0.8), wantDw = !wantDx || chance(0.7);
  a.maskX = wantDx && chance(0.5);
  a.lowX = chance(0.8) ? 0 : -kInfinity, a.highX = chance(0.5) ? 6 : kInfinity;
  a.x = wantDw || a.maskX ? x.data() : nullptr;
  a.weights = wantDx ? w.data() : nullptr;
  a.dx = wantDx ? dx.data() : nullptr;
  a.addend = wantDx && chance(0.4) ? addend.data() : nullptr;
  a.addAfterMask = chance(0.5);
  a.dwAcc = wantDw ? dw.data() : nullptr;
  a.dbAcc = chance(0.7) ? db.data() : nullptr;
  a.dxbAcc = wantDx && chance(0.7) ? dxb.data() : nullptr;

  std::vector<double> d(outSize), wantedDx(inSize), wantedDw(channels * taps), wantedDb(channels), wantedDxb(channels);
  for (int64_t i = 0; i < channels * taps; i++) wantedDw[i] = dw[i];
  for (int64_t i = 0; i < channels; i++) wantedDb[i] = db[i], wantedDxb[i] = dxb[i];
  const auto channel_of = [&](int64_t i, int64_t plane) { return i / plane % g.channelBlocks * L + i % L; };
  for (int64_t i = 0; i < outSize; i++) {
    d[i] = !a.y || (y[i] > a.low && y[i] < a.high) ? dy[i] : 0;
    wantedDb[channel_of(i, g.outHeight * g.outWidth * L)] += d[i];
  }
  for (int64_t p = 0; p < planes; p++) {
    for_products(g, L, p, [&](int64_t yi, int64_t xi, int64_t wi) {
      wantedDx[xi] += d[yi] * w[wi];
      wantedDw[wi] += d[yi] * clamped(x[xi], a.inputLow, a.inputHigh);
    });
  }
  for (int64_t i = 0; i < inSize; i++) {
    if (a.addend && !a.addAfterMask) wantedDx[i] += addend[i];
    if (a.maskX && !(x[i] > a.lowX && x[i] < a.highX)) wantedDx[i] = 0;
    if (a.addend && a.addAfterMask) wantedDx[i] += addend[i];
    wantedDxb[channel_of(i, g.height * g.width * L)] += wantedDx[i];
  }

  Floats* result = &dx;
  const bool canOverwriteDy = g.strideH == 1 && g.strideW == 1 && g.outHeight == g.height && g.outWidth == g.width;
  if (wantDx && canOverwriteDy && chance(0.5)) {
    result = &dy;
  } else if (a.addend && chance(0.5)) {
    result = &addend;
  }
  if (wantDx) a.dx = result->data();
  Scratch scratch(k.depthwise_backward_scratch_bytes(g));
  in_pieces(planes, [&](int64_t b, int64_t e) { k.depthwise_backward(a, b, e, scratch.fresh()); });
  if (wantDx) t.compare("dx", *result, wantedDx, 3e-6);
  if (a.dwAcc) t.compare("dw", dw, wantedDw, 1e-5);
  if (a.dbAcc) t.compare("db", db, wantedDb, 1e-5);
  if (a.dxbAcc) t.compare("dxb", dxb, wantedDxb, 1e-5);
  t.expect(scratch.guard_holds(), "scratch overrun");
  t.shapes++;
}

}  // namespace check
