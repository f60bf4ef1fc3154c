// The table of spatial kernels (depthwise convolution, pooling, sums, sampling, layout): plain types, no instruction-set code.
//
// Rules common to all kernels:
// - float32; single-threaded over [begin, end); reentrant; nothing is allocated; distinct ranges may run at the same time, except
//   that accumulators (`...Acc`) belong to one caller at a time: give each thread its own and add them up afterwards.
// - Blocked layout: [N][CB][H][W][L], L = SpatialKernels::lanes, CB = ceil(C / L). Padding lanes are finite and are computed like
//   the others. "Plane" = one [H][W][L].
// - Two orders of planes. Plane order: p = n * CB + cb, as they lie in memory. Channel order: q = cb * batch + n, so that a range
//   meets each channel block's accumulator once. To handle some images only, offset the pointers and set `batch`.
// - Accumulators are added to: the caller zeroes them.
// - Scratch: 64-byte aligned, any contents, of the size told by the ..._scratch_bytes function; one for each concurrent call.
// - Buffers need float alignment only (64 bytes are faster) and must not overlap unless said.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tanuki {

constexpr float kInfinity = __builtin_inff();

struct DepthwiseGeometry {
  int64_t channelBlocks;
  int64_t height, width;        // of x
  int64_t outHeight, outWidth;  // of y; windows may reach beyond the bottom and right edges, where x counts as 0
  int64_t kernelH, kernelW;
  int64_t strideH = 1, strideW = 1;
  int64_t padTop = 0, padLeft = 0;
  int64_t dilationH = 1, dilationW = 1;
};

// y = clamp(conv(clamp(x, inputLow, inputHigh), weights) + bias + residual, low, high). NaN stays NaN.
// Range: plane order.
struct DepthwiseForward {
  DepthwiseGeometry geometry;
  const float* x;                   // [N][CB][H][W][L]
  float* y;                         // [N][CB][outH][outW][L]
  const float* weights;             // [CB][kh][kw][L]
  const float* bias = nullptr;      // [CB * L] or null
  const float* residual = nullptr;  // laid out as y, or null; may be y itself
  float low = -kInfinity, high = kInfinity;
  float inputLow = -kInfinity, inputHigh = kInfinity;  // a relu in front of the convolution, applied on load
};

// One pass, every part optional:
//   dy'  = dy where low < y < high, else 0   (y null: dy)
//   dbAcc += sum dy';   dwAcc += dy' (x) clamp(x, inputLow, inputHigh)
//   dx   = maskX(conv_transposed(dy', weights) + addend), or maskX(conv_transposed(dy', weights)) + addend if addAfterMask,
//          maskX keeping what lies at lowX < x < highX (all if !maskX);   dxbAcc += sum dx
// Range: channel order. dx may be dy itself if the strides are 1, outHeight == height and outWidth == width (as fast or faster);
// dx may be `addend` itself always.
struct DepthwiseBackward {
  DepthwiseGeometry geometry;
  int64_t batch;
  const float* dy;                 // [N][CB][outH][outW][L]
  const float* y = nullptr;        // the forward result, or null: no mask
  float low = -kInfinity, high = kInfinity;
  const float* x = nullptr;        // needed for dwAcc and maskX
  float inputLow = -kInfinity, inputHigh = kInfinity;
  bool maskX = false;
  float lowX = -kInfinity, highX = kInfinity;
  const float* weights = nullptr;  // needed for dx
  float* dx = nullptr;             // null: not wanted
  const float* addend = nullptr;   // laid out as x, or null
  bool addAfterMask = false;
  float* dwAcc = nullptr;          // [CB][kh * kw][L], null: not wanted
  float* dbAcc = nullptr;          // [CB][L], null: not wanted
  float* dxbAcc = nullptr;         // [CB][L], null: not wanted (needs dx)
};

struct PoolGeometry {
  int64_t height, width;        // of x
  int64_t outHeight, outWidth;  // of y
  int64_t windowH, windowW;
  int64_t strideH, strideW;
  int64_t padTop = 0, padLeft = 0;
};

// Range: planes (any n * CB + cb; neither batch nor CB matters).
// Max: NaN propagates (v > m or v is NaN takes v); a window wholly outside x gives -Infinity. Average: divides by the number of
// real pixels of the window; a window wholly outside x gives 0.
struct PoolForward {
  PoolGeometry geometry;
  const float* x;
  float* y;
  const float* residual = nullptr;  // max only: added to the result; laid out as y; may be y itself
};

// dx is written wholly. Max: the argmax is found again from x, ties to the first of the window in row-major order.
struct PoolBackward {
  PoolGeometry geometry;
  const float* x;  // max only; average: may be null
  const float* dy;
  float* dx;
};

// sumAcc += sum of x', productAcc += sum of x' * z', with x' = x - xShift and z' = z - zShift (z null: z' = x').
// Range: channel order.
struct ChannelSums {
  int64_t channelBlocks, batch, pixels;  // pixels = H * W
  const float* x;                        // [N][CB][pixels][L]
  const float* z = nullptr;              // laid out as x
  const float* xShift = nullptr;         // [CB * L] or null
  const float* zShift = nullptr;         // [CB * L] or null
  float* sumAcc = nullptr;               // [CB][L] or null
  float* productAcc = nullptr;           // [CB][L] or null
};

// sums[n][c] = scale * sum of x over its pixels; plain [N][channels]. Range: plane order (p = n * CB + cb).
struct SpatialSums {
  int64_t channels, pixels;
  const float* x;  // [N][CB][pixels][L]
  float* sums;     // [N][channels]
  float scale = 1;
};

// dx[n][cb][p][l] = scale * values[n][c] where low < y < high (y null: everywhere); padding lanes 0; sumAcc += sum of dx.
// Range: channel order.
struct SpatialBroadcast {
  int64_t channels, batch, pixels;
  const float* values;       // [N][channels]
  float* dx;                 // [N][CB][pixels][L]
  float scale = 1;
  const float* y = nullptr;  // laid out as dx; may be dx itself
  float low = -kInfinity, high = kInfinity;
  float* sumAcc = nullptr;   // [CB][L] or null
};

enum class PixelType : int32_t { float32, uint8 };
enum class Interpolation : int32_t { nearest, bilinear };
enum class FillMode : int32_t { constant, nearest, reflect, wrap };

// TensorFlow's ImageProjectiveTransformV3 on NHWC images. Range: output rows, r = n * outHeight + row.
// height * width * channels < 2^31.
struct AffineSample {
  int64_t height, width, channels;
  int64_t outHeight, outWidth;
  PixelType pixelType = PixelType::float32;
  const void* images;               // [N][height][width][channels]
  const float* transforms;          // rows a0 a1 a2 b0 b1 b2 c0 c1
  int64_t transformStride = 8;      // floats from one image's row to the next; 0: one row for all
  float* y;                         // [N][outHeight][outWidth][channels]
  Interpolation interpolation = Interpolation::bilinear;
  FillMode fillMode = FillMode::constant;
  float fillValue = 0;
};

// dImages is written wholly. Range: images.
struct AffineSampleGrad {
  int64_t height, width, channels;
  int64_t outHeight, outWidth;
  const float* dy;                  // [N][outHeight][outWidth][channels]
  const float* transforms;
  int64_t transformStride = 8;
  float* dImages;                   // [N][height][width][channels]
  Interpolation interpolation = Interpolation::bilinear;
  FillMode fillMode = FillMode::constant;
};

// One axis of a resize: out[o] = sum over t < taps of weights[o * taps + t] * in[start[o] + t],
// with 1 <= taps <= inSize and 0 <= start[o] <= inSize - taps (give unused taps the weight 0).
struct ResizeAxis {
  int64_t inSize, outSize, taps;
  const int32_t* start;   // [outSize]
  const float* weights;   // [outSize][taps]
};

// Range: output rows, r = n * rows.outSize + row.
struct Resize {
  ResizeAxis rows, columns;  // rows: along the height
  int64_t channels;
  PixelType pixelType = PixelType::float32;
  const void* x;  // [N][rows.inSize][columns.inSize][channels]
  float* y;       // [N][rows.outSize][columns.outSize][channels]
};

// dx is written wholly. Range: images.
struct ResizeGrad {
  ResizeAxis rows, columns;
  int64_t channels;
  const float* dy;
  float* dx;
};

// y[p][oh][ow] = x[p][oh * strideH][ow * strideW]; outH <= ceil(H / strideH), likewise W. Range: planes.
struct Subsample {
  int64_t height, width, outHeight, outWidth, strideH, strideW;
  const float* x;
  float* y;
};

// dx[p][oh * strideH][ow * strideW] = dy[p][oh][ow] and 0 elsewhere; if add: += there, and nothing else is touched. Range: planes.
struct SubsampleGrad {
  int64_t height, width, outHeight, outWidth, strideH, strideW;
  const float* dy;
  float* dx;
  bool add = false;
};

// Range: pixels of the whole batch, r = n * pixels + p. nhwc_to_blocked zeroes the padding lanes, blocked_to_nhwc drops them.
struct LayoutChange {
  int64_t channels, pixels;  // pixels = H * W
  const float* from;
  float* to;
};

// [N][pixels][channels] -> [N][channels][pixels], y = x * scale + shift. Range: pixels of the whole batch, r = n * pixels + p.
struct PlanesFromNhwc {
  int64_t channels, pixels;
  PixelType pixelType = PixelType::float32;
  const void* x;
  float* y;
  const float* scale = nullptr;  // [channels], null: 1
  const float* shift = nullptr;  // [channels], null: 0
};

// [taps][channels] <-> [CB][taps][L], taps = kh * kw; packing zeroes the padding lanes. Range: channel blocks.
struct DepthwiseWeights {
  int64_t channels, taps;
  const float* from;
  float* to;
};

struct SpatialKernels {
  const char* isa;  // "avx512", "avx2", "portable"
  int lanes;        // L

  size_t (*depthwise_forward_scratch_bytes)(const DepthwiseGeometry&);
  void (*depthwise_forward)(const DepthwiseForward&, int64_t begin, int64_t end, void* scratch);
  size_t (*depthwise_backward_scratch_bytes)(const DepthwiseGeometry&);
  void (*depthwise_backward)(const DepthwiseBackward&, int64_t begin, int64_t end, void* scratch);

  void (*max_pool_forward)(const PoolForward&, int64_t begin, int64_t end);
  size_t (*max_pool_backward_scratch_bytes)(const PoolGeometry&);
  void (*max_pool_backward)(const PoolBackward&, int64_t begin, int64_t end, void* scratch);
  void (*avg_pool_forward)(const PoolForward&, int64_t begin, int64_t end);
  void (*avg_pool_backward)(const PoolBackward&, int64_t begin, int64_t end);

  void (*channel_sums)(const ChannelSums&, int64_t begin, int64_t end);
  void (*spatial_sums)(const SpatialSums&, int64_t begin, int64_t end);
  void (*spatial_broadcast)(const SpatialBroadcast&, int64_t begin, int64_t end);

  void (*affine_sample)(const AffineSample&, int64_t begin, int64_t end);
  void (*affine_sample_grad)(const AffineSampleGrad&, int64_t begin, int64_t end);

  size_t (*resize_scratch_bytes)(const ResizeAxis& rows, const ResizeAxis& columns, int64_t channels);
  void (*resize)(const Resize&, int64_t begin, int64_t end, void* scratch);
  void (*resize_grad)(const ResizeGrad&, int64_t begin, int64_t end, void* scratch);  // scratch as for resize

  void (*subsample)(const Subsample&, int64_t begin, int64_t end);
  void (*subsample_grad)(const SubsampleGrad&, int64_t begin, int64_t end);

  void (*nhwc_to_blocked)(const LayoutChange&, int64_t begin, int64_t end);
  void (*blocked_to_nhwc)(const LayoutChange&, int64_t begin, int64_t end);
  void (*planes_from_nhwc)(const PlanesFromNhwc&, int64_t begin, int64_t end);
  void (*pack_depthwise_weights)(const DepthwiseWeights&, int64_t begin, int64_t end);
  void (*unpack_depthwise_weights)(const DepthwiseWeights&, int64_t begin, int64_t end);
};

// Built from one source (spatial.cpp) with different flags; call only what the processor has.
const SpatialKernels& spatial_kernels_avx512();
const SpatialKernels& spatial_kernels_avx2();
const SpatialKernels& spatial_kernels_portable();

}  // namespace tanuki
