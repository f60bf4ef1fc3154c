// The kernel tables of the instruction set in use.
#pragma once
#include "../kernels/elementwise.h"
#include "../kernels/spatial.h"
#include "../kernels/weights.h"
#include "isa.h"

namespace tanuki {

inline const ElementwiseKernels& elementwiseKernels() {
  switch (isa()) {
    case Isa::avx512: return elementwise_kernels_avx512();
    case Isa::avx2: return elementwise_kernels_avx2();
    default: return elementwise_kernels_portable();
  }
}

inline const SpatialKernels& spatialKernels() {
  switch (isa()) {
    case Isa::avx512: return spatial_kernels_avx512();
    case Isa::avx2: return spatial_kernels_avx2();
    default: return spatial_kernels_portable();
  }
}

inline const WeightKernels& weightKernels() {
  switch (isa()) {
    case Isa::avx512: return weight_kernels_avx512();
    case Isa::avx2: return weight_kernels_avx2();
    default: return weight_kernels_portable();
  }
}

}  // namespace tanuki
