// Times of the spatial kernels on one thread, on the shapes of EfficientNet-Lite0 and Xception, beside memcpy.
#pragma once
#include <algorithm>
#include <chrono>
#include <functional>
#include "../kernels/spatial.h"
#include "check_support.h"

namespace check {

using namespace tanuki;

/** Memory for a bench: aligned, and filled so that the values are ordinary numbers. */
class BenchFloats {
 public:
  explicit BenchFloats(int64_t count) : data_(static_cast<float*>(std::aligned_alloc(64, (count * 4 + 127) / 64 * 64))) {
    for (int64_t i = 0; i < count; i++) data_[i] = static_cast<float>((i * 2654435761LL >> 8) % 1000) / 125 - 1;
  }
  BenchFloats(const BenchFloats&) = delete;
  BenchFloats& operator=(const BenchFloats&) = delete;
  ~BenchFloats() { std::free(data_); }
  float* get() const { return data_; }

 private:
  float* data_;
};

/** The shortest of several runs, in seconds. */
inline double shortest(const std::function<void()>& f) {
  const auto now = [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
  f();
  double best = 1e9;
  const double until = now() + 0.15;
  for (int i = 0; i < 3 || (now() < until && i < 200); i++) {
    const double t = now();
    f();
    best = std::fmin(best, now() - t);
  }
  return best;
}

inline void print_time(const char* name, const char* shape, double seconds, double bytes, double flops) {
  std::printf("  %-28s %-26s %8.3f ms %6.1f GB/s", name, shape, seconds * 1e3, bytes / seconds / 1e9);
  if (flops > 0) std::printf(" %6.1f GF/s", flops / seconds / 1e9);
  std::printf("\n");
}

inline void bench_memcpy(int64_t floats) {
  BenchFloats a(floats), b(floats);
  const double s = shortest([&] { std::memcpy(b.get(), a.get(), floats * 4); });
  char shape[40];
  std::snprintf(shape, sizeof shape, "%.1f MB", static_cast<double>(floats) * 4e-6);
  print_time("memcpy", shape, s, static_cast<double>(floats) * 8, 0);
}

inline void bench_depthwise(const SpatialKernels& k, int64_t n, int64_t channels, int64_t size, int64_t kernel, int64_t stride) {
  const int64_t L = k.lanes, blocks = (channels + L - 1) / L, out = (size + stride - 1) / stride;
  const int64_t pad = std::max<int64_t>(0, (out - 1) * stride + kernel - size) / 2;
  const DepthwiseGeometry g{blocks, size, size, out, out, kernel, kernel, stride, stride, pad, pad, 1, 1};
  const int64_t in = n * blocks * size * size * L, outs = n * blocks * out * out * L;
  BenchFloats x(in), y(outs), dy(outs), dx(in), w(blocks * kernel * kernel * L), bias(blocks * L), dw(blocks * kernel * kernel * L), db(blocks * L), dxb(blocks * L);
  Scratch scratch(std::max(k.depthwise_forward_scratch_bytes(g), k.depthwise_backward_scratch_bytes(g)));
  void* s = scratch.fresh();
  DepthwiseForward f{};
  f.geometry = g, f.x = x.get(), f.y = y.get(), f.weights = w.get(), f.bias = bias.get(), f.low = 0, f.high = 6;
  DepthwiseBackward b{};
  b.geometry = g, b.batch = n, b.dy = dy.get(), b.y = y.get(), b.low = 0, b.high = 6, b.x = x.get(), b.maskX = true, b.lowX = 0, b.highX = 6;
  b.weights = w.get(), b.dx = dx.get(), b.dwAcc = dw.get(), b.dbAcc = db.get(), b.dxbAcc = dxb.get();
  char shape[60];
  std::snprintf(shape, sizeof shape, "%lldx%lldx%lldx%lld k%lld s%lld", (long long)n, (long long)size, (long long)size, (long long)channels, (long long)kernel, (long long)stride);
  const double flops = 2.0 * outs * kernel * kernel;
  print_time("depthwise_forward", shape, shortest([&] { k.depthwise_forward(f, 0, n * blocks, s); }), 4.0 * (in + outs), flops);
  print_time("depthwise_backward", shape, shortest([&] { k.depthwise_backward(b, 0, n * blocks, s); }), 4.0 * (2 * in + 2 * outs), 2 * flops);
}

inline void bench_pool(const SpatialKernels& k, int64_t n, int64_t channels, int64_t size, int64_t window, bool average) {
  const int64_t L = k.lanes, planes = n * ((channels + L - 1) / L), out = (size + 1) / 2, pad = std::max<int64_t>(0, (out - 1) * 2 + window - size) / 2;
  const PoolGeometry g{size, size, out, out, window, window, 2, 2, pad, pad};
  const int64_t in = planes * size * size * L, outs = planes * out * out * L;
  BenchFloats x(in), y(outs), dx(in);
  Scratch scratch(k.max_pool_backward_scratch_bytes(g));
  void* s = scratch.fresh();
  char shape[60];
  std::snprintf(shape, sizeof shape, "%lldx%lldx%lldx%lld k%lld s2", (long long)n, (long long)size, (long long)size, (long long)channels, (long long)window);
  const PoolForward f{g, x.get(), y.get(), nullptr};
  const PoolBackward b{g, x.get(), y.get(), dx.get()};
  if (average) {
    print_time("avg_pool_forward", shape, shortest([&] { k.avg_pool_forward(f, 0, planes); }), 4.0 * (in + outs), 0);
    print_time("avg_pool_backward", shape, shortest([&] { k.avg_pool_backward(b, 0, planes); }), 4.0 * (in + outs), 0);
    return;
  }
  print_time("max_pool_forward", shape, shortest([&] { k.max_pool_forward(f, 0, planes); }), 4.0 * (in + outs), 0);
  print_time("max_pool_backward", shape, shortest([&] { k.max_pool_backward(b, 0, planes, s); }), 4.0 * (2 * in + outs), 0);
}

inline void bench_pictures(const SpatialKernels& k) {
  const int64_t n = 8, size = 224, count = n * size * size * 3;
  BenchFloats x(count), y(count);
  std::vector<uint8_t> bytes(count, 100);
  const float c = std::cos(0.3f), s = std::sin(0.3f), half = 111.5f;
  const float t[8] = {c, -s, half - c * half + s * half, s, c, half - s * half - c * half, 0, 0};
  for (const bool useBytes : {false, true}) for (const FillMode mode : {FillMode::reflect, FillMode::constant}) {
    AffineSample a{};
    a.height = a.width = a.outHeight = a.outWidth = size, a.channels = 3, a.transforms = t, a.transformStride = 0, a.y = y.get(), a.fillMode = mode;
    a.pixelType = useBytes ? PixelType::uint8 : PixelType::float32;
    a.images = useBytes ? static_cast<const void*>(bytes.data()) : x.get();
    print_time(useBytes ? "affine_sample uint8" : "affine_sample", mode == FillMode::reflect ? "8x224x224x3 17 deg reflect" : "8x224x224x3 17 deg constant",
               shortest([&] { k.affine_sample(a, 0, n * size); }), count * (useBytes ? 5.0 : 8.0), 0);
  }
  AffineSampleGrad g{};
  g.height = g.width = g.outHeight = g.outWidth = size, g.channels = 3, g.transforms = t, g.transformStride = 0, g.dy = x.get(), g.dImages = y.get(), g.fillMode = FillMode::reflect;
  print_time("affine_sample_grad", "8x224x224x3 17 deg reflect", shortest([&] { k.affine_sample_grad(g, 0, n); }), count * 8.0, 0);

  const int64_t in = 500, out = 224;
  std::vector<int32_t> start;
  std::vector<float> weights;
  for (int64_t o = 0; o < out; o++) {
    const float at = (static_cast<float>(o) + 0.5f) * in / out - 0.5f, whole = std::floor(at);
    start.push_back(static_cast<int32_t>(whole));
    weights.push_back(1 - (at - whole));
    weights.push_back(at - whole);
  }
  const ResizeAxis axis{in, out, 2, start.data(), weights.data()};
  BenchFloats large(in * in * 3);
  std::vector<uint8_t> largeBytes(in * in * 3, 7);
  Scratch scratch(k.resize_scratch_bytes(axis, axis, 3));
  void* room = scratch.fresh();
  for (const bool useBytes : {false, true}) {
    const Resize a{axis, axis, 3, useBytes ? PixelType::uint8 : PixelType::float32, useBytes ? static_cast<const void*>(largeBytes.data()) : large.get(), y.get()};
    print_time(useBytes ? "resize uint8" : "resize", "500x500x3 -> 224x224x3", shortest([&] { k.resize(a, 0, out, room); }), in * in * (useBytes ? 3.0 : 12.0) + out * out * 12.0, 0);
  }
  for (const bool useBytes : {false, true}) {
    PlanesFromNhwc a{};
    a.channels = 3, a.pixels = size * size, a.y = y.get();
    a.pixelType = useBytes ? PixelType::uint8 : PixelType::float32;
    a.x = useBytes ? static_cast<const void*>(bytes.data()) : x.get();
    print_time(useBytes ? "planes_from_nhwc uint8" : "planes_from_nhwc", "8x224x224x3", shortest([&] { k.planes_from_nhwc(a, 0, n * size * size); }), count * (useBytes ? 5.0 : 8.0), 0);
  }
}

inline void bench_movement(const SpatialKernels& k, int64_t n, int64_t size, int64_t channels) {
  const int64_t L = k.lanes, blocks = (channels + L - 1) / L, pixels = size * size, blocked = n * blocks * pixels * L, plain = n * pixels * channels;
  BenchFloats a(blocked), b(blocked), values(n * channels), sums(blocks * L), products(blocks * L);
  char shape[60];
  std::snprintf(shape, sizeof shape, "%lldx%lldx%lldx%lld", (long long)n, (long long)size, (long long)size, (long long)channels);
  const LayoutChange change{channels, pixels, a.get(), b.get()};
  print_time("nhwc_to_blocked", shape, shortest([&] { k.nhwc_to_blocked(change, 0, n * pixels); }), 4.0 * (plain + blocked), 0);
  print_time("blocked_to_nhwc", shape, shortest([&] { k.blocked_to_nhwc(change, 0, n * pixels); }), 4.0 * (plain + blocked), 0);
  ChannelSums c{};
  c.channelBlocks = blocks, c.batch = n, c.pixels = pixels, c.x = a.get(), c.sumAcc = sums.get(), c.productAcc = products.get();
  print_time("channel_sums", shape, shortest([&] { k.channel_sums(c, 0, blocks * n); }), 4.0 * blocked, 0);
  const SpatialSums s{channels, pixels, a.get(), values.get(), 1};
  print_time("spatial_sums", shape, shortest([&] { k.spatial_sums(s, 0, n * blocks); }), 4.0 * blocked, 0);
  SpatialBroadcast v{};
  v.channels = channels, v.batch = n, v.pixels = pixels, v.values = values.get(), v.dx = b.get(), v.y = a.get(), v.low = 0, v.high = 6, v.sumAcc = sums.get();
  print_time("spatial_broadcast masked", shape, shortest([&] { k.spatial_broadcast(v, 0, n * blocks); }), 8.0 * blocked, 0);
  const int64_t half = (size + 1) / 2;
  const Subsample f{size, size, half, half, 2, 2, a.get(), b.get()};
  const SubsampleGrad g{size, size, half, half, 2, 2, a.get(), b.get(), false};
  print_time("subsample", shape, shortest([&] { k.subsample(f, 0, n * blocks); }), 2.0 * blocked, 0);
  print_time("subsample_grad", shape, shortest([&] { k.subsample_grad(g, 0, n * blocks); }), 5.0 * blocked, 0);
}

inline void run_bench(const SpatialKernels& k) {
  std::printf("%s, one thread, best of several\n", k.isa);
  bench_memcpy(1 << 16);
  bench_memcpy(1 << 24);
  // EfficientNet-Lite0, two pictures (a chunk that fits the cache), then Xception, two pictures.
  bench_depthwise(k, 2, 32, 112, 3, 1);
  bench_depthwise(k, 2, 96, 112, 3, 2);
  bench_depthwise(k, 2, 144, 56, 3, 1);
  bench_depthwise(k, 2, 144, 56, 5, 2);
  bench_depthwise(k, 2, 240, 28, 5, 1);
  bench_depthwise(k, 2, 240, 28, 3, 2);
  bench_depthwise(k, 2, 480, 14, 3, 1);
  bench_depthwise(k, 2, 672, 14, 5, 1);
  bench_depthwise(k, 2, 672, 14, 5, 2);
  bench_depthwise(k, 2, 1152, 7, 5, 1);
  bench_depthwise(k, 2, 128, 74, 3, 1);
  bench_depthwise(k, 2, 256, 37, 3, 1);
  bench_depthwise(k, 2, 728, 19, 3, 1);
  bench_depthwise(k, 2, 728, 10, 3, 1);
  bench_depthwise(k, 2, 128, 37, 7, 1);
  bench_depthwise(k, 2, 128, 37, 9, 1);
  bench_pool(k, 2, 128, 74, 3, false);
  bench_pool(k, 2, 728, 19, 3, false);
  bench_pool(k, 2, 64, 112, 2, false);
  bench_pool(k, 2, 64, 112, 2, true);
  bench_pool(k, 2, 64, 112, 3, true);
  bench_movement(k, 2, 56, 144);
  bench_movement(k, 2, 19, 728);
  bench_pictures(k);
}

}  // namespace check
