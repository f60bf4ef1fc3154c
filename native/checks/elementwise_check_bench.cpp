// Times the kernels on one thread: GB/s of all bytes read and written once, beside memcpy's.
#include "elementwise_check.h"

#include <ctime>

namespace check {

using tanuki::AxisView;
using tanuki::ElementType;
using tanuki::Opcode;
using tanuki::ReduceOp;
using tanuki::ReduceView;

namespace {

/** Of this thread's processor time, so that other work on the machine costs little more than its share of the memory. */
double now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/** Seconds of one call: the best of several rounds. */
template <class Body>
double best(Body&& body) {
  const auto rounds = [&](int calls) {
    const double start = now();
    for (int i = 0; i < calls; i++) body();
    return (now() - start) / calls;
  };
  // Calls of about 4 ms together, as reading the clock takes half a microsecond.
  const double once = rounds(1);
  const int calls = once > 4e-3 ? 1 : static_cast<int>(4e-3 / (once + 2e-8));
  double shortest = 1e9;
  for (int round = 0; round < 12; round++) {
    const double seconds = rounds(calls);
    if (seconds < shortest) shortest = seconds;
  }
  return shortest;
}

void say(const std::string& name, double seconds, double bytes, double elements) {
  std::printf("%-44s %9.3f us %7.1f GB/s %6.2f elements/ns\n", name.c_str(), seconds * 1e6, bytes / seconds * 1e-9,
              elements / seconds * 1e-9);
}

/** Builds programs in few words: values are numbers, inputs come first. */
struct Builder {
  std::vector<int64_t> sizes;
  std::vector<tanuki::ElementwiseInput> inputs;
  std::vector<tanuki::ElementwiseInstruction> instructions;
  std::vector<tanuki::ElementwiseOutput> outputs;

  explicit Builder(std::vector<int64_t> shape) : sizes(std::move(shape)) {}
  uint16_t dense(ElementType type = ElementType::f32) {
    std::vector<int64_t> strides(sizes.size());
    int64_t stride = 1;
    for (size_t d = sizes.size(); d-- > 0;) strides[d] = stride, stride *= sizes[d];
    return strided(strides, type);
  }
  uint16_t strided(const std::vector<int64_t>& strides, ElementType type = ElementType::f32) {
    tanuki::ElementwiseInput input = {};
    input.type = type;
    for (size_t d = 0; d < strides.size(); d++) input.strides[d] = strides[d];
    inputs.push_back(input);
    return static_cast<uint16_t>(inputs.size() - 1);
  }
  uint16_t op(Opcode opcode, int a = 0, int b = 0, int c = 0) {
    tanuki::ElementwiseInstruction k = {};
    k.opcode = opcode;
    k.a = static_cast<uint16_t>(a), k.b = static_cast<uint16_t>(b), k.c = static_cast<uint16_t>(c);
    instructions.push_back(k);
    return static_cast<uint16_t>(inputs.size() + instructions.size() - 1);
  }
  uint16_t constant(float x) {
    const uint16_t v = op(Opcode::constantF);
    instructions.back().floats[0] = x;
    return v;
  }
  uint16_t clamp(int a, float low, float high) {
    const uint16_t v = op(Opcode::clampF, a);
    instructions.back().floats[0] = low, instructions.back().floats[1] = high;
    return v;
  }
  void out(int value, ElementType type = ElementType::f32) { outputs.push_back({static_cast<uint16_t>(value), type}); }

  void time(const ElementwiseKernels& kernels, const std::string& name, bool inPlace = false) {
    tanuki::ElementwiseProgram p = {};
    p.rank = static_cast<int>(sizes.size());
    int64_t total = 1;
    for (size_t d = 0; d < sizes.size(); d++) p.sizes[d] = sizes[d], total *= sizes[d];
    p.inputs = inputs.data(), p.inputCount = static_cast<int>(inputs.size());
    p.instructions = instructions.data(), p.instructionCount = static_cast<int>(instructions.size());
    p.outputs = outputs.data(), p.outputCount = static_cast<int>(outputs.size());
    std::vector<int64_t> plan(kernels.planBytes(p) / 8 + 1);
    if (kernels.prepare(p, plan.data()) != tanuki::PrepareResult::ok) return report(name, false);
    Aligned scratch(kernels.scratchBytes(plan.data()));
    std::vector<std::unique_ptr<Aligned>> memory;
    std::vector<const void*> in;
    std::vector<void*> out;
    double bytes = 0;
    for (size_t i = 0; i < inputs.size(); i++) {
      int64_t extent = 1;
      for (size_t d = 0; d < sizes.size(); d++) extent += (sizes[d] - 1) * inputs[i].strides[d];
      const size_t size = static_cast<size_t>(extent) * (inputs[i].type == ElementType::f32 ? 4 : 1);
      memory.push_back(std::make_unique<Aligned>(size));
      float* const x = static_cast<float*>(memory.back()->data);
      if (inputs[i].type == ElementType::f32)
        for (int64_t e = 0; e < extent; e++) x[e] = static_cast<float>(e % 1000) * 0.001f - 0.3f;
      in.push_back(x);
      bytes += static_cast<double>(size);
    }
    for (size_t o = 0; o < outputs.size(); o++) {
      const size_t size = static_cast<size_t>(total) * (outputs[o].type == ElementType::f32 ? 4 : 1);
      bytes += static_cast<double>(size);
      if (inPlace) {
        out.push_back(memory[o]->data);
        continue;
      }
      memory.push_back(std::make_unique<Aligned>(size));
      out.push_back(memory.back()->data);
    }
    say(name, best([&] { kernels.run(plan.data(), in.data(), out.data(), 0, total, scratch.data); }), bytes,
        static_cast<double>(total));
  }
};

void adam(const ElementwiseKernels& kernels, int64_t n, const std::string& name) {
  Builder p({n});
  // w, m, v, g and the step's rate, a scalar that is computed from the iteration.
  const int w = p.dense(), m = p.dense(), v = p.dense(), g = p.dense(), rate = p.strided({0});
  const int m1 = p.op(Opcode::addF, m, p.op(Opcode::mulF, p.op(Opcode::subF, g, m), p.constant(0.1f)));
  const int square = p.op(Opcode::mulF, g, g);
  const int v1 = p.op(Opcode::addF, v, p.op(Opcode::mulF, p.op(Opcode::subF, square, v), p.constant(0.001f)));
  const int scaled = p.op(Opcode::mulF, m1, p.op(Opcode::sqrt, p.op(Opcode::absF, rate)));
  const int root = p.op(Opcode::addF, p.op(Opcode::sqrt, p.op(Opcode::absF, v1)), p.constant(1e-7f));
  const int w1 = p.op(Opcode::subF, w, p.op(Opcode::divF, scaled, root));
  p.out(w1), p.out(m1), p.out(v1);
  p.time(kernels, name, true);
}

void programs(const ElementwiseKernels& kernels) {
  const int64_t L = kernels.lanes;
  struct Size {
    const char* name;
    int64_t n;
  };
  for (const Size size : {Size{"L1", 2000}, Size{"L2", 50000}, Size{"RAM", 16000000}}) {
    const int64_t n = size.n;
    const std::string where = std::string(", ") + size.name;
    Aligned from(static_cast<size_t>(4 * n)), to(static_cast<size_t>(4 * n));
    say("memcpy" + where, best([&] { std::memcpy(to.data, from.data, static_cast<size_t>(4 * n)); }), 8.0 * static_cast<double>(n),
        static_cast<double>(n));
    Builder sum({n});
    const int a = sum.dense(), b = sum.dense();
    sum.out(sum.op(Opcode::addF, a, b));
    sum.time(kernels, "a + b" + where);
    Builder product({n});
    const int x = product.dense(), y = product.dense(), z = product.dense();
    product.out(product.op(Opcode::addF, product.op(Opcode::mulF, x, y), z));
    product.time(kernels, "a * b + c" + where);
    Builder relu({n});
    const int r = relu.dense();
    relu.out(relu.clamp(r, 0, INFINITY));
    relu.time(kernels, "relu" + where);
    Builder mask({n});
    const int u = mask.dense(), du = mask.dense();
    const int zero = mask.constant(0);
    mask.out(mask.op(Opcode::select, mask.op(Opcode::lessF, zero, u), du, zero));
    mask.time(kernels, "u > 0 ? du : 0" + where);
    adam(kernels, n, "Adam, 4 inputs, 3 outputs, in place" + where);
  }
  const int64_t pixels = 5625;
  Builder norm({4, 4, pixels, L});
  const int x = norm.dense(), scale = norm.strided({0, L, 0, 1}), shift = norm.strided({0, L, 0, 1});
  norm.out(norm.clamp(norm.op(Opcode::addF, norm.op(Opcode::mulF, x, scale), shift), 0, 6));
  norm.time(kernels, "blocked scale, shift, relu6 (75x75)");
  Builder small({64, 45, 25, L});
  const int xs = small.dense(), s1 = small.strided({0, L, 0, 1}), s2 = small.strided({0, L, 0, 1});
  small.out(small.clamp(small.op(Opcode::addF, small.op(Opcode::mulF, xs, s1), s2), 0, 6));
  small.time(kernels, "blocked scale, shift, relu6 (5x5)");
  for (const int64_t channels : {3, 24, 300, 728}) {
    Builder bias({1000000 / channels, channels});
    const int a = bias.dense(), b = bias.strided({0, 1});
    bias.out(bias.op(Opcode::addF, a, b));
    bias.time(kernels, "rows of " + std::to_string(channels) + " channels + vector");
  }
  Builder rows({40000, 24});
  const int a = rows.dense(), b = rows.strided({1, 0});
  rows.out(rows.op(Opcode::subF, a, b));
  rows.time(kernels, "rows of 24 channels - a scalar each");
  Builder images({32, 3, 10000});
  const int image = images.dense(), factor = images.strided({1, 0, 0});
  images.out(images.op(Opcode::mulF, image, factor));
  images.time(kernels, "images times a scalar each");
  Builder rescale({1000000});
  const int bytes = rescale.dense(ElementType::u8);
  const int real = rescale.op(Opcode::castIF, bytes);
  const int factor2 = rescale.constant(1 / 127.5f), offset = rescale.constant(-1);
  rescale.out(rescale.op(Opcode::addF, rescale.op(Opcode::mulF, real, factor2), offset));
  rescale.time(kernels, "uint8 -> float * s + t");
  Builder turned({1000, 1000});
  const int t = turned.strided({1, 1000}), tt = turned.dense();
  turned.out(turned.op(Opcode::addF, t, tt));
  turned.time(kernels, "a transposed + b");
  struct Named {
    const char* name;
    Opcode opcode;
  };
  for (const Named f : {Named{"exp", Opcode::exp}, Named{"expm1", Opcode::expm1}, Named{"log", Opcode::log}, Named{"log1p", Opcode::log1p},
                        Named{"sqrt", Opcode::sqrt}, Named{"rsqrt", Opcode::rsqrt}, Named{"tanh", Opcode::tanh},
                        Named{"sigmoid", Opcode::sigmoid}, Named{"erf", Opcode::erf}, Named{"sin", Opcode::sin}, Named{"floor", Opcode::floor},
                        Named{"round", Opcode::round}}) {
    Builder p({20000});
    const int v = p.dense();
    p.out(p.op(f.opcode, v));
    p.time(kernels, std::string(f.name) + ", L2");
  }
  Builder power({20000});
  const int pa = power.dense(), pb = power.dense();
  power.out(power.op(Opcode::powF, pa, pb));
  power.time(kernels, "pow, L2");
  Builder swish({20000});
  const int s = swish.dense();
  swish.out(swish.op(Opcode::mulF, s, swish.op(Opcode::sigmoid, s)));
  swish.time(kernels, "x sigmoid(x), L2");
}

void reductions(const ElementwiseKernels& kernels) {
  struct Named {
    const char* name;
    ReduceView view;
  };
  std::vector<float> x(8000000, 0.5f), y(2000000), z(2000000);
  for (const Named n : {Named{"all of 8 M", {1, 1, 1, 8000000, 1}}, Named{"all of 50 000", {1, 1, 1, 50000, 1}},
                        Named{"last axis, 8000 x 1000", {8000, 1, 1, 1000, 1}}, Named{"last axis, 800000 x 10", {800000, 1, 1, 10, 1}},
                        Named{"leading axis, 10000 x 728", {1, 1, 1, 10000, 728}}, Named{"leading axis, 300000 x 24", {1, 1, 1, 300000, 24}},
                        Named{"leading axis, 2000000 x 3", {1, 1, 1, 2000000, 3}}, Named{"blocked, 32 x 6 x 625 x L", {1, 32, 6, 625, kernels.lanes}}}) {
    const ReduceView& v = n.view;
    const int64_t outputs = v.outer * v.middle * v.inner;
    const double elements = static_cast<double>(outputs * v.reduceOuter * v.reduceInner);
    say(std::string("sum, ") + n.name, best([&] { kernels.reduceF32(ReduceOp::sum, x.data(), v, y.data(), 0, outputs); }), 4 * elements, elements);
    say(std::string("max, ") + n.name, best([&] { kernels.reduceF32(ReduceOp::max, x.data(), v, y.data(), 0, outputs); }), 4 * elements, elements);
    say(std::string("moments, ") + n.name, best([&] { kernels.momentsF32(x.data(), v, y.data(), z.data(), 0, outputs); }), 4 * elements, elements);
  }
  std::vector<int32_t> where(8000);
  const AxisView classes = {8000, 1000, 1, 0};
  say("argMax, 8000 x 1000", best([&] { kernels.argMaxF32(x.data(), classes, where.data(), 0, 8000); }), 32e6, 8e6);
}

void movement(const ElementwiseKernels& kernels) {
  std::vector<float> x(8000000, 0.5f), y(8000000);
  struct Named {
    const char* name;
    tanuki::CopyView view;
  };
  for (const Named& n : {Named{"copy, transpose 2000 x 2000", {2, {2000, 2000}, {1, 2000}, {2000, 1}}},
                         Named{"copy, transpose 2048 x 2048", {2, {2048, 2048}, {1, 2048}, {2048, 1}}},
                         Named{"copy, NHWC -> NCHW, 32 x 100 x 100 x 24", {3, {32, 24, 10000}, {240000, 1, 24}, {240000, 10000, 1}}},
                         Named{"copy, NHWC -> NCHW, 32 x 200 x 200 x 3", {3, {32, 3, 40000}, {120000, 1, 3}, {120000, 40000, 1}}},
                         Named{"copy, flipped, 32 x 200 x 200 x 3", {3, {6400, 200, 3}, {600, -3, 1}, {600, 3, 1}}},
                         Named{"copy, padded rows, 6400 x 600", {2, {6400, 600}, {600, 1}, {624, 1}}}}) {
    int64_t total = 1, start = 0;
    for (int d = 0; d < n.view.rank; d++) {
      total *= n.view.sizes[d];
      if (n.view.srcStrides[d] < 0) start -= n.view.srcStrides[d] * (n.view.sizes[d] - 1);
    }
    say(n.name, best([&] { kernels.copy(n.view, 4, x.data() + start, y.data(), 0, total); }), 8.0 * static_cast<double>(total),
        static_cast<double>(total));
  }
  say("fill, 8 M", best([&] { kernels.fill(y.data(), 4, 7, 0, 8000000); }), 32e6, 8e6);
  const int32_t seed[2] = {1, 2};
  say("philox uniform, 50 000", best([&] { kernels.philoxUniform(seed, y.data(), 0, 50000); }), 2e5, 5e4);
  std::vector<int32_t> indices(100000);
  for (size_t i = 0; i < indices.size(); i++) indices[i] = static_cast<int32_t>(i * 7919 % 100000);
  const AxisView rows = {1, 100000, 64, 100000};
  say("gather, 100 000 rows of 64", best([&] { kernels.gather(x.data(), 4, indices.data(), rows, y.data(), 0, 100000); }), 51.2e6, 6.4e6);
  say("scatterAdd, 100 000 rows of 64", best([&] { kernels.scatterAddF32(indices.data(), x.data(), rows, y.data(), 0, 100000); }), 51.2e6, 6.4e6);
  for (size_t i = 0; i < 100000; i++) x[i] = static_cast<float>(i * 7919 % 100000);
  const AxisView sorted = {1, 100000, 1, 0};
  Aligned scratch(kernels.argSortScratchBytes(sorted));
  say("argSort, 100 000", best([&] { kernels.argSortF32(x.data(), sorted, false, indices.data(), 0, 1, scratch.data); }), 8e5, 1e5);
}

}  // namespace

void bench(const ElementwiseKernels& kernels) {
  programs(kernels);
  reductions(kernels);
  movement(kernels);
}

}  // namespace check
