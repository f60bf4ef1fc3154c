// Runs a plan over a range of its iteration space, block by block.
#pragma once
#include "elementwise_plan.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

/** Copies n of `src` at `stride` into a register, widened. May write up to W elements more. */
template <class T, bool Bool>
void gatherRow(int32_t* dst, const T* src, int64_t n, int64_t stride) {
  AliasI* const to = dst;
  const auto value = [](T x) -> int32_t { return Bool ? -(x != 0) : static_cast<int32_t>(x); };
  if (stride == 0) {
    const I v = splatI(value(src[0]));
    for (int64_t i = 0; i < n; i += W) store(dst + i, v);
  } else if (stride == 1 && sizeof(T) == 4) {
    int64_t i = 0;
    for (; i + W <= n; i += W) store(dst + i, load(reinterpret_cast<const int32_t*>(src) + i));
    for (; i < n; i++) to[i] = value(src[i]);
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = value(src[i * stride]);
  }
}

void gatherRow(const PlanInput& input, int32_t* dst, const char* src, int64_t n, int64_t stride) {
  switch (input.type) {
    case ElementType::f32:
    case ElementType::i32: gatherRow<AliasI, false>(dst, reinterpret_cast<const AliasI*>(src), n, stride); break;
    case ElementType::u8: gatherRow<uint8_t, false>(dst, reinterpret_cast<const uint8_t*>(src), n, stride); break;
    case ElementType::boolean: gatherRow<uint8_t, true>(dst, reinterpret_cast<const uint8_t*>(src), n, stride); break;
  }
}

/** Fills `count` indices of dim `d` and all of the dims inside it; returns the number of elements. */
int64_t fillDims(const Plan& plan, const PlanInput& input, int d, int64_t count, int32_t* dst, const char* src) {
  const int64_t stride = input.strides[d];
  if (d == plan.rank - 1) {
    gatherRow(input, dst, src, count, stride);
    return count;
  }
  int64_t inner = 0;
  if (d == plan.rank - 2 && stride != 0 && input.strides[d + 1] == 0 && input.elementBytes == 4) {
    // A scalar for each row; what is written behind a row belongs to the next one, or to the room behind the buffer.
    inner = plan.sizes[d + 1];
    const AliasI* const from = reinterpret_cast<const AliasI*>(src);
    for (int64_t i = 0; i < count; i++) {
      const I v = splatI(from[i * stride]);
      for (int64_t j = 0; j < inner; j += W) store(dst + i * inner + j, v);
    }
    return count * inner;
  }
  if (stride != 0) {
    for (int64_t i = 0; i < count; i++)
      inner = fillDims(plan, input, d + 1, plan.sizes[d + 1], dst + i * inner, src + i * stride * input.elementBytes);
    return count * inner;
  }
  inner = fillDims(plan, input, d + 1, plan.sizes[d + 1], dst, src);
  // Repeats by doubling.
  int64_t done = 1;
  while (done < count) {
    const int64_t more = done < count - done ? done : count - done;
    memcpy(dst + done * inner, dst, static_cast<size_t>(more * inner) * 4);
    done += more;
  }
  return count * inner;
}

/** The W elements that repeat along a row, beginning `rotation` elements into it. */
void fillPattern(const Plan& plan, const PlanInput& input, int32_t* dst, const char* src, int64_t rotation) {
  const int last = plan.rank - 1;
  bool constant = true;
  for (int d = plan.split + 1; d <= last; d++) constant = constant && input.strides[d] == 0;
  if (constant) return gatherRow(input, dst, src, W, 0);
  if (plan.split == last - 1 && plan.inner == W && rotation == 0) return gatherRow(input, dst, src, W, input.strides[last]);
  for (int l = 0; l < W; l++) {
    int64_t rest = (l + rotation) % plan.inner, at = 0;
    for (int d = last; d > plan.split; d--) {
      at += rest % plan.sizes[d] * input.strides[d];
      rest /= plan.sizes[d];
    }
    gatherRow(input, dst + l, src + at * input.elementBytes, 1, 1);
  }
}

struct Run {
  const Plan& plan;
  const void* const* inputs;
  void* const* outputs;
  char* scratch;
  char** slots;
  InputState* states;
  const PlanInput* planInputs;
  const PlanOutput* planOutputs;
  int64_t rowOffsets[kElementwiseInputs];
  uint32_t deferred;  // bit o: output o goes to memory when its block is done
  bool uniformStale;

  Run(const Plan& p, const void* const* in, void* const* out, char* memory)
      : plan(p), inputs(in), outputs(out), scratch(memory), slots(reinterpret_cast<char**>(memory)),
        states(reinterpret_cast<InputState*>(memory + p.statesAt)), planInputs(p.part<PlanInput>(p.inputsAt)),
        planOutputs(p.part<PlanOutput>(p.outputsAt)), deferred(0), uniformStale(true) {
    const int64_t* offsets = plan.part<int64_t>(plan.slotsAt);
    for (int s = 0; s < plan.slotCount; s++) slots[s] = offsets[s] < 0 ? nullptr : scratch + offsets[s];
    for (int i = 0; i < plan.inputCount; i++) states[i] = {INT64_MIN, 0};
    for (int o = 0; o < plan.outputCount; o++)
      for (int i = 0; i < plan.inputCount; i++)
        if (planInputs[i].kind == InputKind::dense && inputs[i] == outputs[o] &&
            planInputs[i].lastRead > planOutputs[o].written)
          deferred |= 1u << o;
    const PlanStep* steps = plan.part<PlanStep>(plan.uniformAt);
    for (int s = 0; s < plan.uniformCount; s++)
      if (!steps[s].kernel) store(reinterpret_cast<int32_t*>(slots[steps[s].dst]), splatI(steps[s].immediates.ints[0]));
  }

  void enterRow(int64_t row) {
    for (int i = 0; i < plan.inputCount; i++) rowOffsets[i] = 0;
    for (int d = plan.split - 1; d >= 0; d--) {
      const int64_t at = row % plan.sizes[d];
      row /= plan.sizes[d];
      for (int i = 0; i < plan.inputCount; i++) rowOffsets[i] += at * planInputs[i].strides[d];
    }
  }

  /** Elements [low, high) of the block that starts `start` elements into the row; `position` is that of `low`. */
  void bindInputs(int64_t position, int64_t start, int64_t low, int64_t high) {
    for (int i = 0; i < plan.inputCount; i++) {
      const PlanInput& input = planInputs[i];
      const char* base = static_cast<const char*>(inputs[i]);
      switch (input.kind) {
        case InputKind::unused: break;
        case InputKind::dense: slots[input.slot] = const_cast<char*>(base) + position * input.elementBytes; break;
        case InputKind::row:
          slots[input.slot] = const_cast<char*>(base) + (rowOffsets[i] + start + low) * input.elementBytes;
          break;
        case InputKind::uniform: {
          const int64_t rotation = (start + low) % plan.inner;
          if (states[i].offset == rowOffsets[i] && states[i].length == rotation) break;
          states[i] = {rowOffsets[i], rotation};
          fillPattern(plan, input, reinterpret_cast<int32_t*>(scratch + input.offset),
                      base + rowOffsets[i] * input.elementBytes, rotation);
          uniformStale = true;
          break;
        }
        case InputKind::filled: {
          const int64_t offset = rowOffsets[i] + start / plan.inner * input.strides[plan.split];
          slots[input.slot] = scratch + input.offset + low * 4;
          if (states[i].offset == offset && states[i].length >= high) break;
          const int64_t count = (high + plan.inner - 1) / plan.inner;
          states[i] = {offset, count * plan.inner};
          fillDims(plan, input, plan.split, count, reinterpret_cast<int32_t*>(scratch + input.offset),
                   base + offset * input.elementBytes);
          break;
        }
      }
    }
  }

  void runSteps(const PlanStep* steps, int count, int64_t n) {
    for (int s = 0; s < count; s++) {
      const PlanStep& step = steps[s];
      if (step.kernel) step.kernel(slots[step.dst], slots[step.a], slots[step.b], slots[step.c], n, step.immediates);
    }
  }

  void zeroTails(int64_t begin, int64_t end) {
    const int64_t period = plan.laneBlocks * plan.laneBlockStride;
    // The last block of each period that touches the range.
    for (int64_t last = begin / period * period + period - plan.laneBlockStride; last < end; last += period) {
      const int64_t from = last > begin ? last : begin;
      const int64_t to = last + plan.laneBlockStride < end ? last + plan.laneBlockStride : end;
      for (int64_t row = from / plan.lanes * plan.lanes; row < to; row += plan.lanes) {
        const int64_t first = row + plan.laneTail > from ? row + plan.laneTail : from;
        const int64_t past = row + plan.lanes < to ? row + plan.lanes : to;
        if (first >= past) continue;
        for (int o = 0; o < plan.outputCount; o++) {
          const int64_t bytes = planOutputs[o].elementBytes;
          memset(static_cast<char*>(outputs[o]) + first * bytes, 0, static_cast<size_t>((past - first) * bytes));
        }
      }
    }
  }

  void block(int64_t position, int64_t start, int64_t low, int64_t high) {
    const int64_t n = high - low;
    bindInputs(position, start, low, high);
    for (int o = 0; o < plan.outputCount; o++) {
      const PlanOutput& output = planOutputs[o];
      slots[output.slot] = deferred >> o & 1 ? scratch + output.fallback
                                             : static_cast<char*>(outputs[o]) + position * output.elementBytes;
    }
    if (uniformStale) {
      runSteps(plan.part<PlanStep>(plan.uniformAt), plan.uniformCount, W);
      uniformStale = false;
    }
    runSteps(plan.part<PlanStep>(plan.stepsAt), plan.stepCount, n);
    for (int o = 0; deferred != 0 && o < plan.outputCount; o++) {
      if (!(deferred >> o & 1)) continue;
      const int64_t bytes = planOutputs[o].elementBytes;
      memcpy(static_cast<char*>(outputs[o]) + position * bytes, slots[planOutputs[o].slot], static_cast<size_t>(n * bytes));
    }
    if (plan.laneTail > 0) zeroTails(position, position + n);
  }

  void range(int64_t begin, int64_t end) {
    const int64_t row = plan.sizes[plan.split] * plan.inner, span = plan.blockCount * plan.inner;
    int64_t rowIndex = -1;
    for (int64_t position = begin; position < end;) {
      const int64_t index = position / row, within = position - index * row;
      if (index != rowIndex) enterRow(rowIndex = index);
      const int64_t start = within / span * span, low = within - start;
      int64_t high = start + span < row ? span : row - start;
      if (high - low > end - position) high = low + (end - position);
      block(position, start, low, high);
      position += high - low;
    }
  }
};

void runProgram(const void* plan, const void* const* inputs, void* const* outputs, int64_t begin, int64_t end,
                void* scratch) {
  if (begin >= end) return;
  Run run(*static_cast<const Plan*>(plan), inputs, outputs, static_cast<char*>(scratch));
  run.range(begin, end);
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
