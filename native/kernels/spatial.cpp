// The spatial kernels of one instruction set. Compile three times, with -std=c++17 -O3 -Wno-psabi and
//   -DTANUKI_ISA=avx512   -DTANUKI_LANES=16 -mavx512f -mavx512vl -mavx512bw -mavx512dq -mavx2 -mfma
//   -DTANUKI_ISA=avx2     -DTANUKI_LANES=8  -mavx2 -mfma
//   -DTANUKI_ISA=portable -DTANUKI_LANES=8
#include "spatial.h"
#include "affine.h"
#include "depthwise.h"
#include "layout.h"
#include "pooling.h"
#include "resize.h"
#include "sums.h"

#define TANUKI_TEXT_(name) #name
#define TANUKI_TEXT(name) TANUKI_TEXT_(name)
#define TANUKI_JOIN_(a, b) a##b
#define TANUKI_JOIN(a, b) TANUKI_JOIN_(a, b)

namespace tanuki {

const SpatialKernels& TANUKI_JOIN(spatial_kernels_, TANUKI_ISA)() {
  static constexpr SpatialKernels table = {
      TANUKI_TEXT(TANUKI_ISA),
      TANUKI_ISA::L,
      TANUKI_ISA::depthwise_forward_scratch_bytes,
      TANUKI_ISA::depthwise_forward,
      TANUKI_ISA::depthwise_backward_scratch_bytes,
      TANUKI_ISA::depthwise_backward,
      TANUKI_ISA::max_pool_forward,
      TANUKI_ISA::max_pool_backward_scratch_bytes,
      TANUKI_ISA::max_pool_backward,
      TANUKI_ISA::avg_pool_forward,
      TANUKI_ISA::avg_pool_backward,
      TANUKI_ISA::channel_sums,
      TANUKI_ISA::spatial_sums,
      TANUKI_ISA::spatial_broadcast,
      TANUKI_ISA::affine_sample,
      TANUKI_ISA::affine_sample_grad,
      TANUKI_ISA::resize_scratch_bytes,
      TANUKI_ISA::resize,
      TANUKI_ISA::resize_grad,
      TANUKI_ISA::subsample,
      TANUKI_ISA::subsample_grad,
      TANUKI_ISA::nhwc_to_blocked,
      TANUKI_ISA::blocked_to_nhwc,
      TANUKI_ISA::planes_from_nhwc,
      TANUKI_ISA::pack_depthwise_weights,
      TANUKI_ISA::unpack_depthwise_weights,
  };
  return table;
}

}  // namespace tanuki
