// Checks of affine sampling and resizing of channels-last pictures.
#pragma once
#include "../kernels/spatial.h"
#include "check_support.h"

namespace check {

using namespace tanuki;

/** TensorFlow's border rules, in float32 as there. */
inline float mapped(float c, int64_t length, FillMode mode) {
  if (mode == FillMode::constant) return c;
  const float last = static_cast<float>(length - 1), len = static_cast<float>(length);
  if (mode != FillMode::nearest && (c < 0 || c > last)) {
    if (length <= 1) {
      c = 0;
    } else if (mode == FillMode::reflect) {
      const float period = 2 * len;
      if (c < 0) {
        c = period * static_cast<float>(static_cast<int64_t>(-c / period)) + c;
        c = c < -len ? c + period : -c - 1;
      } else {
        c -= period * static_cast<float>(static_cast<int64_t>(c / period));
        if (c >= len) c = period - c - 1;
      }
    } else if (c < 0) {
      c += len * static_cast<float>(static_cast<int64_t>(-c / last) + 1);
    } else {
      c -= len * static_cast<float>(static_cast<int64_t>(c / last));
    }
  }
  return c < 0 ? 0 : c > last ? last : c;
}

struct Read {
  int64_t row, column;  // maybe outside
  double weight;
};

/** The pixels that output pixel (ox, oy) reads and their weights; none: the fill value. */
inline std::vector<Read> reads_of(const float* t, int64_t ox, int64_t oy, int64_t h, int64_t w, Interpolation interpolation, FillMode mode) {
  const float fx = static_cast<float>(ox), fy = static_cast<float>(oy);
  const float k = t[6] * fx + t[7] * fy + 1.0f;
  if (k == 0) return {};
  const float x = mapped((t[0] * fx + t[1] * fy + t[2]) / k, w, mode), y = mapped((t[3] * fx + t[4] * fy + t[5]) / k, h, mode);
  if (interpolation == Interpolation::nearest) {
    return {{static_cast<int64_t>(std::round(y)), static_cast<int64_t>(std::round(x)), 1}};
  }
  const double x0 = std::floor(x), y0 = std::floor(y), dx = x - x0, dy = y - y0;
  const int64_t i = static_cast<int64_t>(y0), j = static_cast<int64_t>(x0);
  return {{i, j, (1 - dy) * (1 - dx)}, {i, j + 1, (1 - dy) * dx}, {i + 1, j, dy * (1 - dx)}, {i + 1, j + 1, dy * dx}};
}

inline void random_transform(float* t, int64_t h, int64_t w) {
  const float cx = static_cast<float>(w - 1) / 2, cy = static_cast<float>(h - 1) / 2;
  const int64_t kind = pick(0, 5);
  float angle = kind == 0 ? 0 : kind == 1 ? static_cast<float>(pick(-2, 2)) * 1.57079632679f : real(-1, 1), zoom = kind == 2 ? real(0.3f, 2) : 1;
  const float c = zoom * std::cos(angle), s = zoom * std::sin(angle);
  const float m[8] = {c, -s, cx - c * cx + s * cy, s, c, cy - s * cx - c * cy, 0, 0};
  std::memcpy(t, m, sizeof m);
  if (kind == 3) {
    t[2] += real(-3, 3) * static_cast<float>(w);
    t[5] += real(-3, 3) * static_cast<float>(h);
  }
  if (kind == 4) for (int i = 0; i < 8; i++) t[i] = i < 6 ? real(-2, 2) : real(-0.05f, 0.05f);
  if (kind == 5) for (int i = 0; i < 8; i++) t[i] = static_cast<float>(pick(-2, 2));  // borders, ties and projections at infinity
}

inline void check_affine(const SpatialKernels& k, Tally& t, bool backward) {
  const int64_t n = pick(1, 3), h = pick(1, 24), w = pick(1, 40), oh = chance(0.6) ? h : pick(1, 24), ow = chance(0.6) ? w : pick(1, 40);
  const int64_t channels = chance(0.6) ? 3 : chance(0.8) ? pick(1, 5) : pick(6, 20);
  const bool useBytes = !backward && chance(0.5), oneTransform = chance(0.2);
  const auto interpolation = static_cast<Interpolation>(pick(0, 1));
  const auto mode = static_cast<FillMode>(pick(0, 3));
  Floats images = random_floats(n * h * w * channels), transforms(n * 8), out = random_floats(n * oh * ow * channels), dImages(images.size());
  Bytes bytes(images.size());
  for (int64_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<uint8_t>(pick(0, 255));
  for (int64_t i = 0; i < n; i++) random_transform(transforms.data() + i * 8, h, w);
  const float fill = real(-1, 1);
  std::vector<double> wanted(backward ? images.size() : out.size());
  for (int64_t b = 0; b < n; b++) for (int64_t oy = 0; oy < oh; oy++) for (int64_t ox = 0; ox < ow; ox++) {
    const auto reads = reads_of(transforms.data() + (oneTransform ? 0 : b * 8), ox, oy, h, w, interpolation, mode);
    for (int64_t c = 0; c < channels; c++) {
      const int64_t at = ((b * oh + oy) * ow + ox) * channels + c;
      if (!backward && reads.empty()) wanted[at] = fill;
      for (const Read& r : reads) {
        const bool real = r.row >= 0 && r.column >= 0 && r.row < h && r.column < w;
        const int64_t from = ((b * h + r.row) * w + r.column) * channels + c;
        if (!backward) wanted[at] += r.weight * (real ? useBytes ? double(bytes[from]) : double(images[from]) : double(fill));
        else if (real) wanted[from] += r.weight * out[at];
      }
    }
  }
  t.shapes++;
  if (backward) {
    AffineSampleGrad a{};
    a.height = h, a.width = w, a.channels = channels, a.outHeight = oh, a.outWidth = ow;
    a.dy = out.data(), a.transforms = transforms.data(), a.transformStride = oneTransform ? 0 : 8, a.dImages = dImages.data();
    a.interpolation = interpolation, a.fillMode = mode;
    in_pieces(n, [&](int64_t b, int64_t e) { k.affine_sample_grad(a, b, e); });
    t.compare("dImages", dImages, wanted, 3e-6);
    return;
  }
  AffineSample a{};
  a.height = h, a.width = w, a.channels = channels, a.outHeight = oh, a.outWidth = ow;
  a.pixelType = useBytes ? PixelType::uint8 : PixelType::float32;
  a.images = useBytes ? static_cast<const void*>(bytes.data()) : images.data();
  a.transforms = transforms.data(), a.transformStride = oneTransform ? 0 : 8, a.y = out.data();
  a.interpolation = interpolation, a.fillMode = mode, a.fillValue = fill;
  in_pieces(n * oh, [&](int64_t b, int64_t e) { k.affine_sample(a, b, e); });
  t.compare("y", out, wanted, 1e-6);
}

/** Transforms with infinities, NaN and huge numbers: any result will do, but nothing outside the pictures may be touched. */
inline void check_wild_affine(const SpatialKernels& k, Tally& t) {
  const int64_t h = pick(1, 20), w = pick(1, 40), channels = pick(1, 4);
  const float wild[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 3e9f, -3e9f, 0, 1, -1};
  Floats images = random_floats(h * w * channels), transform(8), out(images.size());
  for (int64_t i = 0; i < 8; i++) transform[i] = wild[pick(0, 9)];
  AffineSample a{};
  a.height = a.outHeight = h, a.width = a.outWidth = w, a.channels = channels, a.images = images.data(), a.transforms = transform.data(), a.y = out.data();
  a.interpolation = static_cast<Interpolation>(pick(0, 1)), a.fillMode = static_cast<FillMode>(pick(0, 3));
  k.affine_sample(a, 0, h);
  t.expect(out.guards_hold(), "written outside its bounds");
  for (int64_t i = 0; i < out.size(); i++) t.expect(std::fabs(out[i]) <= 2.001f, "a value that no picture holds");
  AffineSampleGrad g{};
  g.height = g.outHeight = h, g.width = g.outWidth = w, g.channels = channels, g.dy = images.data(), g.transforms = transform.data(), g.dImages = out.data();
  g.interpolation = a.interpolation, g.fillMode = a.fillMode;
  k.affine_sample_grad(g, 0, 1);
  t.expect(out.guards_hold(), "written outside its bounds");
  t.values += out.size();
  t.shapes++;
}

struct AxisTables {
  std::vector<int32_t> start;
  std::vector<float> weights;
  ResizeAxis axis;
  AxisTables() {
    const int64_t in = pick(1, 30), out = pick(1, 30), taps = pick(1, in < 6 ? in : chance(0.6) ? 2 : 6);
    for (int64_t o = 0; o < out; o++) {
      start.push_back(static_cast<int32_t>(pick(0, in - taps)));
      for (int64_t i = 0; i < taps; i++) weights.push_back(chance(0.2) ? 0 : real(-1, 1));
    }
    axis = {in, out, taps, start.data(), weights.data()};
  }
};

inline void check_resize(const SpatialKernels& k, Tally& t, bool backward) {
  const AxisTables rows, columns;
  const ResizeAxis &r = rows.axis, &c = columns.axis;
  const int64_t n = pick(1, 3), channels = chance(0.6) ? 3 : chance(0.7) ? pick(1, 5) : pick(6, 40);
  const int64_t inSize = n * r.inSize * c.inSize * channels, outSize = n * r.outSize * c.outSize * channels;
  Floats x = random_floats(inSize), y = random_floats(outSize);
  Bytes bytes(inSize);
  for (int64_t i = 0; i < inSize; i++) bytes[i] = static_cast<uint8_t>(pick(0, 255));
  const bool useBytes = !backward && chance(0.5);
  std::vector<double> wanted(backward ? inSize : outSize);
  for (int64_t b = 0; b < n; b++) for (int64_t o = 0; o < r.outSize; o++) for (int64_t p = 0; p < c.outSize; p++) {
    for (int64_t i = 0; i < r.taps; i++) for (int64_t j = 0; j < c.taps; j++) for (int64_t l = 0; l < channels; l++) {
      const int64_t from = ((b * r.inSize + r.start[o] + i) * c.inSize + c.start[p] + j) * channels + l;
      const int64_t to = ((b * r.outSize + o) * c.outSize + p) * channels + l;
      const double weight = double(r.weights[o * r.taps + i]) * c.weights[p * c.taps + j];
      if (backward) wanted[from] += weight * y[to];
      else wanted[to] += weight * (useBytes ? double(bytes[from]) : double(x[from]));
    }
  }
  Scratch scratch(k.resize_scratch_bytes(r, c, channels));
  if (backward) {
    const ResizeGrad a{r, c, channels, y.data(), x.data()};
    in_pieces(n, [&](int64_t b, int64_t e) { k.resize_grad(a, b, e, scratch.fresh()); });
    t.compare("dx", x, wanted, 3e-6);
  } else {
    const Resize a{r, c, channels, useBytes ? PixelType::uint8 : PixelType::float32,
                   useBytes ? static_cast<const void*>(bytes.data()) : x.data(), y.data()};
    in_pieces(n * r.outSize, [&](int64_t b, int64_t e) { k.resize(a, b, e, scratch.fresh()); });
    t.compare("y", y, wanted, 3e-6);
  }
  t.expect(scratch.guard_holds(), "scratch overrun");
  t.shapes++;
}

}  // namespace check
