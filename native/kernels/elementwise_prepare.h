// Makes a plan of an elementwise program: collapses dims, chooses blocks, fuses pairs of steps, places what lies between them.
#pragma once
#include "elementwise_plan.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

constexpr int kValues = kElementwiseInputs + kElementwiseInstructions;
/** Slots: inputs, inputs as registers, results, outputs, what is widened for them. */
int64_t slotsAtMost(const ElementwiseProgram& program) {
  return 2 * static_cast<int64_t>(program.inputCount + program.outputCount) + program.instructionCount;
}

/** Instructions while they are rewritten; value numbers are those of the program. */
struct Draft {
  uint16_t op;
  int8_t arity;
  bool dead, uniform;
  uint16_t operands[3];
  Immediates immediates;
};

struct Preparation {
  const ElementwiseProgram& program;
  Plan& plan;
  Draft drafts[kElementwiseInstructions];
  int uses[kValues];
  bool uniform[kValues];
  uint16_t slotOf[kValues];
  int lastUse[kValues];
  int64_t bufferOf[kValues];  // scratch offset of the register of a value, -1 if none
  int64_t freeBuffers[kValues];
  int freeCount = 0;

  Preparation(const ElementwiseProgram& from, Plan& to) : program(from), plan(to) {}

  PlanInput* inputs() { return plan.part<PlanInput>(plan.inputsAt); }
  PlanOutput* outputs() { return plan.part<PlanOutput>(plan.outputsAt); }
  int64_t* slotOffsets() { return plan.part<int64_t>(plan.slotsAt); }
  uint16_t newSlot(int64_t scratchOffset) {
    slotOffsets()[plan.slotCount] = scratchOffset;
    return static_cast<uint16_t>(plan.slotCount++);
  }

  PrepareResult readInstructions() {
    const int count = program.instructionCount;
    for (int k = 0; k < count; k++) {
      const ElementwiseInstruction& from = program.instructions[k];
      const OpInfo info = opInfo(static_cast<uint16_t>(from.opcode));
      if (from.opcode >= Opcode::count || info.arity < 0) return PrepareResult::badOperand;
      Draft& d = drafts[k];
      d.op = static_cast<uint16_t>(from.opcode);
      d.arity = static_cast<int8_t>(info.arity);
      d.dead = d.uniform = false;
      d.operands[0] = from.a, d.operands[1] = from.b, d.operands[2] = from.c;
      d.immediates.ints[0] = from.ints[0], d.immediates.ints[1] = from.ints[1];
      for (int o = 0; o < d.arity; o++)
        if (d.operands[o] >= program.inputCount + k) return PrepareResult::badOperand;
    }
    for (int o = 0; o < program.outputCount; o++)
      if (program.outputs[o].value >= program.inputCount + count) return PrepareResult::badOperand;
    return PrepareResult::ok;
  }

  Draft* draftOf(int value) { return value < program.inputCount ? nullptr : &drafts[value - program.inputCount]; }

  void countUses() {
    for (int v = 0; v < program.inputCount + program.instructionCount; v++) uses[v] = 0;
    for (int o = 0; o < program.outputCount; o++) uses[program.outputs[o].value]++;
    for (int k = program.instructionCount - 1; k >= 0; k--) {
      Draft& d = drafts[k];
      d.dead = uses[program.inputCount + k] == 0;
      if (d.dead) continue;
      for (int o = 0; o < d.arity; o++) uses[d.operands[o]]++;
    }
  }

  /** Merges dims that every input walks as one; dims of size 1 vanish. */
  void collapseDims() {
    plan.rank = 0;
    plan.total = 1;
    int64_t strides[kElementwiseInputs][kElementwiseDims];
    for (int d = 0; d < program.rank; d++) {
      const int64_t size = program.sizes[d];
      plan.total *= size;
      if (size == 1) continue;
      bool merges = plan.rank > 0;
      for (int i = 0; i < program.inputCount && merges; i++)
        merges = uses[i] == 0 || strides[i][plan.rank - 1] == program.inputs[i].strides[d] * size;
      if (!merges) plan.sizes[plan.rank++] = 1;
      plan.sizes[plan.rank - 1] *= size;
      for (int i = 0; i < program.inputCount; i++) strides[i][plan.rank - 1] = program.inputs[i].strides[d];
    }
    if (plan.rank == 0 || plan.total == 0) {
      plan.rank = 1;
      plan.sizes[0] = plan.total;
      for (int i = 0; i < program.inputCount; i++) strides[i][0] = 0;
    }
    for (int i = 0; i < program.inputCount; i++)
      for (int d = 0; d < plan.rank; d++) inputs()[i].strides[d] = strides[i][d];
  }

  void chooseBlocks() {
    int streams = program.outputCount;
    for (int i = 0; i < program.inputCount; i++) streams += uses[i] > 0;
    streams += program.instructionCount < 5 ? program.instructionCount : 5;
    int64_t block = kBlockBudget / (4 * (streams > 0 ? streams : 1)) & -64;
    block = block < kMinBlock ? kMinBlock : block > kMaxBlock ? kMaxBlock : block;
    int split = plan.rank - 1;
    int64_t inner = 1;
    while (split > 0 && inner * plan.sizes[split] < kRowEnough) inner *= plan.sizes[split--];
    const int64_t size = plan.sizes[split];
    int64_t most = block / inner;
    if (most > size) most = size;
    if (most < 1) most = 1;
    // Blocks of about equal length, so that none is a small rest.
    const int64_t pieces = (size + most - 1) / most;
    int64_t count = pieces > 0 ? (size + pieces - 1) / pieces : 1;
    if (inner == 1 && roundUp(count, W) <= block) count = roundUp(count, W);
    plan.split = split;
    plan.inner = inner;
    plan.blockCount = count;
  }

  InputKind kindOf(const PlanInput& input) const {
    int64_t expected = 1;
    bool dense = true, constantRow = true, constantInner = true;
    for (int d = plan.rank - 1; d >= 0; d--) {
      dense = dense && input.strides[d] == expected;
      expected *= plan.sizes[d];
      if (d >= plan.split) constantRow = constantRow && input.strides[d] == 0;
      if (d > plan.split) constantInner = constantInner && input.strides[d] == 0;
    }
    // A single element is read before anything is written, so that in-place scalars need no care.
    if (constantRow) return InputKind::uniform;
    if (dense) return InputKind::dense;
    if (!constantInner && input.strides[plan.split] == 0 && W % plan.inner == 0) return InputKind::uniform;
    if (plan.split == plan.rank - 1 && input.strides[plan.split] == 1) return InputKind::row;
    return InputKind::filled;
  }

  void classify() {
    for (int i = 0; i < program.inputCount; i++) {
      PlanInput& input = inputs()[i];
      input.type = program.inputs[i].type;
      input.elementBytes = bytesOf(input.type);
      input.lastRead = -1;
      input.offset = -1;
      input.kind = uses[i] == 0 ? InputKind::unused : kindOf(input);
      uniform[i] = input.kind == InputKind::uniform;
    }
    for (int k = 0; k < program.instructionCount; k++) {
      Draft& d = drafts[k];
      d.uniform = true;
      for (int o = 0; o < d.arity; o++) d.uniform = d.uniform && uniform[d.operands[o]];
      uniform[program.inputCount + k] = d.uniform;
    }
  }

  /** The draft of a value that only `consumer` needs, if it is one of `op`: it can be computed inside it. */
  Draft* onlyFor(int value, uint16_t op) {
    Draft* d = draftOf(value);
    return d && !d->dead && !d->uniform && d->op == op && uses[value] == 1 ? d : nullptr;
  }

  void makeTernary(Draft& d, uint16_t op, Draft& inside, uint16_t third) {
    d.operands[0] = inside.operands[0], d.operands[1] = inside.operands[1], d.operands[2] = third;
    d.op = op, d.arity = 3;
    inside.dead = true;
  }

  /** Pairs of steps that become one: the same arithmetic, without a store and a load between. */
  void fusePairs() {
    const uint16_t add = static_cast<uint16_t>(Opcode::addF), sub = static_cast<uint16_t>(Opcode::subF);
    const uint16_t mul = static_cast<uint16_t>(Opcode::mulF), clamp = static_cast<uint16_t>(Opcode::clampF);
    for (int k = 0; k < program.instructionCount; k++) {
      Draft& d = drafts[k];
      if (d.dead || d.uniform) continue;
      const uint16_t a = d.operands[0], b = d.operands[1];
      Draft* inside;
      if (d.op == add) {
        if ((inside = onlyFor(a, mul))) makeTernary(d, opMulAdd, *inside, b);
        else if ((inside = onlyFor(b, mul))) makeTernary(d, opMulAdd, *inside, a);
      } else if (d.op == sub) {
        if ((inside = onlyFor(a, mul))) makeTernary(d, opMulSub, *inside, b);
        else if ((inside = onlyFor(b, mul))) makeTernary(d, opNegMulAdd, *inside, a);
      } else if (d.op == mul) {
        if ((inside = onlyFor(a, add))) makeTernary(d, opAddMul, *inside, b);
        else if ((inside = onlyFor(b, add))) makeTernary(d, opAddMul, *inside, a);
        else if ((inside = onlyFor(a, sub))) makeTernary(d, opSubMul, *inside, b);
        else if ((inside = onlyFor(b, sub))) makeTernary(d, opSubMul, *inside, a);
      } else if (d.op == clamp) {
        if ((inside = onlyFor(a, opMulAdd))) makeTernary(d, opMulAddClamp, *inside, inside->operands[2]);
        else if ((inside = onlyFor(a, add))) {
          d.operands[0] = inside->operands[0], d.operands[1] = inside->operands[1];
          d.op = opAddClamp, d.arity = 2;
          inside->dead = true;
        }
      }
    }
  }

  /** x^2 is a multiplication. */
  void simplifyPowers() {
    for (int k = 0; k < program.instructionCount; k++) {
      Draft& d = drafts[k];
      if (d.op != static_cast<uint16_t>(Opcode::powF)) continue;
      const Draft* exponent = draftOf(d.operands[1]);
      if (!exponent || exponent->op != static_cast<uint16_t>(Opcode::constantF)) continue;
      if (exponent->immediates.floats[0] != 2.0f) continue;
      d.op = static_cast<uint16_t>(Opcode::mulF);
      d.operands[1] = d.operands[0];
    }
  }

  int64_t bufferBytes() const { return roundUp((plan.blockCount * plan.inner + W) * 4, 64); }
  int64_t takeScratch(int64_t bytes) {
    const int64_t at = plan.scratch;
    plan.scratch += roundUp(bytes, 64);
    return at;
  }
  int64_t takeBuffer() { return freeCount > 0 ? freeBuffers[--freeCount] : takeScratch(bufferBytes()); }
  void release(int value, int step) {
    if (lastUse[value] != step || bufferOf[value] < 0) return;
    freeBuffers[freeCount++] = bufferOf[value];
    bufferOf[value] = -1;
  }
  PlanStep& addStep(StepKernel kernel, uint16_t dst, uint16_t a) {
    PlanStep& step = plan.part<PlanStep>(plan.stepsAt)[plan.stepCount++];
    step = {kernel, dst, a, a, a, {}};
    return step;
  }

  void placeInputs() {
    for (int i = 0; i < program.inputCount; i++) {
      PlanInput& input = inputs()[i];
      if (input.kind == InputKind::uniform) input.offset = takeScratch(W * 4);
      if (input.kind == InputKind::filled) input.offset = takeScratch(bufferBytes());
      input.slot = slotOf[i] = newSlot(input.offset);
    }
  }

  /** Steps on patterns of W elements: once for all blocks that see the same ones. */
  void emitUniform() {
    PlanStep* steps = plan.part<PlanStep>(plan.uniformAt);
    for (int k = 0; k < program.instructionCount; k++) {
      const Draft& d = drafts[k];
      if (d.dead || !d.uniform) continue;
      PlanStep& step = steps[plan.uniformCount++];
      const uint16_t slot = newSlot(takeScratch(W * 4));
      slotOf[program.inputCount + k] = slot;
      // A null kernel: a constant, put there when a run starts.
      step = {d.arity > 0 ? opInfo(d.op).kernels[0] : nullptr, slot, 0, 0, 0, d.immediates};
      if (d.op == static_cast<uint16_t>(Opcode::constantB)) step.immediates.ints[0] = d.immediates.ints[0] ? -1 : 0;
      if (d.arity > 0) step.a = slotOf[d.operands[0]];
      if (d.arity > 1) step.b = slotOf[d.operands[1]];
      if (d.arity > 2) step.c = slotOf[d.operands[2]];
    }
  }

  /** Order numbers of uses, good enough for liveness: instruction k uses at k, stores come last. */
  void findLastUses() {
    for (int v = 0; v < program.inputCount + program.instructionCount; v++) lastUse[v] = -1, bufferOf[v] = -1;
    for (int k = 0; k < program.instructionCount; k++) {
      const Draft& d = drafts[k];
      if (d.dead || d.uniform) continue;
      for (int o = 0; o < d.arity; o++) lastUse[d.operands[o]] = k;
    }
    for (int o = 0; o < program.outputCount; o++) lastUse[program.outputs[o].value] = kElementwiseInstructions;
  }

  /** Bytes are widened when they are first needed. */
  void loadOperand(int value) {
    if (value >= program.inputCount || slotOf[value] != inputs()[value].slot) return;
    PlanInput& input = inputs()[value];
    if (input.kind != InputKind::dense && input.kind != InputKind::row) return;
    input.lastRead = plan.stepCount;
    if (input.elementBytes == 4) return;
    bufferOf[value] = takeBuffer();
    slotOf[value] = newSlot(bufferOf[value]);
    addStep(opInfo(input.type == ElementType::u8 ? opLoadU8 : opLoadBool).kernels[0], slotOf[value], input.slot);
  }

  void emitSteps() {
    const int inputCount = program.inputCount;
    for (int o = 0; o < program.outputCount; o++) {
      PlanOutput& output = outputs()[o];
      output.slot = newSlot(-1);
      output.written = -1;
      output.elementBytes = bytesOf(program.outputs[o].type);
    }
    for (int k = 0; k < program.instructionCount; k++) {
      const Draft& d = drafts[k];
      if (d.dead || d.uniform) continue;
      for (int o = 0; o < d.arity; o++) loadOperand(d.operands[o]);
      int mask = 0;
      for (int o = 0; o < d.arity; o++) mask |= uniform[d.operands[o]] << o;
      for (int o = 0; o < d.arity; o++) release(d.operands[o], k);
      const int value = inputCount + k;
      int direct = -1;
      for (int o = 0; o < program.outputCount && direct < 0; o++)
        if (program.outputs[o].value == value && outputs()[o].elementBytes == 4) direct = o;
      if (direct >= 0) {
        slotOf[value] = outputs()[direct].slot;
        outputs()[direct].written = plan.stepCount;
      } else {
        bufferOf[value] = takeBuffer();
        slotOf[value] = newSlot(bufferOf[value]);
      }
      for (int o = 0; o < d.arity; o++) touchInput(d.operands[o]);
      PlanStep& step = addStep(opInfo(d.op).kernels[mask], slotOf[value], slotOf[d.operands[0]]);
      if (d.arity > 1) step.b = slotOf[d.operands[1]];
      if (d.arity > 2) step.c = slotOf[d.operands[2]];
      step.immediates = d.immediates;
    }
    for (int o = 0; o < program.outputCount; o++)
      if (outputs()[o].written < 0) emitStore(o);
    for (int o = 0; o < program.outputCount; o++) outputs()[o].fallback = takeScratch(bufferBytes());
  }

  /** The input is read in place by the step that comes next. */
  void touchInput(int value) {
    if (value < program.inputCount && slotOf[value] == inputs()[value].slot) inputs()[value].lastRead = plan.stepCount;
  }

  void emitStore(int o) {
    const int value = program.outputs[o].value;
    PlanOutput& output = outputs()[o];
    const bool bytes = output.elementBytes == 1;
    const bool boolean = program.outputs[o].type == ElementType::boolean;
    loadOperand(value);
    uint16_t from = slotOf[value];
    if (bytes && uniform[value]) {
      const uint16_t wide = newSlot(takeBuffer());
      addStep(opInfo(opMove).kernels[1], wide, from);
      from = wide;
    }
    touchInput(value);
    output.written = plan.stepCount;
    const InternalOp op = !bytes ? opMove : boolean ? opStoreBool : opStoreU8;
    addStep(opInfo(op).kernels[!bytes && uniform[value]], output.slot, from);
  }

  void placeLaneTail() {
    plan.laneTail = program.laneTail;
    if (program.laneTail <= 0) return;
    plan.lanes = program.sizes[program.rank - 1];
    plan.laneBlocks = program.sizes[program.laneBlockDim];
    plan.laneBlockStride = 1;
    for (int d = program.laneBlockDim + 1; d < program.rank; d++) plan.laneBlockStride *= program.sizes[d];
  }

  PrepareResult run() {
    const PrepareResult result = readInstructions();
    if (result != PrepareResult::ok) return result;
    simplifyPowers();
    countUses();
    collapseDims();
    chooseBlocks();
    classify();
    fusePairs();
    plan.scratch = roundUp(slotsAtMost(program) * static_cast<int64_t>(sizeof(char*)), 64);
    plan.statesAt = takeScratch(program.inputCount * static_cast<int64_t>(sizeof(InputState)));
    placeInputs();
    emitUniform();
    findLastUses();
    emitSteps();
    placeLaneTail();
    return PrepareResult::ok;
  }
};

bool fits(const ElementwiseProgram& program) {
  return program.rank >= 0 && program.rank <= kElementwiseDims && program.inputCount >= 0 &&
         program.inputCount <= kElementwiseInputs && program.outputCount >= 0 &&
         program.outputCount <= kElementwiseOutputs && program.instructionCount >= 0 &&
         program.instructionCount <= kElementwiseInstructions;
}

void layOutPlan(const ElementwiseProgram& program, Plan& plan) {
  const int64_t in = program.inputCount, out = program.outputCount, steps = program.instructionCount;
  int64_t at = roundUp(sizeof(Plan), 8);
  plan.inputsAt = at, at += in * static_cast<int64_t>(sizeof(PlanInput));
  plan.outputsAt = at, at += out * static_cast<int64_t>(sizeof(PlanOutput));
  plan.uniformAt = at, at += steps * static_cast<int64_t>(sizeof(PlanStep));
  // Besides the instructions: a load for each input, a store and a widening for each output.
  plan.stepsAt = at, at += (steps + in + 2 * out) * static_cast<int64_t>(sizeof(PlanStep));
  plan.slotsAt = at, at += slotsAtMost(program) * static_cast<int64_t>(sizeof(int64_t));
  plan.bytes = at;
  plan.inputCount = program.inputCount, plan.outputCount = program.outputCount;
}

size_t planBytes(const ElementwiseProgram& program) {
  if (!fits(program)) return sizeof(Plan);
  Plan plan = {};
  layOutPlan(program, plan);
  return static_cast<size_t>(plan.bytes);
}

PrepareResult prepare(const ElementwiseProgram& program, void* memory) {
  if (!fits(program)) return PrepareResult::tooLarge;
  if (program.laneTail > 0 && (program.rank < 2 || program.laneBlockDim < 0 || program.laneBlockDim >= program.rank - 1))
    return PrepareResult::badOperand;
  Plan& plan = *static_cast<Plan*>(memory);
  memset(memory, 0, planBytes(program));
  layOutPlan(program, plan);
  Preparation preparation(program, plan);
  return preparation.run();
}

size_t scratchBytes(const void* plan) { return static_cast<size_t>(static_cast<const Plan*>(plan)->scratch); }

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
