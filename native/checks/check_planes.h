// Checks of pooling, sums, subsampling and layout changes against plain loops.
#pragma once
#include <algorithm>
#include "../kernels/spatial.h"
#include "check_support.h"

namespace check {

using namespace tanuki;

inline bool random_pool(PoolGeometry& g) {
  g.height = pick(1, chance(0.3) ? 40 : 12);
  g.width = pick(1, chance(0.3) ? 40 : 12);
  const int64_t kind = pick(0, 3);
  g.windowH = kind < 3 ? 2 + kind % 2 : pick(1, 5);
  g.windowW = kind < 3 ? g.windowH : pick(1, 5);
  g.strideH = kind < 2 ? 2 : pick(1, 4);
  g.strideW = kind < 2 ? 2 : pick(1, 4);
  // Now and then windows that lie wholly in the padding.
  const int64_t most = chance(0.1) ? 3 : -1;
  g.padTop = pick(0, std::max<int64_t>(0, g.windowH + most)), g.padLeft = pick(0, std::max<int64_t>(0, g.windowW + most));
  const int64_t high = g.height + g.padTop + pick(0, g.windowH - 1), wide = g.width + g.padLeft + pick(0, g.windowW - 1);
  if (high < g.windowH || wide < g.windowW) return false;
  g.outHeight = (high - g.windowH) / g.strideH + 1;
  g.outWidth = (wide - g.windowW) / g.strideW + 1;
  return true;
}

/** Calls body(y index, x index) for each real pixel of each window, row-major inside the window. */
template <class Body>
void for_windows(const PoolGeometry& g, int64_t planes, int64_t lanes, Body&& body) {
  for (int64_t p = 0; p < planes; p++) for (int64_t o = 0; o < g.outHeight; o++) for (int64_t c = 0; c < g.outWidth; c++) {
    for (int64_t l = 0; l < lanes; l++) for (int64_t a = 0; a < g.windowH; a++) for (int64_t b = 0; b < g.windowW; b++) {
      const int64_t i = o * g.strideH - g.padTop + a, j = c * g.strideW - g.padLeft + b;
      if (i < 0 || j < 0 || i >= g.height || j >= g.width) continue;
      body(((p * g.outHeight + o) * g.outWidth + c) * lanes + l, ((p * g.height + i) * g.width + j) * lanes + l);
    }
  }
}

inline void check_pool(const SpatialKernels& k, Tally& t, bool max, bool backward) {
  PoolGeometry g;
  if (!random_pool(g)) return;
  const int64_t L = k.lanes, planes = pick(1, 4), inSize = planes * g.height * g.width * L, outSize = planes * g.outHeight * g.outWidth * L;
  // Few distinct values: many ties.
  Floats x = random_floats(inSize, -2, 2, {-1, 0, 1}), dy = random_floats(outSize), residual = random_floats(outSize);
  if (max && chance(0.3)) sprinkle_nan(x, 0.03);
  if (max && chance(0.1)) for (int64_t i = 0; i < inSize; i++) if (chance(0.5)) x[i] = -kInfinity;
  std::vector<double> sum(outSize), count(outSize), best(outSize, -INFINITY), dx(inSize);
  std::vector<int64_t> place(outSize, -1);
  for_windows(g, planes, L, [&](int64_t yi, int64_t xi) {
    sum[yi] += x[xi];
    count[yi]++;
    if (place[yi] < 0 || x[xi] > best[yi] || std::isnan(x[xi])) best[yi] = x[xi], place[yi] = xi;
  });
  t.shapes++;
  if (!backward) {
    Floats y(outSize);
    PoolForward a{g, x.data(), y.data(), nullptr};
    std::vector<double> wanted(outSize);
    const bool add = max && chance(0.4);
    for (int64_t i = 0; i < outSize; i++) wanted[i] = max ? best[i] + (add ? residual[i] : 0) : count[i] ? sum[i] / count[i] : 0;
    if (add) a.residual = residual.data();
    if (add && chance(0.5)) {
      std::memcpy(y.data(), residual.data(), outSize * sizeof(float));
      a.residual = y.data();
    }
    in_pieces(planes, [&](int64_t b, int64_t e) { (max ? k.max_pool_forward : k.avg_pool_forward)(a, b, e); });
    t.compare("y", y, wanted, 1e-6);
    return;
  }
  Floats got(inSize);
  const PoolBackward a{g, max ? x.data() : nullptr, dy.data(), got.data()};
  if (max) {
    for (int64_t i = 0; i < outSize; i++) if (place[i] >= 0) dx[place[i]] += dy[i];
  } else {
    for_windows(g, planes, L, [&](int64_t yi, int64_t xi) { dx[xi] += dy[yi] / count[yi]; });
  }
  Scratch scratch(max ? k.max_pool_backward_scratch_bytes(g) : 0);
  in_pieces(planes, [&](int64_t b, int64_t e) {
    if (max) k.max_pool_backward(a, b, e, scratch.fresh());
    else scratch.fresh(), k.avg_pool_backward(a, b, e);
  });
  t.compare("dx", got, dx, 1e-6);
  t.expect(scratch.guard_holds(), "scratch overrun");
}

inline void check_channel_sums(const SpatialKernels& k, Tally& t) {
  const int64_t L = k.lanes, blocks = pick(1, 4), batch = pick(1, 3), pixels = pick(1, chance(0.2) ? 3000 : 60);
  const int64_t size = batch * blocks * pixels * L;
  Floats x = random_floats(size), z = random_floats(size), xShift = random_floats(blocks * L), zShift = random_floats(blocks * L);
  Floats sums = random_floats(blocks * L), products = random_floats(blocks * L);
  ChannelSums a{};
  a.channelBlocks = blocks, a.batch = batch, a.pixels = pixels, a.x = x.data();
  a.z = chance(0.5) ? z.data() : nullptr;
  a.xShift = chance(0.5) ? xShift.data() : nullptr;
  a.zShift = chance(0.5) ? zShift.data() : nullptr;
  a.sumAcc = chance(0.8) ? sums.data() : nullptr;
  a.productAcc = chance(0.6) || !a.sumAcc ? products.data() : nullptr;
  std::vector<double> wantedSums(blocks * L), wantedProducts(blocks * L);
  for (int64_t i = 0; i < blocks * L; i++) wantedSums[i] = sums[i], wantedProducts[i] = products[i];
  for (int64_t i = 0; i < size; i++) {
    const int64_t c = i / (pixels * L) % blocks * L + i % L;
    const double v = x[i] - (a.xShift ? double(xShift[c]) : 0.0), u = a.z ? z[i] - (a.zShift ? double(zShift[c]) : 0.0) : v;
    wantedSums[c] += v;
    wantedProducts[c] += v * u;
  }
  in_pieces(blocks * batch, [&](int64_t b, int64_t e) { k.channel_sums(a, b, e); });
  if (a.sumAcc) t.compare("sums", sums, wantedSums, 3e-6);
  if (a.productAcc) t.compare("products", products, wantedProducts, 3e-6);
  t.shapes++;
}

inline void check_spatial_sums(const SpatialKernels& k, Tally& t) {
  const int64_t L = k.lanes, channels = pick(1, 70), blocks = (channels + L - 1) / L, batch = pick(1, 3), pixels = pick(1, chance(0.2) ? 3000 : 60);
  Floats x = random_floats(batch * blocks * pixels * L), sums(batch * channels);
  const SpatialSums a{channels, pixels, x.data(), sums.data(), chance(0.5) ? 1.0f / static_cast<float>(pixels) : 1.0f};
  std::vector<double> wanted(batch * channels);
  for (int64_t i = 0; i < x.size(); i++) {
    const int64_t plane = i / (pixels * L), c = plane % blocks * L + i % L;
    if (c < channels) wanted[plane / blocks * channels + c] += double(x[i]) * a.scale;
  }
  in_pieces(batch * blocks, [&](int64_t b, int64_t e) { k.spatial_sums(a, b, e); });
  t.compare("sums", sums, wanted, 3e-6);
  t.shapes++;
}

inline void check_spatial_broadcast(const SpatialKernels& k, Tally& t) {
  const int64_t L = k.lanes, channels = pick(1, 70), blocks = (channels + L - 1) / L, batch = pick(1, 3), pixels = pick(1, chance(0.1) ? 1500 : 60);
  const int64_t size = batch * blocks * pixels * L;
  Floats values = random_floats(batch * channels), y = random_floats(size, -2, 8, {0, 6}), dx(size), sums = random_floats(blocks * L);
  SpatialBroadcast a{};
  a.channels = channels, a.batch = batch, a.pixels = pixels, a.values = values.data(), a.dx = dx.data(), a.scale = real(-1, 1);
  a.y = chance(0.6) ? y.data() : nullptr;
  a.low = 0, a.high = chance(0.5) ? 6 : kInfinity;
  a.sumAcc = chance(0.6) ? sums.data() : nullptr;
  std::vector<double> wanted(size), wantedSums(blocks * L);
  for (int64_t i = 0; i < blocks * L; i++) wantedSums[i] = sums[i];
  for (int64_t i = 0; i < size; i++) {
    const int64_t plane = i / (pixels * L), c = plane % blocks * L + i % L;
    const bool kept = c < channels && (!a.y || (y[i] > a.low && y[i] < a.high));
    wanted[i] = kept ? double(values[plane / blocks * channels + c]) * a.scale : 0;
    wantedSums[c] += wanted[i];
  }
  Floats* result = &dx;
  if (a.y && chance(0.5)) result = &y;
  a.dx = result->data();
  in_pieces(blocks * batch, [&](int64_t b, int64_t e) { k.spatial_broadcast(a, b, e); });
  t.compare("dx", *result, wanted, 1e-6);
  if (a.sumAcc) t.compare("sums", sums, wantedSums, 3e-6);
  t.shapes++;
}

inline void check_subsample(const SpatialKernels& k, Tally& t, bool backward) {
  const int64_t L = k.lanes, planes = pick(1, 4), h = pick(1, 20), w = pick(1, 20), sh = pick(1, 3), sw = pick(1, 3);
  const int64_t oh = (h + sh - 1) / sh - (chance(0.2) && h > sh ? 1 : 0), ow = (w + sw - 1) / sw - (chance(0.2) && w > sw ? 1 : 0);
  Floats big = random_floats(planes * h * w * L), small = random_floats(planes * oh * ow * L);
  const bool add = chance(0.5);
  std::vector<double> wanted(backward ? big.size() : small.size());
  if (backward && add) for (int64_t i = 0; i < big.size(); i++) wanted[i] = big[i];
  for (int64_t i = 0; i < small.size(); i++) {
    const int64_t c = i / L % ow, o = i / L / ow % oh, p = i / L / ow / oh, from = ((p * h + o * sh) * w + c * sw) * L + i % L;
    if (backward) wanted[from] += small[i];
    else wanted[i] = big[from];
  }
  const Subsample f{h, w, oh, ow, sh, sw, big.data(), small.data()};
  const SubsampleGrad g{h, w, oh, ow, sh, sw, small.data(), big.data(), add};
  in_pieces(planes, [&](int64_t b, int64_t e) { backward ? k.subsample_grad(g, b, e) : k.subsample(f, b, e); });
  t.compare(backward ? "dx" : "y", backward ? big : small, wanted, 1e-7);
  t.shapes++;
}

inline void check_blocked(const SpatialKernels& k, Tally& t, bool toBlocked) {
  const int64_t L = k.lanes, batch = pick(1, 3), channels = pick(1, 150), blocks = (channels + L - 1) / L, pixels = pick(1, 200);
  Floats from = random_floats(toBlocked ? batch * pixels * channels : batch * blocks * pixels * L);
  Floats to(toBlocked ? batch * blocks * pixels * L : batch * pixels * channels);
  std::vector<double> wanted(to.size());
  for (int64_t n = 0; n < batch; n++) for (int64_t p = 0; p < pixels; p++) for (int64_t c = 0; c < channels; c++) {
    const int64_t plain = (n * pixels + p) * channels + c, blocked = ((n * blocks + c / L) * pixels + p) * L + c % L;
    wanted[toBlocked ? blocked : plain] = from[toBlocked ? plain : blocked];
  }
  const LayoutChange a{channels, pixels, from.data(), to.data()};
  in_pieces(batch * pixels, [&](int64_t b, int64_t e) { (toBlocked ? k.nhwc_to_blocked : k.blocked_to_nhwc)(a, b, e); });
  t.compare("values", to, wanted, 0);
  t.shapes++;
}

inline void check_planes_from_nhwc(const SpatialKernels& k, Tally& t) {
  const int64_t batch = pick(1, 3), channels = chance(0.6) ? 3 : pick(1, 6), pixels = pick(1, chance(0.2) ? 3000 : 150);
  Floats x = random_floats(batch * pixels * channels), scale = random_floats(channels), shift = random_floats(channels), y(x.size());
  Bytes bytes(x.size());
  for (int64_t i = 0; i < x.size(); i++) bytes[i] = static_cast<uint8_t>(pick(0, 255));
  PlanesFromNhwc a{};
  const bool useBytes = chance(0.5);
  a.channels = channels, a.pixels = pixels, a.y = y.data();
  a.pixelType = useBytes ? PixelType::uint8 : PixelType::float32;
  a.x = useBytes ? static_cast<const void*>(bytes.data()) : x.data();
  a.scale = chance(0.5) ? scale.data() : nullptr;
  a.shift = chance(0.5) ? shift.data() : nullptr;
  std::vector<double> wanted(x.size());
  for (int64_t i = 0; i < x.size(); i++) {
    const int64_t c = i % channels, p = i / channels % pixels, n = i / channels / pixels;
    const double v = useBytes ? bytes[i] : x[i];
    wanted[(n * channels + c) * pixels + p] = v * (a.scale ? scale[c] : 1) + (a.shift ? shift[c] : 0);
  }
  in_pieces(batch * pixels, [&](int64_t b, int64_t e) { k.planes_from_nhwc(a, b, e); });
  t.compare("planes", y, wanted, 1e-6);
  t.shapes++;
}

inline void check_depthwise_weights(const SpatialKernels& k, Tally& t, bool pack) {
  const int64_t L = k.lanes, channels = pick(1, 100), blocks = (channels + L - 1) / L, taps = pick(1, 49);
  Floats from = random_floats(pack ? taps * channels : blocks * taps * L), to(pack ? blocks * taps * L : taps * channels);
  std::vector<double> wanted(to.size());
  for (int64_t i = 0; i < taps; i++) for (int64_t c = 0; c < channels; c++) {
    const int64_t plain = i * channels + c, blocked = (c / L * taps + i) * L + c % L;
    wanted[pack ? blocked : plain] = from[pack ? plain : blocked];
  }
  const DepthwiseWeights a{channels, taps, from.data(), to.data()};
  in_pieces(blocks, [&](int64_t b, int64_t e) { (pack ? k.pack_depthwise_weights : k.unpack_depthwise_weights)(a, b, e); });
  t.compare("weights", to, wanted, 0);
  t.shapes++;
}

}  // namespace check
