// Affine (projective) sampling of channels-last pictures, as TensorFlow's ImageProjectiveTransformV3, and its gradient.
//
// A row of output pixels is handled in blocks of L: their source positions are computed as vectors; then each pixel reads its four
// neighbours. Where both ends of a block lie inside the picture, so do all its pixels, and no border rule is asked.
#pragma once
#include "spatial_simd.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

// --- Positions ---------------------------------------------------------------------------------------------------------------------

// Keeps the compiler from merging a product into a following sum, so that positions round as TensorFlow's do: at multiples of a right
// angle they lie on the borders of pixels, where one rounding decides which pixel is read.
TANUKI_INLINE Vec rounded(Vec v) {
#if defined(__FMA__)
  asm("" : "+v"(v));
#endif
  return v;
}
TANUKI_INLINE float rounded(float f) {
#if defined(__FMA__)
  asm("" : "+v"(f));
#endif
  return f;
}

TANUKI_INLINE Vec whole_part(Vec v) { return to_float(truncate(v)); }

// Clamped to [0, length - 1]; NaN becomes 0, so that what follows never reads outside.
TANUKI_INLINE Vec clamp_to(Vec c, float last) {
  c = select(c > Vec{}, c, Vec{});
  return select(c > splat(last), splat(last), c);
}

// The border rules for positions outside [0, length - 1]; constant leaves them alone.
TANUKI_INLINE Vec mapped_position(Vec c, int64_t length, FillMode mode) {
  const float last = static_cast<float>(length - 1);
  if (mode == FillMode::constant) return c;
  if (mode == FillMode::nearest) return clamp_to(c, last);
  if (length <= 1) return select(c == c, Vec{}, Vec{});
  const Vec len = splat(static_cast<float>(length)), zero = {};
  const IntVec below = c < zero, above = c > splat(last);
  if (mode == FillMode::reflect) {  // dcba|abcd|dcba
    const Vec period = len + len;
    const Vec up = c + rounded(period * whole_part(-c / period));
    const Vec fromBelow = select(up < -len, up + period, -up - splat(1));
    const Vec down = c - rounded(period * whole_part(c / period));
    const Vec fromAbove = select(down >= len, period - down - splat(1), down);
    return clamp_to(select(below, fromBelow, select(above, fromAbove, c)), last);
  }
  const Vec up = c + rounded(len * (whole_part(-c / splat(last)) + splat(1)));  // abcd|abcd|abcd
  const Vec down = c - rounded(len * whole_part(c / splat(last)));
  return clamp_to(select(below, up, select(above, down, c)), last);
}

// The transform of one image, along one output row.
struct SourceRow {
  const float* t;
  float rowX, rowY, rowK;  // the parts that depend on the row
  bool projective;

  SourceRow(const float* transform, int64_t row) : t(transform) {
    const float y = static_cast<float>(row);
    rowX = rounded(t[1] * y);
    rowY = rounded(t[4] * y);
    rowK = rounded(t[7] * y);
    float nothing = 0;
    for (int i = 0; i < 6; i++) nothing += t[i] - t[i];
    // Transforms that are no numbers take the careful way too.
    projective = t[6] != 0 || t[7] != 0 || nothing != nothing;
  }
  // Source positions of L output pixels from column c on; NaN where the projection is at infinity.
  TANUKI_INLINE void positions(int64_t c, Vec& x, Vec& y) const {
    float columns[L];
    for (int l = 0; l < L; l++) columns[l] = static_cast<float>(c + l);
    const Vec column = load(columns);
    x = rounded(splat(t[0]) * column) + splat(rowX) + splat(t[2]);
    y = rounded(splat(t[3]) * column) + splat(rowY) + splat(t[5]);
    if (projective) {
      const Vec k = rounded(splat(t[6]) * column) + splat(rowK) + splat(1);
      x = select(k == Vec{}, splat(__builtin_nanf("")), x / k);
      y = select(k == Vec{}, splat(__builtin_nanf("")), y / k);
    }
  }
};

// Where L output pixels read. Positions are kept for the constant border, which needs them.
struct SourceBlock {
  float x[L], y[L];        // positions after the border rule
  float fractionX[L], fractionY[L];
  int32_t offset[L];       // of the top left (or nearest) pixel, in elements
  int32_t stepX[L], stepY[L];  // from there to the right and lower neighbours
};

// Whatever the border rule, a pixel whose source position is not a finite number gets the fill value.
TANUKI_INLINE bool at_infinity(const SourceBlock& block, int64_t i) {
  const float nothing = (block.x[i] - block.x[i]) + (block.y[i] - block.y[i]);
  return nothing != nothing;
}

enum class BlockKind {
  inside,   // offsets and steps hold, all four neighbours exist and differ
  mapped,   // offsets and steps hold; a step is 0 where there is no neighbour, its weight is 0 then
  checked,  // constant border: look at each position
  outside   // constant border: all pixels get the fill value
};

struct SourceSize {
  int64_t height, width, channels;
};

TANUKI_INLINE BlockKind find_block(const SourceRow& row, int64_t column, int64_t count, SourceSize size, Interpolation interpolation,
                                   FillMode mode, SourceBlock& block) {
  Vec x, y;
  row.positions(column, x, y);
  store(block.x, x);
  store(block.y, y);
  const float lastX = static_cast<float>(size.width - 1), lastY = static_cast<float>(size.height - 1);
  const float x0 = block.x[0], x1 = block.x[count - 1], y0 = block.y[0], y1 = block.y[count - 1];
  const bool inside = !row.projective && x0 >= 0 && x1 >= 0 && y0 >= 0 && y1 >= 0 && x0 < lastX && x1 < lastX && y0 < lastY && y1 < lastY;
  if (!inside) {
    if (mode == FillMode::constant) {
      const bool outside = !row.projective && ((x0 <= -1 && x1 <= -1) || (y0 <= -1 && y1 <= -1) || (x0 >= lastX + 1 && x1 >= lastX + 1) ||
                                               (y0 >= lastY + 1 && y1 >= lastY + 1));
      return outside ? BlockKind::outside : BlockKind::checked;
    }
    x = mapped_position(x, size.width, mode);
    y = mapped_position(y, size.height, mode);
  } else {
    // Lanes beyond `count` need not lie inside; nobody reads their neighbours, but the conversion to integers must be defined.
    x = clamp_to(x, lastX);
    y = clamp_to(y, lastY);
  }
  IntVec column0 = truncate(x), row0 = truncate(y);
  const Vec fx = x - to_float(column0), fy = y - to_float(row0);
  const int32_t channels = static_cast<int32_t>(size.channels), pitch = static_cast<int32_t>(size.width * size.channels);
  if (interpolation == Interpolation::nearest) {  // halves go away from zero
    column0 = column0 - (fx >= splat(0.5f));
    row0 = row0 - (fy >= splat(0.5f));
    store_int(block.offset, row0 * splat_int(pitch) + column0 * splat_int(channels));
    return BlockKind::mapped;
  }
  store_int(block.offset, row0 * splat_int(pitch) + column0 * splat_int(channels));
  store(block.fractionX, fx);
  store(block.fractionY, fy);
  if (inside) return BlockKind::inside;
  const IntVec zero = splat_int(0);
  store_int(block.stepX, select(column0 < splat_int(static_cast<int32_t>(size.width) - 1), splat_int(channels), zero));
  store_int(block.stepY, select(row0 < splat_int(static_cast<int32_t>(size.height) - 1), splat_int(pitch), zero));
  return BlockKind::mapped;
}

// --- Forward -----------------------------------------------------------------------------------------------------------------------

TANUKI_INLINE Vec4 load_rgb(const float* p) { return load4(p); }
TANUKI_INLINE Vec4 load_rgb(const uint8_t* p) {
  typedef uint8_t Bytes __attribute__((vector_size(16)));
  uint32_t word;
  std::memcpy(&word, p, 4);
  const IntVec4 words = {static_cast<int32_t>(word), 0, 0, 0};
  const Bytes bytes = reinterpret_cast<Bytes>(words);
  const Bytes zero = {};
  typedef int16_t Shorts __attribute__((vector_size(16)));
  const Bytes low = __builtin_shuffle(bytes, zero, Bytes{0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23});
  const Shorts none = {};
  const Shorts wide = __builtin_shuffle(reinterpret_cast<Shorts>(low), none, Shorts{0, 8, 1, 9, 2, 10, 3, 11});
  return __builtin_convertvector(reinterpret_cast<IntVec4>(wide), Vec4);
}

// Four neighbours, as ((1 - fx) a + fx b) above and below. Reads one element past each pixel, writes one past the result.
template <class Pixel>
TANUKI_INLINE void blend_rgb(const Pixel* p, int64_t stepX, int64_t stepY, float fx, float fy, float* y) {
  const Vec4 wx = fx - Vec4{}, wy = fy - Vec4{}, one = 1 - Vec4{}, vx = one - wx, vy = one - wy;
  const Vec4 upper = vx * load_rgb(p) + wx * load_rgb(p + stepX);
  const Vec4 lower = vx * load_rgb(p + stepY) + wx * load_rgb(p + stepY + stepX);
  store4(y, vy * upper + wy * lower);
}

template <class Pixel>
TANUKI_INLINE void blend(const Pixel* p, int64_t stepX, int64_t stepY, float fx, float fy, int64_t channels, float* y) {
  for (int64_t c = 0; c < channels; c++) {
    const float upper = (1 - fx) * static_cast<float>(p[c]) + fx * static_cast<float>(p[c + stepX]);
    const float lower = (1 - fx) * static_cast<float>(p[c + stepY]) + fx * static_cast<float>(p[c + stepY + stepX]);
    y[c] = (1 - fy) * upper + fy * lower;
  }
}

// The nearest pixel's column or row, or -1 outside. Halves go away from zero, so -0.5 and length - 0.5 are outside.
TANUKI_INLINE int64_t nearest_index(float at, int64_t length) {
  if (!(at > -0.5f && at < static_cast<float>(length) - 0.5f)) return -1;
  if (at <= 0) return 0;
  const int64_t whole = static_cast<int64_t>(at);
  return smaller(length - 1, whole + (at - static_cast<float>(whole) >= 0.5f ? 1 : 0));
}
TANUKI_INLINE int64_t floor_index(float at) {
  const int64_t whole = static_cast<int64_t>(at);
  return static_cast<float>(whole) > at ? whole - 1 : whole;
}
// Whether bilinear interpolation at this position reads any pixel.
TANUKI_INLINE bool touches(float x, float y, SourceSize size) {
  return x > -1 && y > -1 && x < static_cast<float>(size.width) && y < static_cast<float>(size.height);
}

template <class Pixel>
void sample_checked_pixel(const AffineSample& a, const Pixel* image, float x, float y, float* to) {
  const SourceSize size = {a.height, a.width, a.channels};
  const auto at = [&](int64_t row, int64_t column) { return image + (row * a.width + column) * a.channels; };
  if (a.interpolation == Interpolation::nearest) {
    const int64_t row = nearest_index(y, a.height), column = nearest_index(x, a.width);
    for (int64_t c = 0; c < a.channels; c++) {
      to[c] = row >= 0 && column >= 0 ? static_cast<float>(at(row, column)[c]) : a.fillValue;
    }
    return;
  }
  if (!touches(x, y, size)) {
    for (int64_t c = 0; c < a.channels; c++) to[c] = a.fillValue;
    return;
  }
  const int64_t row = floor_index(y), column = floor_index(x);
  const float fx = x - static_cast<float>(column), fy = y - static_cast<float>(row);
  const bool left = column >= 0, right = column + 1 < a.width, top = row >= 0, bottom = row + 1 < a.height;
  for (int64_t c = 0; c < a.channels; c++) {
    const float a00 = top && left ? static_cast<float>(at(row, column)[c]) : a.fillValue;
    const float a01 = top && right ? static_cast<float>(at(row, column + 1)[c]) : a.fillValue;
    const float a10 = bottom && left ? static_cast<float>(at(row + 1, column)[c]) : a.fillValue;
    const float a11 = bottom && right ? static_cast<float>(at(row + 1, column + 1)[c]) : a.fillValue;
    to[c] = (1 - fy) * ((1 - fx) * a00 + fx * a01) + fy * ((1 - fx) * a10 + fx * a11);
  }
}

template <class Pixel>
TANUKI_INLINE void sample_block(const AffineSample& a, const SourceBlock& block, BlockKind kind, const Pixel* image, int64_t count,
                                bool lastOfRow, float* y) {
  const int64_t channels = a.channels, pitch = a.width * channels;
  if (kind == BlockKind::outside) {
    for (int64_t i = 0; i < count * channels; i++) y[i] = a.fillValue;
  } else if (kind == BlockKind::checked) {
    for (int64_t i = 0; i < count; i++) sample_checked_pixel(a, image, block.x[i], block.y[i], y + i * channels);
  } else if (a.interpolation == Interpolation::nearest) {
    for (int64_t i = 0; i < count; i++) {
      const Pixel* p = image + block.offset[i];
      if (channels == 3) {
        for (int64_t c = 0; c < 3; c++) y[i * 3 + c] = static_cast<float>(p[c]);
      } else {
        for (int64_t c = 0; c < channels; c++) y[i * channels + c] = static_cast<float>(p[c]);
      }
    }
  } else if (channels == 3) {
    // Four lanes for three channels: the picture's last pixel must not be read so, nor the row's last one written.
    const int64_t lastPixel = (a.height * a.width - 1) * 3, exact = lastOfRow ? count - 1 : count;
    const bool inside = kind == BlockKind::inside;
    for (int64_t i = 0; i < count; i++) {
      const int64_t stepX = inside ? 3 : block.stepX[i], stepY = inside ? pitch : block.stepY[i];
      const Pixel* p = image + block.offset[i];
      if (i < exact && block.offset[i] + stepX + stepY < lastPixel) {
        blend_rgb(p, stepX, stepY, block.fractionX[i], block.fractionY[i], y + i * 3);
      } else {
        blend(p, stepX, stepY, block.fractionX[i], block.fractionY[i], 3, y + i * 3);
      }
    }
  } else {
    const bool inside = kind == BlockKind::inside;
    for (int64_t i = 0; i < count; i++) {
      const int64_t stepX = inside ? channels : block.stepX[i], stepY = inside ? pitch : block.stepY[i];
      blend(image + block.offset[i], stepX, stepY, block.fractionX[i], block.fractionY[i], channels, y + i * channels);
    }
  }
}

template <class Pixel>
void affine_sample_typed(const AffineSample& a, int64_t begin, int64_t end) {
  const SourceSize size = {a.height, a.width, a.channels};
  for (int64_t r = begin; r < end; r++) {
    const int64_t n = r / a.outHeight;
    const SourceRow row(a.transforms + n * a.transformStride, r % a.outHeight);
    const Pixel* image = static_cast<const Pixel*>(a.images) + n * a.height * a.width * a.channels;
    float* y = a.y + r * a.outWidth * a.channels;
    for (int64_t c = 0; c < a.outWidth; c += L) {
      SourceBlock block;
      const int64_t count = smaller(L, a.outWidth - c);
      const BlockKind kind = find_block(row, c, count, size, a.interpolation, a.fillMode, block);
      sample_block(a, block, kind, image, count, c + count == a.outWidth, y + c * a.channels);
      for (int64_t i = 0; row.projective && i < count; i++) {
        if (!at_infinity(block, i)) continue;
        for (int64_t k = 0; k < a.channels; k++) y[(c + i) * a.channels + k] = a.fillValue;
      }
    }
  }
}

void affine_sample(const AffineSample& a, int64_t begin, int64_t end) {
  if (a.pixelType == PixelType::uint8) affine_sample_typed<uint8_t>(a, begin, end);
  else affine_sample_typed<float>(a, begin, end);
}

// --- Gradient ----------------------------------------------------------------------------------------------------------------------

void add_scaled(float* to, const float* dy, float weight, int64_t channels) {
  for (int64_t c = 0; c < channels; c++) to[c] += weight * dy[c];
}

void spread_checked_pixel(const AffineSampleGrad& a, float* image, float x, float y, const float* dy) {
  const auto at = [&](int64_t row, int64_t column) { return image + (row * a.width + column) * a.channels; };
  if (a.interpolation == Interpolation::nearest) {
    const int64_t row = nearest_index(y, a.height), column = nearest_index(x, a.width);
    if (row >= 0 && column >= 0) add_scaled(at(row, column), dy, 1, a.channels);
    return;
  }
  if (!touches(x, y, {a.height, a.width, a.channels})) return;
  const int64_t row = floor_index(y), column = floor_index(x);
  const float fx = x - static_cast<float>(column), fy = y - static_cast<float>(row);
  const bool left = column >= 0, right = column + 1 < a.width;
  if (row >= 0) {
    if (left) add_scaled(at(row, column), dy, (1 - fy) * (1 - fx), a.channels);
    if (right) add_scaled(at(row, column + 1), dy, (1 - fy) * fx, a.channels);
  }
  if (row + 1 < a.height) {
    if (left) add_scaled(at(row + 1, column), dy, fy * (1 - fx), a.channels);
    if (right) add_scaled(at(row + 1, column + 1), dy, fy * fx, a.channels);
  }
}

void affine_sample_grad(const AffineSampleGrad& a, int64_t begin, int64_t end) {
  const SourceSize size = {a.height, a.width, a.channels};
  const int64_t channels = a.channels, pitch = a.width * channels;
  for (int64_t n = begin; n < end; n++) {
    float* image = a.dImages + n * a.height * pitch;
    std::memset(image, 0, a.height * pitch * sizeof(float));
    for (int64_t r = 0; r < a.outHeight; r++) {
      const SourceRow row(a.transforms + n * a.transformStride, r);
      const float* dy = a.dy + (n * a.outHeight + r) * a.outWidth * channels;
      for (int64_t c = 0; c < a.outWidth; c += L, dy += L * channels) {
        SourceBlock block;
        const int64_t count = smaller(L, a.outWidth - c);
        const BlockKind kind = find_block(row, c, count, size, a.interpolation, a.fillMode, block);
        if (kind == BlockKind::outside) continue;
        for (int64_t i = 0; i < count; i++) {
          if (row.projective && at_infinity(block, i)) continue;
          const float* d = dy + i * channels;
          float* to = image + block.offset[i];
          if (kind == BlockKind::checked) {
            spread_checked_pixel(a, image, block.x[i], block.y[i], d);
          } else if (a.interpolation == Interpolation::nearest) {
            add_scaled(to, d, 1, channels);
          } else {
            const bool inside = kind == BlockKind::inside;
            const int64_t stepX = inside ? channels : block.stepX[i], stepY = inside ? pitch : block.stepY[i];
            const float fx = block.fractionX[i], fy = block.fractionY[i];
            add_scaled(to, d, (1 - fy) * (1 - fx), channels);
            add_scaled(to + stepX, d, (1 - fy) * fx, channels);
            add_scaled(to + stepY, d, fy * (1 - fx), channels);
            add_scaled(to + stepY + stepX, d, fy * fx, channels);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
