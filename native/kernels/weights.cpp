// The kernels over weights of one instruction set; compiled three times, as spatial.cpp is.
#include "weights.h"

#include "spatial_simd.h"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define TANUKI_JOIN_(a, b) a##b
#define TANUKI_JOIN(a, b) TANUKI_JOIN_(a, b)

namespace tanuki {
namespace TANUKI_ISA {
namespace {

int64_t blocks_of(int64_t channels) { return (channels + L - 1) / L; }

// Kernels of this many bytes do not stay in the cache until they are read: written past it, they need not be read first.
constexpr int64_t kStreamedBytes = 1 << 20;

#if defined(__AVX512F__)
TANUKI_INLINE void stream(float* p, Vec v) { _mm512_stream_ps(p, reinterpret_cast<__m512>(v)); }
#elif defined(__AVX2__)
TANUKI_INLINE void stream(float* p, Vec v) { _mm256_stream_ps(p, reinterpret_cast<__m256>(v)); }
#elif defined(__SSE2__)
TANUKI_INLINE void stream(float* p, Vec v) {
  _mm_stream_ps(p, reinterpret_cast<__m128>(v.a));
  _mm_stream_ps(p + 4, reinterpret_cast<__m128>(v.b));
}
#else
TANUKI_INLINE void stream(float* p, Vec v) { store(p, v); }
#endif
TANUKI_INLINE void finish_streams() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

/** Some of a vector's lanes, the others zero. */
TANUKI_INLINE Vec load_some(const float* p, int64_t count) {
  float lanes[L] = {};
  for (int64_t i = 0; i < count; i++) lanes[i] = p[i];
  return load(lanes);
}

template <bool Streamed>
void pack_pointwise_to(const PointwiseKernel& k, const float* kernel, const float* scale, float* packed, int64_t begin, int64_t end) {
  const int64_t inBlocks = blocks_of(k.in), outBlocks = blocks_of(k.out);
  const auto put = [](float* p, Vec v) TANUKI_INLINED {
    if constexpr (Streamed) stream(p, v);
    else store(p, v);
  };
  for (int64_t row = begin; row < end; row++) {
    const int64_t rows = smaller(L, k.in - row * L);
    for (int64_t block = 0; block < outBlocks; block++) {
      const int64_t valid = smaller(L, k.out - block * L);
      const float* from = kernel + row * L * k.out + block * L;
      float* to = packed + (block * inBlocks + row) * L * L;
      if (valid == L) {
        const Vec factor = load(scale + block * L);
        for (int64_t i = 0; i < rows; i++) put(to + i * L, load(from + i * k.out) * factor);
      } else {
        const Vec factor = load_some(scale + block * L, valid);
        for (int64_t i = 0; i < rows; i++) put(to + i * L, load_some(from + i * k.out, valid) * factor);
      }
      for (int64_t i = rows; i < L; i++) put(to + i * L, Vec{});
    }
  }
  if constexpr (Streamed) finish_streams();
}

void pack_pointwise(const PointwiseKernel& k, const float* kernel, const float* scale, float* packed, int64_t begin, int64_t end) {
  if (k.in * k.out * 4 >= kStreamedBytes) pack_pointwise_to<true>(k, kernel, scale, packed, begin, end);
  else pack_pointwise_to<false>(k, kernel, scale, packed, begin, end);
}

// Transposes L vectors of L lanes: at stage s, lanes whose numbers differ in bit s change places between vectors whose numbers do.
#if defined(__AVX2__)
template <int Bit>
struct Exchange {
  static TANUKI_INLINE void run(Vec& a, Vec& b) {
    IntVec low, high;
    TANUKI_UNROLL
    for (int i = 0; i < L; i++) {
      low[i] = i & Bit ? L + (i ^ Bit) : i;
      high[i] = i & Bit ? L + i : i ^ Bit;
    }
    const Vec x = __builtin_shuffle(a, b, low), y = __builtin_shuffle(a, b, high);
    a = x;
    b = y;
  }
};
template <int Bit>
TANUKI_INLINE void transpose_stage(Vec* v) {
  TANUKI_UNROLL
  for (int i = 0; i < L; i++)
    if (!(i & Bit)) Exchange<Bit>::run(v[i], v[i | Bit]);
}
TANUKI_INLINE void transpose_block(const float* from, float* to) {
  Vec v[L];
  TANUKI_UNROLL
  for (int i = 0; i < L; i++) v[i] = load(from + i * L);
  transpose_stage<1>(v);
  transpose_stage<2>(v);
  transpose_stage<4>(v);
  if constexpr (L == 16) transpose_stage<L / 2>(v);
  TANUKI_UNROLL
  for (int i = 0; i < L; i++) store(to + i * L, v[i]);
}
#else
TANUKI_INLINE void transpose_block(const float* from, float* to) {
  for (int row = 0; row < L; row++)
    for (int column = 0; column < L; column++) to[row * L + column] = from[column * L + row];
}
#endif

void transpose_packed(const PointwiseKernel& k, const float* from, float* to, int64_t begin, int64_t end) {
  const int64_t inBlocks = blocks_of(k.in), outBlocks = blocks_of(k.out);
  for (int64_t i = begin; i < end; i++)
    for (int64_t o = 0; o < outBlocks; o++) transpose_block(from + (o * inBlocks + i) * L * L, to + (i * outBlocks + o) * L * L);
}

void unpack_pointwise(const PointwiseKernel& k, const float* packed, const float* factor, float* plain, double* sums, int64_t begin, int64_t end) {
  const int64_t inBlocks = blocks_of(k.in), outBlocks = blocks_of(k.out);
  for (int64_t row = begin; row < end; row++) {
    const int64_t rows = smaller(L, k.in - row * L);
    for (int64_t block = 0; block < outBlocks; block++) {
      const int64_t valid = smaller(L, k.out - block * L), at = row * L * k.out + block * L;
      const float* from = packed + (block * inBlocks + row) * L * L;
      // Short sums in float32, their total in float64: as accurate as the reductions.
      Vec part = {};
      if (valid == L) {
        for (int64_t i = 0; i < rows; i++) {
          const Vec v = load(from + i * L);
          store(plain + at + i * k.out, v);
          if (factor) part += v * load(factor + at + i * k.out);
        }
      } else {
        for (int64_t i = 0; i < rows; i++) {
          for (int64_t o = 0; o < valid; o++) plain[at + i * k.out + o] = from[i * L + o];
          if (factor) part += load(from + i * L) * load_some(factor + at + i * k.out, valid);
        }
      }
      if (!factor) continue;
      float lanes[L];
      store(lanes, part);
      for (int64_t o = 0; o < valid; o++) sums[block * L + o] += lanes[o];
    }
  }
}

void product_sums(const float* a, const float* b, int64_t rows, int64_t columns, float* sums, int64_t begin, int64_t end) {
  constexpr int64_t kBlock = 64, kShort = 32;
  for (int64_t c = begin; c < end; c += kBlock) {
    const int64_t width = smaller(kBlock, end - c);
    double total[kBlock] = {};
    for (int64_t row = 0; row < rows; row += kShort) {
      float part[kBlock] = {};
      const int64_t last = smaller(rows, row + kShort);
      for (int64_t r = row; r < last; r++)
        for (int64_t i = 0; i < width; i++) part[i] += a[r * columns + c + i] * b[r * columns + c + i];
      for (int64_t i = 0; i < width; i++) total[i] += part[i];
    }
    for (int64_t i = 0; i < width; i++) sums[c + i] = static_cast<float>(total[i]);
  }
}

void add(float* to, const float* from, int64_t count) {
  int64_t i = 0;
  for (; i + L <= count; i += L) store(to + i, load(to + i) + load(from + i));
  for (; i < count; i++) to[i] += from[i];
}

}  // namespace
}  // namespace TANUKI_ISA

const WeightKernels& TANUKI_JOIN(weight_kernels_, TANUKI_ISA)() {
  static constexpr WeightKernels table = {TANUKI_ISA::L,           TANUKI_ISA::pack_pointwise, TANUKI_ISA::transpose_packed, TANUKI_ISA::unpack_pointwise,
                                          TANUKI_ISA::product_sums, TANUKI_ISA::add};
  return table;
}

}  // namespace tanuki
