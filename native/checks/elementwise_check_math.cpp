// Accuracy of the functions of one and two floats, over their whole range, against libm in float64.
#include "elementwise_check.h"

namespace check {

using tanuki::ElementType;
using tanuki::Opcode;

Single::Single(const ElementwiseKernels& table, Opcode opcode, int arity, int64_t n, float first, float second)
    : kernels(table), count(n) {
  tanuki::ElementwiseInput inputs[3] = {};
  for (auto& input : inputs) input.type = ElementType::f32, input.strides[0] = 1;
  tanuki::ElementwiseInstruction instruction = {};
  instruction.opcode = opcode;
  instruction.a = 0, instruction.b = 1, instruction.c = 2;
  instruction.floats[0] = first, instruction.floats[1] = second;
  const tanuki::ElementwiseOutput output = {static_cast<uint16_t>(arity), ElementType::f32};
  tanuki::ElementwiseProgram program = {};
  program.rank = 1, program.sizes[0] = n;
  program.inputs = inputs, program.inputCount = arity;
  program.instructions = &instruction, program.instructionCount = 1;
  program.outputs = &output, program.outputCount = 1;
  plan.resize(kernels.planBytes(program) / 8 + 1);
  if (kernels.prepare(program, plan.data()) != tanuki::PrepareResult::ok) report("prepare", false);
  scratch = std::make_unique<Aligned>(kernels.scratchBytes(plan.data()));
}
void Single::run(const void* const* inputs, void* const* outputs) {
  kernels.run(plan.data(), inputs, outputs, 0, count, scratch->data);
}

namespace {

/** |y - truth| in units of the last place of a float as large as the truth. */
double ulps(float y, double truth) {
  const float rounded = static_cast<float>(truth);
  if (std::isnan(truth) || std::isnan(y)) return std::isnan(truth) && std::isnan(y) ? 0 : INFINITY;
  if (std::isinf(rounded) || std::isinf(y)) {
    if (rounded == y) return 0;
    // Just below the largest float, either is as good.
    const double limit = 3.4028234663852886e38;
    return std::fabs(truth) >= limit && std::fabs(truth) < limit * (1 + 1e-6) ? 1 : INFINITY;
  }
  int exponent;
  std::frexp(truth, &exponent);
  const double unit = std::ldexp(1.0, (truth == 0 || exponent < -125 ? -125 : exponent) - 24);
  return std::fabs(static_cast<double>(y) - truth) / unit;
}

struct Function {
  const char* name;
  Opcode opcode;
  double (*truth)(double);
  double tolerance;
};

double truthSigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double truthRsqrt(double x) { return 1 / std::sqrt(x); }

const Function functions[] = {
    {"exp", Opcode::exp, std::exp, 1.5},
    {"expm1", Opcode::expm1, std::expm1, 2},
    {"log", Opcode::log, std::log, 1.5},
    {"log1p", Opcode::log1p, std::log1p, 1.5},
    {"sqrt", Opcode::sqrt, std::sqrt, 0.5001},
    {"rsqrt", Opcode::rsqrt, truthRsqrt, 1.5},
    {"tanh", Opcode::tanh, std::tanh, 2},
    {"sigmoid", Opcode::sigmoid, truthSigmoid, 2.5},
    {"erf", Opcode::erf, std::erf, 2},
    {"sin", Opcode::sin, std::sin, 0.6},
    {"cos", Opcode::cos, std::cos, 0.6},
    {"floor", Opcode::floor, std::floor, 0},
    {"ceil", Opcode::ceil, std::ceil, 0},
    {"round", Opcode::round, std::nearbyint, 0},
};

bool sameBits(const ElementwiseKernels* other, Opcode opcode, int arity, const void* const* inputs, const std::vector<float>& y) {
  std::vector<float> again = exactly<float>(static_cast<int64_t>(y.size()));
  void* outputs[] = {again.data()};
  Single(*other, opcode, arity, static_cast<int64_t>(y.size())).run(inputs, outputs);
  for (size_t i = 0; i < y.size(); i++)
    if (!sameFloat(y[i], again[i])) return false;
  return true;
}

std::string describe(double worst, float at) {
  char text[96];
  std::snprintf(text, sizeof text, "%.3f ulp at %.9g (%08x)", worst, static_cast<double>(at), bitsOf(at));
  return text;
}

void checkUnary(const ElementwiseKernels& kernels, const std::vector<const ElementwiseKernels*>& others, uint32_t step) {
  std::vector<float> x;
  for (uint64_t b = 0; b <= 0xffffffffull; b += step) x.push_back(floatOf(static_cast<uint32_t>(b)));
  // Where functions change their course.
  for (const float edge : {0.0f, -0.0f, 1.0f, -1.0f, 0.5f, 1.5f, 2.5f, 88.7228394f, -87.3365479f, -103.972076f, -104.5f, 89.0f,
                           0.625f, 0.927734375f, 4.0f, 9.0f, 8388608.0f, 4194304.5f, 16777216.0f, 268435456.0f, INFINITY,
                           0.70710678f, 1.41421356f, 1.17549435e-38f, 1e-45f, 3.4028235e38f, 2147483648.0f}) {
    for (int d = -3; d <= 3; d++) {
      x.push_back(floatOf(bitsOf(edge) + static_cast<uint32_t>(d)));
      x.push_back(-floatOf(bitsOf(edge) + static_cast<uint32_t>(d)));
    }
  }
  std::vector<float> y = exactly<float>(static_cast<int64_t>(x.size()));
  const void* inputs[] = {x.data()};
  void* outputs[] = {y.data()};
  for (const Function& f : functions) {
    Single(kernels, f.opcode, 1, static_cast<int64_t>(x.size())).run(inputs, outputs);
    double worst = 0;
    float at = 0;
    for (size_t i = 0; i < x.size(); i++) {
      const double error = ulps(y[i], f.truth(static_cast<double>(x[i])));
      if (error > worst) worst = error, at = x[i];
    }
    bool same = true;
    for (const auto* other : others) same = same && sameBits(other, f.opcode, 1, inputs, y);
    report(f.name, worst <= f.tolerance && same, describe(worst, at) + (same ? "" : "; differs between instruction sets"));
  }
}

double truthMod(double a, double b) {
  const double r = std::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
double truthPow(double a, double b) { return std::pow(a, b); }

void checkBinary(const ElementwiseKernels& kernels, const std::vector<const ElementwiseKernels*>& others, const char* name,
                 Opcode opcode, double (*truth)(double, double), double tolerance, int64_t count) {
  Random random(7);
  const float special[] = {0.0f, -0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 3.0f, 0.5f, -0.5f, INFINITY, -INFINITY, NAN,
                           1e-45f, -1e-45f, 3.4028235e38f, -3.4028235e38f, 16777216.0f, 16777215.0f, -8388609.0f, 1e-38f};
  std::vector<float> a, b;
  for (const float p : special)
    for (const float q : special) a.push_back(p), b.push_back(q);
  for (int64_t i = 0; i < count; i++) {
    const int kind = static_cast<int>(random.integer(0, 4));
    // Any pair of floats; a pair with a result in range; near 1; small integers.
    float p = floatOf(static_cast<uint32_t>(random.next() >> 32)), q = floatOf(static_cast<uint32_t>(random.next() >> 32));
    if (kind == 1) q = static_cast<float>((random.uniform() - 0.5) * 300 / std::fabs(std::log2(std::fabs(static_cast<double>(p)))));
    if (kind == 2) p = static_cast<float>(1 + (random.uniform() - 0.5) * 0.01), q = static_cast<float>((random.uniform() - 0.5) * 10000);
    if (kind == 3) p = static_cast<float>(random.integer(-50, 50)) / 4, q = static_cast<float>(random.integer(-12, 12));
    if (kind == 4) p = random.finite(), q = random.finite();
    a.push_back(p), b.push_back(q);
  }
  std::vector<float> y = exactly<float>(static_cast<int64_t>(a.size()));
  const void* inputs[] = {a.data(), b.data()};
  void* outputs[] = {y.data()};
  Single(kernels, opcode, 2, static_cast<int64_t>(a.size())).run(inputs, outputs);
  double worst = 0;
  size_t at = 0;
  for (size_t i = 0; i < a.size(); i++) {
    const double error = ulps(y[i], truth(static_cast<double>(a[i]), static_cast<double>(b[i])));
    if (error > worst) worst = error, at = i;
  }
  bool same = true;
  for (const auto* other : others) same = same && sameBits(other, opcode, 2, inputs, y);
  char second[48];
  std::snprintf(second, sizeof second, " with %.9g", static_cast<double>(b[at]));
  report(name, worst <= tolerance && same, describe(worst, a[at]) + second + (same ? "" : "; differs between instruction sets"));
}

}  // namespace

void checkMath(const ElementwiseKernels& kernels, const std::vector<const ElementwiseKernels*>& others) {
  checkUnary(kernels, others, 1021);
  checkBinary(kernels, others, "pow", Opcode::powF, truthPow, 0.6, 400000);
  checkBinary(kernels, others, "mod", Opcode::modF, truthMod, 0.6, 400000);
}

}  // namespace check
