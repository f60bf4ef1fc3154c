// What `prepare` makes of an elementwise program: steps over slots (places that hold a block of elements), ready to run.
#pragma once
#include "elementwise_ops.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

// One block is computed at a time, step by step, so that what lies between steps stays in the first-level cache.
constexpr int64_t kBlockBudget = 24 * 1024;  // bytes of all streams of a block
constexpr int64_t kMinBlock = 256, kMaxBlock = 2048;
/** Where rows have at least so many elements, a block does not span several. */
constexpr int64_t kRowEnough = 256;

enum class InputKind : uint8_t {
  unused,
  dense,    // in the order of the iteration space: read in place
  row,      // contiguous along the innermost dim: read in place, row by row
  uniform,  // W elements repeat along a row: a pattern
  filled,   // else: gathered into a buffer, once for all blocks that see the same elements
};

struct PlanInput {
  InputKind kind;
  ElementType type;
  uint16_t slot;
  int lastRead;  // step; only for kind dense
  int elementBytes;
  int64_t strides[kElementwiseDims];
  int64_t offset;  // in scratch, of its pattern or buffer
};
struct PlanOutput {
  uint16_t slot;
  int written;  // step
  int elementBytes;
  int64_t fallback;  // in scratch: where the block goes if an input in the same memory is still to be read
};
struct PlanStep {
  StepKernel kernel;
  uint16_t dst, a, b, c;
  Immediates immediates;
};

/** Followed by inputs, outputs, uniform steps, steps and the scratch offsets of all slots. */
struct Plan {
  int64_t bytes, scratch;
  int inputCount, outputCount, uniformCount, stepCount, slotCount;
  int rank, split;           // a row is all of dims split.. for fixed indices of the dims before
  int64_t sizes[kElementwiseDims];
  int64_t total, inner;      // elements; elements per index of dim `split`
  int64_t blockCount;        // indices of dim `split` in one block
  int64_t laneTail, lanes, laneBlocks, laneBlockStride;
  int64_t inputsAt, outputsAt, uniformAt, stepsAt, slotsAt;  // in the plan
  int64_t statesAt;          // in scratch, see InputState

  template <class T>
  T* part(int64_t at) {
    return reinterpret_cast<T*>(reinterpret_cast<char*>(this) + at);
  }
  template <class T>
  const T* part(int64_t at) const {
    return reinterpret_cast<const T*>(reinterpret_cast<const char*>(this) + at);
  }
};

/** What the pattern or buffer of an input holds at the moment. */
struct InputState {
  int64_t offset;  // of the elements in the input; INT64_MIN: nothing
  int64_t length;  // elements filled (kind filled), or rotation (kind uniform)
};

TANUKI_INLINE int64_t roundUp(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }
TANUKI_INLINE int bytesOf(ElementType type) { return type == ElementType::f32 || type == ElementType::i32 ? 4 : 1; }

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
