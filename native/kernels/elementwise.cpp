// The table of elementwise, reduction and movement kernels of one instruction set: compiled once for each, with
// -DTANUKI_ISA=avx512|avx2|portable, -DTANUKI_LANES=16|8|8, the instruction set's own flags and -ffp-contract=off.
#include "elementwise.h"
#include "elementwise_copy.h"
#include "elementwise_index.h"
#include "elementwise_moments.h"
#include "elementwise_prepare.h"
#include "elementwise_random.h"
#include "elementwise_reduce.h"
#include "elementwise_run.h"

#define TANUKI_PASTE(a, b) a##b
#define TANUKI_JOIN(a, b) TANUKI_PASTE(a, b)
#define TANUKI_QUOTE(a) #a
#define TANUKI_STRING(a) TANUKI_QUOTE(a)

namespace tanuki {

const ElementwiseKernels& TANUKI_JOIN(elementwise_kernels_, TANUKI_ISA)() {
  using namespace TANUKI_ISA;
  static constexpr ElementwiseKernels table = {
      TANUKI_STRING(TANUKI_ISA),
      TANUKI_LANES,
      planBytes,
      prepare,
      scratchBytes,
      runProgram,
      reduceF32,
      reduceI32,
      reducePartialF32,
      reduceCombineF32,
      reducePartialI32,
      reduceCombineI32,
      momentsF32,
      momentsPartialF32,
      momentsCombineF32,
      argMaxF32,
      argMaxI32,
      copy,
      fill,
      iotaF32,
      iotaI32,
      gather,
      scatterAddF32,
      scatterAddI32,
      takeAlong,
      scatterAlongF32,
      scatterAlongI32,
      argSortScratchBytes,
      argSortF32,
      argSortI32,
      philoxUniform,
  };
  return table;
}

}  // namespace tanuki
