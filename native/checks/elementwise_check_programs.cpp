// Random elementwise programs over random shapes, strides, types and ranges, against a scalar interpreter, bit by bit.
#include "elementwise_check.h"

#include <cstdlib>

namespace check {

using tanuki::ElementType;
using tanuki::Opcode;

namespace {

enum class Kind { f, i, u, b };  // float, int32, uint8, bool

struct OpRule {
  Opcode opcode;
  const char* operands;  // kinds; 'x', 'y': any, all x alike
  Kind result;           // ignored for select
};
// Opcodes that a scalar reference gives to the bit. The transcendental ones have checks of their own.
const OpRule rules[] = {
    {Opcode::constantF, "", Kind::f},      {Opcode::constantI, "", Kind::i},    {Opcode::constantB, "", Kind::b},
    {Opcode::negF, "f", Kind::f},          {Opcode::absF, "f", Kind::f},        {Opcode::signF, "f", Kind::f},
    {Opcode::negI, "i", Kind::i},          {Opcode::absI, "i", Kind::i},        {Opcode::signI, "i", Kind::i},
    {Opcode::sqrt, "f", Kind::f},          {Opcode::rsqrt, "f", Kind::f},       {Opcode::floor, "f", Kind::f},
    {Opcode::ceil, "f", Kind::f},          {Opcode::round, "f", Kind::f},       {Opcode::isFinite, "f", Kind::b},
    {Opcode::notB, "b", Kind::b},          {Opcode::clampF, "f", Kind::f},      {Opcode::castFI, "f", Kind::i},
    {Opcode::castFU, "f", Kind::u},        {Opcode::castFB, "f", Kind::b},      {Opcode::castIF, "i", Kind::f},
    {Opcode::castIU, "i", Kind::u},        {Opcode::castIB, "i", Kind::b},      {Opcode::castBF, "b", Kind::f},
    {Opcode::castBI, "b", Kind::i},        {Opcode::addF, "ff", Kind::f},       {Opcode::subF, "ff", Kind::f},
    {Opcode::mulF, "ff", Kind::f},         {Opcode::divF, "ff", Kind::f},       {Opcode::maximumF, "ff", Kind::f},
    {Opcode::minimumF, "ff", Kind::f},     {Opcode::addI, "ii", Kind::i},       {Opcode::subI, "ii", Kind::i},
    {Opcode::mulI, "ii", Kind::i},         {Opcode::modI, "ii", Kind::i},       {Opcode::maximumI, "ii", Kind::i},
    {Opcode::minimumI, "ii", Kind::i},     {Opcode::equalF, "ff", Kind::b},     {Opcode::notEqualF, "ff", Kind::b},
    {Opcode::lessF, "ff", Kind::b},        {Opcode::lessEqualF, "ff", Kind::b}, {Opcode::equalI, "xx", Kind::b},
    {Opcode::notEqualI, "xx", Kind::b},    {Opcode::lessI, "ii", Kind::b},      {Opcode::lessEqualI, "ii", Kind::b},
    {Opcode::andB, "bb", Kind::b},         {Opcode::orB, "bb", Kind::b},        {Opcode::select, "bxx", Kind::f},
};

int32_t saturated(float x, double low, double high) {
  if (std::isnan(x)) return 0;
  const double t = std::trunc(static_cast<double>(x));
  return static_cast<int32_t>(t < low ? low : t > high ? high : t);
}
int32_t wrapped(int64_t x) { return static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(x))); }
uint32_t fromFloat(float x) { return bitsOf(x); }
uint32_t truth(bool x) { return x ? 0xffffffffu : 0; }

uint32_t evaluate(const tanuki::ElementwiseInstruction& k, uint32_t ua, uint32_t ub, uint32_t uc) {
  const float a = floatOf(ua), b = floatOf(ub);
  const int32_t i = static_cast<int32_t>(ua), j = static_cast<int32_t>(ub);
  const auto integer = [](int64_t x) { return static_cast<uint32_t>(wrapped(x)); };
  switch (k.opcode) {
    case Opcode::constantF:
    case Opcode::constantI: return static_cast<uint32_t>(k.ints[0]);
    case Opcode::constantB: return truth(k.ints[0] != 0);
    case Opcode::negF: return fromFloat(-a);
    case Opcode::absF: return fromFloat(std::fabs(a));
    case Opcode::signF: return fromFloat(a > 0 ? 1.0f : a < 0 ? -1.0f : a);
    case Opcode::negI: return integer(-static_cast<int64_t>(i));
    case Opcode::absI: return integer(i < 0 ? -static_cast<int64_t>(i) : i);
    case Opcode::signI: return integer((i > 0) - (i < 0));
    case Opcode::sqrt: return fromFloat(std::sqrt(a));
    case Opcode::rsqrt: return fromFloat(1.0f / std::sqrt(a));
    case Opcode::floor: return fromFloat(std::floor(a));
    case Opcode::ceil: return fromFloat(std::ceil(a));
    case Opcode::round: return fromFloat(std::nearbyint(a));
    case Opcode::isFinite: return truth(std::isfinite(a));
    case Opcode::notB: return truth(ua == 0);
    case Opcode::clampF: return fromFloat(a < k.floats[0] ? k.floats[0] : a > k.floats[1] ? k.floats[1] : a);
    case Opcode::castFI: return integer(saturated(a, -2147483648.0, 2147483647.0));
    case Opcode::castFU: return integer(saturated(a, 0, 255));
    case Opcode::castFB: return truth(a != 0);
    case Opcode::castIF: return fromFloat(static_cast<float>(i));
    case Opcode::castIU: return ua & 255;
    case Opcode::castIB: return truth(ua != 0);
    case Opcode::castBF: return fromFloat(ua ? 1.0f : 0.0f);
    case Opcode::castBI: return ua ? 1 : 0;
    case Opcode::addF: return fromFloat(a + b);
    case Opcode::subF: return fromFloat(a - b);
    case Opcode::mulF: return fromFloat(a * b);
    case Opcode::divF: return fromFloat(a / b);
    case Opcode::maximumF: return fromFloat(std::isnan(a) || a > b ? a : b);
    case Opcode::minimumF: return fromFloat(std::isnan(a) || a < b ? a : b);
    case Opcode::addI: return integer(static_cast<int64_t>(i) + j);
    case Opcode::subI: return integer(static_cast<int64_t>(i) - j);
    case Opcode::mulI: return integer(static_cast<int64_t>(i) * j);
    case Opcode::modI: {
      if (j == 0) return 0;
      const int64_t r = static_cast<int64_t>(i) % j;
      return integer(r != 0 && (r < 0) != (j < 0) ? r + j : r);
    }
    case Opcode::maximumI: return integer(i > j ? i : j);
    case Opcode::minimumI: return integer(i < j ? i : j);
    case Opcode::equalF: return truth(a == b);
    case Opcode::notEqualF: return truth(a != b);
    case Opcode::lessF: return truth(a < b);
    case Opcode::lessEqualF: return truth(a <= b);
    case Opcode::equalI: return truth(i == j);
    case Opcode::notEqualI: return truth(i != j);
    case Opcode::lessI: return truth(i < j);
    case Opcode::lessEqualI: return truth(i <= j);
    case Opcode::andB: return ua & ub;
    case Opcode::orB: return ua | ub;
    case Opcode::select: return ua ? ub : uc;
    default: std::abort();
  }
}

ElementType typeOf(Kind kind) {
  return kind == Kind::f ? ElementType::f32 : kind == Kind::i ? ElementType::i32 : kind == Kind::u ? ElementType::u8 : ElementType::boolean;
}
int sizeOf(ElementType type) { return type == ElementType::f32 || type == ElementType::i32 ? 4 : 1; }

struct Case {
  tanuki::ElementwiseProgram program = {};
  std::vector<tanuki::ElementwiseInput> inputs;
  std::vector<tanuki::ElementwiseInstruction> instructions;
  std::vector<tanuki::ElementwiseOutput> outputs;
  std::vector<Kind> kinds;
  std::vector<std::vector<uint8_t>> data;
  std::vector<int> inPlace;  // per output: the input whose memory it takes, or -1
  int64_t total = 1;

  void finish() {
    program.inputs = inputs.data(), program.inputCount = static_cast<int>(inputs.size());
    program.instructions = instructions.data(), program.instructionCount = static_cast<int>(instructions.size());
    program.outputs = outputs.data(), program.outputCount = static_cast<int>(outputs.size());
  }
  bool dense(size_t i) const {
    int64_t stride = 1;
    for (int d = program.rank - 1; d >= 0; d--) {
      if (program.sizes[d] != 1 && inputs[i].strides[d] != stride) return false;
      stride *= program.sizes[d];
    }
    return true;
  }
};

void chooseShape(Random& random, Case& c, int lanes) {
  auto& p = c.program;
  if (random.chance(25)) {
    // Blocked by channels: [images, blocks, pixels, lanes].
    p.rank = 4;
    p.sizes[0] = random.integer(1, 3), p.sizes[1] = random.integer(1, 3);
    p.sizes[2] = random.integer(1, 120), p.sizes[3] = lanes;
    if (random.chance(50)) p.laneBlockDim = 1, p.laneTail = static_cast<int>(random.integer(1, lanes));
  } else {
    p.rank = static_cast<int>(random.integer(0, tanuki::kElementwiseDims));
    const int64_t limits[] = {4000, 4000, 90, 24, 10, 7, 5};
    for (int d = 0; d < p.rank; d++) p.sizes[d] = random.chance(20) ? 1 : random.integer(1, limits[p.rank]);
    if (p.rank > 1 && random.chance(40)) p.sizes[p.rank - 1] = random.integer(200, 700);
    if (p.rank >= 2 && random.chance(10)) {
      p.laneBlockDim = static_cast<int>(random.integer(0, p.rank - 2));
      p.laneTail = static_cast<int>(random.integer(1, p.sizes[p.rank - 1]));
    }
    if (p.rank > 0 && random.chance(2)) p.sizes[random.integer(0, p.rank - 1)] = 0;
  }
  for (int d = 0; d < p.rank; d++) c.total *= p.sizes[d];
}

void addInput(Random& random, Case& c) {
  const auto& p = c.program;
  tanuki::ElementwiseInput input = {};
  const Kind kind = random.chance(55) ? Kind::f : static_cast<Kind>(random.integer(1, 3));
  input.type = typeOf(kind);
  const int mode = static_cast<int>(random.integer(0, 9));
  int order[tanuki::kElementwiseDims];
  for (int d = 0; d < p.rank; d++) order[d] = d;
  if (mode == 0)
    for (int d = p.rank - 1; d > 0; d--) std::swap(order[d], order[random.integer(0, d)]);
  int64_t stride = mode == 1 ? random.integer(1, 3) : 1;
  const int64_t unit = stride;
  int64_t extent = 1;
  for (int k = p.rank - 1; k >= 0; k--) {
    const int d = order[k];
    const bool broadcast = mode == 9 || (mode >= 6 && random.chance(50)) || (mode == 5 && d != p.rank - 1 && d != 1);
    if (broadcast) {
      input.strides[d] = 0;
    } else {
      input.strides[d] = stride;
      stride *= p.sizes[d];
      extent *= p.sizes[d];
    }
    if (p.sizes[d] == 1) input.strides[d] = random.integer(0, 1000);
  }
  const int64_t count = extent == 0 ? 0 : (extent - 1) * unit + 1;
  std::vector<uint8_t> data = exactly<uint8_t>(count * sizeOf(input.type));
  for (int64_t e = 0; e < count; e++) {
    const float real = random.real();
    const int32_t whole = random.chance(20) ? static_cast<int32_t>(random.next()) : static_cast<int32_t>(random.integer(-9, 9));
    if (kind == Kind::f) std::memcpy(&data[static_cast<size_t>(4 * e)], &real, 4);
    if (kind == Kind::i) std::memcpy(&data[static_cast<size_t>(4 * e)], &whole, 4);
    if (kind == Kind::u) data[static_cast<size_t>(e)] = static_cast<uint8_t>(random.next());
    if (kind == Kind::b) data[static_cast<size_t>(e)] = random.chance(50);
  }
  c.inputs.push_back(input);
  c.kinds.push_back(kind);
  c.data.push_back(std::move(data));
}

/** A value of the kind, or -1. Prefers recent ones, so that programs are deep. */
int pick(Random& random, const Case& c, Kind kind) {
  const int count = static_cast<int>(c.kinds.size());
  if (count == 0) return -1;
  for (int tries = 0; tries < 12; tries++) {
    const int v = random.chance(60) ? count - 1 - static_cast<int>(random.integer(0, count < 5 ? count - 1 : 4))
                                    : static_cast<int>(random.integer(0, count - 1));
    // Bytes are whole numbers too.
    if (c.kinds[static_cast<size_t>(v)] == kind || (kind == Kind::i && c.kinds[static_cast<size_t>(v)] == Kind::u)) return v;
  }
  return -1;
}

void addInstruction(Random& random, Case& c) {
  const bool arithmetic = random.chance(40);
  for (;;) {
    const OpRule& rule = rules[random.integer(0, sizeof rules / sizeof rules[0] - 1)];
    // Products and sums meet often, as their fusion wants testing.
    if (arithmetic && rule.opcode != Opcode::mulF && rule.opcode != Opcode::addF && rule.opcode != Opcode::subF &&
        rule.opcode != Opcode::clampF)
      continue;
    tanuki::ElementwiseInstruction k = {};
    k.opcode = rule.opcode;
    const Kind any = static_cast<Kind>(random.integer(0, 3));
    const Kind kindX = rule.opcode == Opcode::select || any != Kind::f ? any : Kind::i;
    uint16_t* const slots[] = {&k.a, &k.b, &k.c};
    bool good = true;
    for (int o = 0; rule.operands[o]; o++) {
      const char letter = rule.operands[o];
      const Kind kind = letter == 'f' ? Kind::f : letter == 'i' ? Kind::i : letter == 'b' ? Kind::b : kindX;
      const int v = c.kinds.empty() ? -1 : pick(random, c, kind);
      good = good && v >= 0;
      *slots[o] = static_cast<uint16_t>(v);
    }
    if (!good) {
      if (arithmetic && rule.operands[0] == 'f' && pick(random, c, Kind::f) < 0) return;
      continue;
    }
    if (rule.opcode == Opcode::constantI) k.ints[0] = static_cast<int32_t>(random.integer(-5, 5));
    else if (rule.opcode == Opcode::constantB) k.ints[0] = static_cast<int32_t>(random.integer(0, 2));
    else k.floats[0] = random.real(), k.floats[1] = random.real();
    if (rule.opcode == Opcode::clampF) {
      k.floats[0] = random.chance(50) ? 0.0f : -random.finite();
      k.floats[1] = random.chance(50) ? INFINITY : k.floats[0] + 2;
    }
    c.instructions.push_back(k);
    c.kinds.push_back(rule.opcode == Opcode::select ? kindX : rule.result);
    return;
  }
}

void addOutputs(Random& random, Case& c) {
  const int64_t count = random.integer(1, 4);
  for (int64_t o = 0; o < count; o++) {
    const int values = static_cast<int>(c.kinds.size());
    const int v = random.chance(70) ? values - 1 - static_cast<int>(random.integer(0, values < 4 ? values - 1 : 3))
                                    : static_cast<int>(random.integer(0, values - 1));
    ElementType type = typeOf(c.kinds[static_cast<size_t>(v)]);
    if (type == ElementType::u8 && random.chance(30)) type = ElementType::i32;
    c.outputs.push_back({static_cast<uint16_t>(v), type});
    int place = -1;
    if (random.chance(50) && !c.inputs.empty()) {
      const int i = static_cast<int>(random.integer(0, static_cast<int64_t>(c.inputs.size()) - 1));
      bool taken = !c.dense(static_cast<size_t>(i)) || sizeOf(c.inputs[static_cast<size_t>(i)].type) != sizeOf(type);
      for (const int other : c.inPlace) taken = taken || other == i;
      if (!taken) place = i;
    }
    c.inPlace.push_back(place);
  }
}

std::vector<std::vector<uint8_t>> expected(const Case& c) {
  const auto& p = c.program;
  std::vector<std::vector<uint8_t>> out;
  for (const auto& o : c.outputs) out.push_back(exactly<uint8_t>(c.total * sizeOf(o.type)));
  std::vector<uint32_t> values(c.kinds.size());
  for (int64_t e = 0; e < c.total; e++) {
    int64_t index[tanuki::kElementwiseDims] = {}, rest = e;
    for (int d = p.rank - 1; d >= 0; d--) index[d] = rest % p.sizes[d], rest /= p.sizes[d];
    for (size_t i = 0; i < c.inputs.size(); i++) {
      int64_t at = 0;
      for (int d = 0; d < p.rank; d++) at += index[d] * c.inputs[i].strides[d];
      const uint8_t* const from = c.data[i].data();
      if (sizeOf(c.inputs[i].type) == 4) std::memcpy(&values[i], from + 4 * at, 4);
      else values[i] = c.inputs[i].type == ElementType::u8 ? from[at] : truth(from[at] != 0);
    }
    for (size_t k = 0; k < c.instructions.size(); k++) {
      const auto& x = c.instructions[k];
      values[c.inputs.size() + k] = evaluate(x, values[x.a], values[x.b], values[x.c]);
    }
    const bool zero = p.laneTail > 0 && index[p.laneBlockDim] == p.sizes[p.laneBlockDim] - 1 && index[p.rank - 1] >= p.laneTail;
    for (size_t o = 0; o < c.outputs.size(); o++) {
      const uint32_t v = zero ? 0 : values[c.outputs[o].value];
      if (sizeOf(c.outputs[o].type) == 4) std::memcpy(&out[o][static_cast<size_t>(4 * e)], &v, 4);
      else out[o][static_cast<size_t>(e)] = c.outputs[o].type == ElementType::boolean ? v != 0 : static_cast<uint8_t>(v);
    }
  }
  return out;
}

bool agrees(const Case& c, size_t o, const uint8_t* got, const std::vector<uint8_t>& want) {
  if (c.kinds[c.outputs[o].value] != Kind::f) return want.empty() || std::memcmp(got, want.data(), want.size()) == 0;
  for (int64_t e = 0; e < c.total; e++) {
    float a, b;
    std::memcpy(&a, got + 4 * e, 4);
    std::memcpy(&b, want.data() + 4 * e, 4);
    if (!sameFloat(a, b)) return false;
  }
  return true;
}

bool runCase(Random& random, const ElementwiseKernels& kernels, const Case& c, const std::vector<std::vector<uint8_t>>& want) {
  std::vector<int64_t> plan = exactly<int64_t>(static_cast<int64_t>(kernels.planBytes(c.program) + 7) / 8);
  if (kernels.prepare(c.program, plan.data()) != tanuki::PrepareResult::ok) return false;
  Aligned scratch(kernels.scratchBytes(plan.data()));
  std::vector<std::vector<uint8_t>> in = c.data, out(c.outputs.size());
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  for (auto& bytes : in) bytes.shrink_to_fit(), inputs.push_back(bytes.data());
  for (size_t o = 0; o < out.size(); o++) {
    out[o] = exactly<uint8_t>(static_cast<int64_t>(want[o].size()));
    outputs.push_back(c.inPlace[o] >= 0 ? in[static_cast<size_t>(c.inPlace[o])].data() : out[o].data());
  }
  cutAtRandom(random, c.total, [&](int64_t begin, int64_t end) {
    kernels.run(plan.data(), inputs.data(), outputs.data(), begin, end, scratch.data);
  });
  for (size_t o = 0; o < out.size(); o++)
    if (!agrees(c, o, static_cast<const uint8_t*>(outputs[o]), want[o])) return false;
  return true;
}

void checkRefusals(const ElementwiseKernels& kernels) {
  tanuki::ElementwiseInstruction k = {};
  k.opcode = Opcode::addF, k.a = 0, k.b = 1;
  tanuki::ElementwiseInput input = {};
  tanuki::ElementwiseOutput output = {1, ElementType::f32};
  tanuki::ElementwiseProgram p = {};
  p.inputs = &input, p.inputCount = 1, p.instructions = &k, p.instructionCount = 1, p.outputs = &output, p.outputCount = 1;
  std::vector<int64_t> plan(kernels.planBytes(p) / 8 + 1);
  bool good = kernels.prepare(p, plan.data()) == tanuki::PrepareResult::badOperand;  // reads its own result
  k.b = 0, output.value = 2;
  good = good && kernels.prepare(p, plan.data()) == tanuki::PrepareResult::badOperand;
  output.value = 1, k.opcode = Opcode::count;
  good = good && kernels.prepare(p, plan.data()) == tanuki::PrepareResult::badOperand;
  k.opcode = Opcode::addF, p.rank = tanuki::kElementwiseDims + 1;
  good = good && kernels.prepare(p, plan.data()) == tanuki::PrepareResult::tooLarge;
  p.rank = 0;
  good = good && kernels.prepare(p, plan.data()) == tanuki::PrepareResult::ok;
  report("refused programs", good);
}

}  // namespace

void checkPrograms(const ElementwiseKernels& kernels, const std::vector<const ElementwiseKernels*>&) {
  checkRefusals(kernels);
  Random random(11);
  const int cases = 6000;
  int wrong = 0, inPlace = 0, used[static_cast<int>(Opcode::count)] = {};
  std::string first;
  for (int n = 0; n < cases; n++) {
    Case c;
    chooseShape(random, c, kernels.lanes);
    for (int64_t i = random.integer(n % 10 == 0 ? 0 : 1, 5); i > 0; i--) addInput(random, c);
    for (int64_t k = random.integer(c.inputs.empty() ? 1 : 0, n % 50 == 0 ? 120 : 14); k > 0; k--) addInstruction(random, c);
    if (c.kinds.empty()) continue;
    addOutputs(random, c);
    c.finish();
    for (const auto& k : c.instructions) used[static_cast<int>(k.opcode)]++;
    for (const int place : c.inPlace) inPlace += place >= 0;
    if (runCase(random, kernels, c, expected(c))) continue;
    if (wrong++ == 0) {
      first = "case " + std::to_string(n) + ": sizes";
      for (int d = 0; d < c.program.rank; d++) first += " " + std::to_string(c.program.sizes[d]);
    }
  }
  for (const OpRule& rule : rules)
    if (used[static_cast<int>(rule.opcode)] == 0) wrong++, first = "an opcode was never used";
  report("elementwise programs", wrong == 0,
         wrong ? std::to_string(wrong) + " of " + std::to_string(cases) + " wrong, " + first
               : std::to_string(cases) + " programs, " + std::to_string(inPlace) + " outputs in place");
}

}  // namespace check
