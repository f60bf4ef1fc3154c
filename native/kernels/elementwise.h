// Elementwise programs, reductions and data movement: plain structs and one table of functions per instruction set.
//
// Every function is single-threaded, reentrant and allocates nothing. A range [begin, end) lets the caller share work
// among threads; results do not depend on how ranges are cut unless said. Sizes and strides count elements.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tanuki {

enum class ElementType : uint8_t { f32, i32, u8, boolean };

// ---------------------------------------------------------------------------------------------------------------------
// Elementwise programs
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Values are 32 bits wide: f32, i32 (also for uint8, zero-extended), or a bool (all bits set or none).
 * Suffix F: float32, I: int32 (or uint8), B: bool; none: works on the bits alone.
 */
enum class Opcode : uint16_t {
  // No operand.
  constantF,  // floats[0]
  constantI,  // ints[0]
  constantB,  // ints[0] != 0
  // One operand, a.
  negF, absF, signF,  // sign: NaN stays NaN
  negI, absI, signI,
  exp, expm1, log, log1p, sqrt, rsqrt, tanh, sigmoid, erf, sin, cos,
  floor, ceil, round,  // round: half to even
  isFinite,            // -> B
  notB,
  clampF,  // min(max(a, floats[0]), floats[1]); NaN stays NaN
  // Casts. Float to integer truncates and saturates, NaN gives 0; int32 to uint8 keeps the low 8 bits (NumPy).
  castFI, castFU, castFB, castIF, castIU, castIB, castBF, castBI,
  // Two operands, a and b.
  addF, subF, mulF, divF, powF, modF, maximumF, minimumF,  // maximum, minimum: NaN if either is
  addI, subI, mulI, modI, maximumI, minimumI,              // wrap around; modI by 0 gives 0
  equalF, notEqualF, lessF, lessEqualF,                    // -> B
  equalI, notEqualI, lessI, lessEqualI,                    // -> B; equalI, notEqualI take bools too
  andB, orB,
  // Three operands: a (B) ? b : c, of any type.
  select,
  count,
};

/** The result of instruction k is value `inputCount + k`; operands are values of inputs or of earlier instructions. */
struct ElementwiseInstruction {
  Opcode opcode;
  uint16_t a, b, c;
  union {
    float floats[2];
    int32_t ints[2];
  };
};

constexpr int kElementwiseDims = 6;
constexpr int kElementwiseInputs = 64;
constexpr int kElementwiseOutputs = 32;
constexpr int kElementwiseInstructions = 256;

struct ElementwiseInput {
  ElementType type;
  int64_t strides[kElementwiseDims];  // per dim of the iteration space; 0: broadcast. Unused dims and dims of size 1: any.
};
struct ElementwiseOutput {
  uint16_t value;
  ElementType type;  // u8 stores the low 8 bits, boolean 0 or 1
};

/** Only read by `prepare`. Adjacent dims need not be collapsed by the caller: `prepare` does it. */
struct ElementwiseProgram {
  int rank;                         // 0..kElementwiseDims
  int64_t sizes[kElementwiseDims];  // the iteration space, row-major; outputs are contiguous in it
  const ElementwiseInput* inputs;
  int inputCount;
  const ElementwiseInstruction* instructions;
  int instructionCount;
  const ElementwiseOutput* outputs;
  int outputCount;
  /**
   * For blocked layouts: with laneTail > 0, at the last index of dim `laneBlockDim` the elements of the innermost dim
   * from `laneTail` on are written as 0 in every output. 0: off.
   */
  int laneTail;
  int laneBlockDim;
};

enum class PrepareResult { ok, tooLarge, badOperand };

// ---------------------------------------------------------------------------------------------------------------------
// Reductions
// ---------------------------------------------------------------------------------------------------------------------

enum class ReduceOp : uint8_t { sum, max, min };  // max, min: NaN if any is NaN; of nothing: -Infinity, Infinity (i32: the extreme)

/**
 * A dense tensor [outer, reduceOuter, middle, reduceInner, inner], reduced over the two reduce dims (1 where not needed).
 * Outputs are numbered (o * middle + m) * inner + i; reduced elements (ro * reduceInner + ri).
 */
struct ReduceView {
  int64_t outer, reduceOuter, middle, reduceInner, inner;
};

/** A dense tensor [outer, axis, inner] of which `axis` is searched, sorted or indexed; `count` indices replace or follow it. */
struct AxisView {
  int64_t outer, axis, inner, count;
};

// ---------------------------------------------------------------------------------------------------------------------
// Movement
// ---------------------------------------------------------------------------------------------------------------------

constexpr int kCopyDims = 8;

/** Copies src[sum(i * srcStrides)] to dst[sum(i * dstStrides)] for all i; pointers are those of index 0. No overlap. */
struct CopyView {
  int rank;  // 0..kCopyDims
  int64_t sizes[kCopyDims];
  int64_t srcStrides[kCopyDims];  // 0: broadcast, negative: reversed
  int64_t dstStrides[kCopyDims];
};

struct ElementwiseKernels {
  const char* isa;
  int lanes;

  // Elementwise programs ---------------------------------------------------------------------------------------------
  /** Bytes of the plan that `prepare` fills (8-byte aligned, may be copied by memcpy, no destructor). */
  size_t (*planBytes)(const ElementwiseProgram&);
  PrepareResult (*prepare)(const ElementwiseProgram&, void* plan);
  /** Bytes of 64-byte aligned scratch that one call of `run` needs. */
  size_t (*scratchBytes)(const void* plan);
  /**
   * Computes elements [begin, end) of the iteration space of every output. `inputs`, `outputs`: the element of index 0.
   * An output may be the very buffer of an input that is dense and of the same element size (in place); no other overlap.
   * Cheapest if ranges are cut at multiples of the innermost dims; the result is the same for every cut.
   */
  void (*run)(const void* plan, const void* const* inputs, void* const* outputs, int64_t begin, int64_t end, void* scratch);

  // Reductions: outputs [begin, end), which lie at out[begin..end) -----------------------------------------------------
  /** Sums are kept in f32 for short stretches and in f64 above them. */
  void (*reduceF32)(ReduceOp, const float* x, const ReduceView&, float* out, int64_t begin, int64_t end);
  void (*reduceI32)(ReduceOp, const int32_t* x, const ReduceView&, int32_t* out, int64_t begin, int64_t end);
  /**
   * For few outputs: reduced elements [reduceBegin, reduceEnd) of outputs [begin, end) -> partial[begin..end).
   * Cut the reduce dim the same way every time (not by thread count) where results must repeat.
   */
  void (*reducePartialF32)(ReduceOp, const float* x, const ReduceView&, int64_t begin, int64_t end, int64_t reduceBegin,
                           int64_t reduceEnd, double* partial);
  /** partials [chunks][outputs] -> out[outputs]. */
  void (*reduceCombineF32)(ReduceOp, const double* partials, int64_t chunks, int64_t outputs, float* out);
  void (*reducePartialI32)(ReduceOp, const int32_t* x, const ReduceView&, int64_t begin, int64_t end, int64_t reduceBegin,
                           int64_t reduceEnd, int32_t* partial);
  void (*reduceCombineI32)(ReduceOp, const int32_t* partials, int64_t chunks, int64_t outputs, int32_t* out);
  /** Mean and biased variance of outputs [begin, end); of nothing: NaN. */
  void (*momentsF32)(const float* x, const ReduceView&, float* mean, float* variance, int64_t begin, int64_t end);
  /** As reducePartialF32. Per output a triple (count, mean, sum of squared deviations): partial[3 * output + 0..2]. */
  void (*momentsPartialF32)(const float* x, const ReduceView&, int64_t begin, int64_t end, int64_t reduceBegin,
                            int64_t reduceEnd, double* partial);
  /** partials [chunks][outputs][3]. */
  void (*momentsCombineF32)(const double* partials, int64_t chunks, int64_t outputs, float* mean, float* variance);
  /** First index of the largest of `axis` (at least 1); NaN counts as largest. Outputs [begin, end) of outer * inner. */
  void (*argMaxF32)(const float* x, const AxisView&, int32_t* out, int64_t begin, int64_t end);
  void (*argMaxI32)(const int32_t* x, const AxisView&, int32_t* out, int64_t begin, int64_t end);

  // Movement -----------------------------------------------------------------------------------------------------------
  /** Elements [begin, end) of the row-major iteration space. elementSize: 1 or 4. */
  void (*copy)(const CopyView&, int elementSize, const void* src, void* dst, int64_t begin, int64_t end);
  /** Elements [begin, end) become `bits` (the low byte for elementSize 1). */
  void (*fill)(void* dst, int elementSize, uint32_t bits, int64_t begin, int64_t end);
  /** out[o, a, i] = a for elements [begin, end) of [outer, axis, inner]. */
  void (*iotaF32)(float* out, const AxisView&, int64_t begin, int64_t end);
  void (*iotaI32)(int32_t* out, const AxisView&, int64_t begin, int64_t end);
  /**
   * out[o, j, i] = x[o, indices[j], i], j < count; rows [begin, end) of outer * count.
   * Returns -1, or the first position in `indices` that (within the range) is outside the axis; that row is left alone.
   */
  int64_t (*gather)(const void* x, int elementSize, const int32_t* indices, const AxisView&, void* out, int64_t begin,
                    int64_t end);
  /**
   * out[o, a, i] = sum of updates[o, j, i] with indices[j] = a, added in order of j; rows [begin, end) of outer * axis.
   * Every call checks all indices (so every thread sees a bad one). Returns as `gather`; bad ones add nothing.
   */
  int64_t (*scatterAddF32)(const int32_t* indices, const float* updates, const AxisView&, float* out, int64_t begin,
                           int64_t end);
  int64_t (*scatterAddI32)(const int32_t* indices, const int32_t* updates, const AxisView&, int32_t* out, int64_t begin,
                           int64_t end);
  /** out[o, j, i] = x[o, indices[o, j, i], i]; elements [begin, end) of outer * count * inner. Returns as `gather`. */
  int64_t (*takeAlong)(const void* x, int elementSize, const int32_t* indices, const AxisView&, void* out, int64_t begin,
                       int64_t end);
  /** out[o, a, i] = sum of updates[o, j, i] with indices[o, j, i] = a; columns [begin, end) of outer * inner. */
  int64_t (*scatterAlongF32)(const int32_t* indices, const float* updates, const AxisView&, float* out, int64_t begin,
                             int64_t end);
  int64_t (*scatterAlongI32)(const int32_t* indices, const int32_t* updates, const AxisView&, int32_t* out, int64_t begin,
                             int64_t end);
  /** Stable order of each column along the axis; NaN counts as largest, -0 equals 0. Columns [begin, end) of outer * inner. */
  size_t (*argSortScratchBytes)(const AxisView&);  // 8-byte aligned
  void (*argSortF32)(const float* x, const AxisView&, bool descending, int32_t* out, int64_t begin, int64_t end,
                     void* scratch);
  void (*argSortI32)(const int32_t* x, const AxisView&, bool descending, int32_t* out, int64_t begin, int64_t end,
                     void* scratch);
  /**
   * Philox4x32-10 with key (seed[0], seed[1]) and counter (block, 0, 0, 0): element e is (word e % 4 of block e / 4) >> 8,
   * times 2^-24. Writes out[begin..end). Blocks are numbered by 32 bits.
   */
  void (*philoxUniform)(const int32_t seed[2], float* out, int64_t begin, int64_t end);
};

const ElementwiseKernels& elementwise_kernels_avx512();
const ElementwiseKernels& elementwise_kernels_avx2();
const ElementwiseKernels& elementwise_kernels_portable();

}  // namespace tanuki
