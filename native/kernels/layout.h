// Data movement: between channels-last and blocked layouts, into planes, every n-th pixel, and depthwise weights.
#pragma once
#include "spatial_simd.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

// Pixels handled together, so that their channels-last rows stay in the first-level cache while all blocks pass by.
TANUKI_INLINE int64_t pixel_tile(int64_t channels) {
  const int64_t tile = 6144 / (channels > 0 ? channels : 1);
  return tile < 4 ? 4 : tile > 64 ? 64 : tile;
}

// Calls body(n, p0, p1) for tiles of pixels of single images that make up [begin, end) of the batch.
template <class Body>
TANUKI_INLINE void for_pixel_tiles(int64_t pixels, int64_t tile, int64_t begin, int64_t end, Body&& body) {
  while (begin < end) {
    const int64_t n = begin / pixels, p0 = begin % pixels;
    const int64_t p1 = smaller(smaller(pixels, p0 + tile), p0 + (end - begin));
    body(n, p0, p1);
    begin += p1 - p0;
  }
}

void nhwc_to_blocked(const LayoutChange& a, int64_t begin, int64_t end) {
  const int64_t channels = a.channels, blocks = (channels + L - 1) / L;
  for_pixel_tiles(a.pixels, pixel_tile(channels), begin, end, [&](int64_t n, int64_t p0, int64_t p1) TANUKI_INLINED {
    for (int64_t cb = 0; cb < blocks; cb++) {
      const float* from = a.from + (n * a.pixels + p0) * channels + cb * L;
      float* to = a.to + ((n * blocks + cb) * a.pixels + p0) * L;
      const int64_t lanes = smaller(L, channels - cb * L);
      if (lanes == L) {
        for (int64_t p = p0; p < p1; p++, from += channels, to += L) store(to, load(from));
      } else {
        for (int64_t p = p0; p < p1; p++, from += channels, to += L) {
          store(to, Vec{});
          for (int64_t l = 0; l < lanes; l++) to[l] = from[l];
        }
      }
    }
  });
}

void blocked_to_nhwc(const LayoutChange& a, int64_t begin, int64_t end) {
  const int64_t channels = a.channels, blocks = (channels + L - 1) / L;
  for_pixel_tiles(a.pixels, pixel_tile(channels), begin, end, [&](int64_t n, int64_t p0, int64_t p1) TANUKI_INLINED {
    for (int64_t cb = 0; cb < blocks; cb++) {
      const float* from = a.from + ((n * blocks + cb) * a.pixels + p0) * L;
      float* to = a.to + (n * a.pixels + p0) * channels + cb * L;
      const int64_t lanes = smaller(L, channels - cb * L);
      if (lanes == L) {
        for (int64_t p = p0; p < p1; p++, from += L, to += channels) store(to, load(from));
      } else {
        for (int64_t p = p0; p < p1; p++, from += L, to += channels) {
          for (int64_t l = 0; l < lanes; l++) to[l] = from[l];
        }
      }
    }
  });
}

// --- Channels-last pictures into planes --------------------------------------------------------------------------------------------

#if defined(__AVX2__)
TANUKI_INLINE Vec load_pixels(const float* p) { return load(p); }
TANUKI_INLINE Vec load_pixels(const uint8_t* p) {
  typedef uint8_t Bytes __attribute__((vector_size(L)));
  typedef uint16_t Words __attribute__((vector_size(L * 2)));
  Bytes b;
  std::memcpy(&b, p, L);
  // By way of 16 bits: each step is one instruction, the direct one goes lane by lane.
  return __builtin_convertvector(__builtin_convertvector(__builtin_convertvector(b, Words), IntVec), Vec);
}

// L pixels of three channels: lane i of channel c is element 3 i + c of three vectors.
template <class Pixel>
TANUKI_INLINE void split_three(const Pixel* x, const Vec (&scale)[3], const Vec (&shift)[3], float* y, int64_t plane) {
  const Vec v[3] = {load_pixels(x), load_pixels(x + L), load_pixels(x + 2 * L)};
  TANUKI_UNROLL for (int c = 0; c < 3; c++) {
    IntVec first, second;  // from the first two vectors; then from that and the third
    TANUKI_UNROLL for (int i = 0; i < L; i++) {
      const int e = 3 * i + c;
      first[i] = e < 2 * L ? e : 0;
      second[i] = e < 2 * L ? i : e - L;
    }
    const Vec both = __builtin_shuffle(v[0], v[1], first);
    store(y + c * plane, __builtin_shuffle(both, v[2], second) * scale[c] + shift[c]);
  }
}
#endif

template <class Pixel>
TANUKI_INLINE void planes_from_nhwc_typed(const PlanesFromNhwc& a, int64_t begin, int64_t end) {
  const int64_t channels = a.channels;
  for_pixel_tiles(a.pixels, 4096 / (channels > 0 ? channels : 1) + 16, begin, end, [&](int64_t n, int64_t p0, int64_t p1) TANUKI_INLINED {
    const Pixel* x = static_cast<const Pixel*>(a.x) + n * a.pixels * channels;
    float* y = a.y + n * channels * a.pixels;
    int64_t p = p0;
#if defined(__AVX2__)
    if (channels == 3) {
      Vec scale[3], shift[3];
      for (int c = 0; c < 3; c++) {
        scale[c] = splat(a.scale ? a.scale[c] : 1.0f);
        shift[c] = splat(a.shift ? a.shift[c] : 0.0f);
      }
      for (; p + L <= p1; p += L) split_three(x + p * 3, scale, shift, y + p, a.pixels);
    }
#endif
    for (int64_t c = 0; c < channels; c++) {
      const float scale = a.scale ? a.scale[c] : 1.0f, shift = a.shift ? a.shift[c] : 0.0f;
      for (int64_t i = p; i < p1; i++) y[c * a.pixels + i] = static_cast<float>(x[i * channels + c]) * scale + shift;
    }
  });
}

void planes_from_nhwc(const PlanesFromNhwc& a, int64_t begin, int64_t end) {
  if (a.pixelType == PixelType::uint8) planes_from_nhwc_typed<uint8_t>(a, begin, end);
  else planes_from_nhwc_typed<float>(a, begin, end);
}

// --- Every n-th pixel --------------------------------------------------------------------------------------------------------------

void subsample(const Subsample& a, int64_t begin, int64_t end) {
  for (int64_t p = begin; p < end; p++) {
    for (int64_t o = 0; o < a.outHeight; o++) {
      const float* x = a.x + (p * a.height + o * a.strideH) * a.width * L;
      float* y = a.y + (p * a.outHeight + o) * a.outWidth * L;
      for (int64_t c = 0; c < a.outWidth; c++) store(y + c * L, load(x + c * a.strideW * L));
    }
  }
}

void subsample_grad(const SubsampleGrad& a, int64_t begin, int64_t end) {
  for (int64_t p = begin; p < end; p++) {
    for (int64_t i = 0; i < a.height; i++) {
      float* dx = a.dx + (p * a.height + i) * a.width * L;
      const bool sampled = i % a.strideH == 0 && i / a.strideH < a.outHeight;
      if (!a.add) std::memset(dx, 0, a.width * L * sizeof(float));
      if (!sampled) continue;
      const float* dy = a.dy + (p * a.outHeight + i / a.strideH) * a.outWidth * L;
      for (int64_t c = 0; c < a.outWidth; c++) add_to(dx + c * a.strideW * L, load(dy + c * L));
    }
  }
}

// --- Depthwise weights -------------------------------------------------------------------------------------------------------------

void pack_depthwise_weights(const DepthwiseWeights& a, int64_t begin, int64_t end) {
  for (int64_t cb = begin; cb < end; cb++) {
    const int64_t lanes = smaller(L, a.channels - cb * L);
    for (int64_t t = 0; t < a.taps; t++) {
      const float* from = a.from + t * a.channels + cb * L;
      float* to = a.to + (cb * a.taps + t) * L;
      store(to, Vec{});
      for (int64_t l = 0; l < lanes; l++) to[l] = from[l];
    }
  }
}

void unpack_depthwise_weights(const DepthwiseWeights& a, int64_t begin, int64_t end) {
  for (int64_t cb = begin; cb < end; cb++) {
    const int64_t lanes = smaller(L, a.channels - cb * L);
    for (int64_t t = 0; t < a.taps; t++) {
      const float* from = a.from + (cb * a.taps + t) * L;
      float* to = a.to + t * a.channels + cb * L;
      for (int64_t l = 0; l < lanes; l++) to[l] = from[l];
    }
  }
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
