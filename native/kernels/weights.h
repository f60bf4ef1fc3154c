// The table of kernels over weights: packing, unpacking and adding up gradients. Plain types, no instruction-set code.
//
// Rules common to all:
// - float32; single-threaded over [begin, end); reentrant; nothing is allocated; distinct ranges may run at the same time.
// - A packed 1x1 kernel: [out / L][in / L][L in][L out] (oneDNN's OIhwLiLo), L = WeightKernels::lanes, surplus channels zero, 64-byte aligned.
#pragma once
#include <cstdint>

namespace tanuki {

struct PointwiseKernel {
  int64_t in, out;  // channels
};

struct WeightKernels {
  int lanes;
  /** kernel [in][out], scale [out] -> kernel * scale, packed. Range: blocks of input channels. */
  void (*pack_pointwise)(const PointwiseKernel&, const float* kernel, const float* scale, float* packed, int64_t begin, int64_t end);
  /** Packed -> [in / L][out / L][L out][L in]: the packed kernel of the transposed convolution. Range: blocks of input channels. */
  void (*transpose_packed)(const PointwiseKernel&, const float* from, float* to, int64_t begin, int64_t end);
  /** Packed -> plain [in][out]. With `factor` [in][out], adds to sums [out] the sums over `in` of plain * factor. Range: blocks of input channels. */
  void (*unpack_pointwise)(const PointwiseKernel&, const float* packed, const float* factor, float* plain, double* sums, int64_t begin, int64_t end);
  /** a, b [rows][columns] -> sums [columns] over the rows of a * b. Range: columns. */
  void (*product_sums)(const float* a, const float* b, int64_t rows, int64_t columns, float* sums, int64_t begin, int64_t end);
  /** to += from. */
  void (*add)(float* to, const float* from, int64_t count);
};

const WeightKernels& weight_kernels_avx512();
const WeightKernels& weight_kernels_avx2();
const WeightKernels& weight_kernels_portable();

}  // namespace tanuki
