// Elementwise programs, reductions, data movement and random numbers: splits the kernels of kernels/elementwise.h over threads.
#include <cstring>
#include <mutex>

#include "../src/kernels.h"
#include "../src/parallel.h"
#include "../src/step.h"

namespace tanuki {
namespace {

/** Elements a thread should at least have before the work is worth splitting. */
constexpr int64_t kGrain = 8192;

template <class T>
StepFactory factory() {
  return [](const Attributes& a, const Threading& t) -> std::unique_ptr<Step> { return std::make_unique<T>(a, t); };
}

size_t alignUp(size_t bytes) { return (bytes + 63) / 64 * 64; }

ElementType typeOf(const std::string& name) {
  if (name == "float32") return ElementType::f32;
  if (name == "int32") return ElementType::i32;
  if (name == "uint8") return ElementType::u8;
  if (name == "bool") return ElementType::boolean;
  throw std::invalid_argument("unknown dtype " + name);
}
int elementSize(const std::string& dtype) { return dtype == "uint8" || dtype == "bool" ? 1 : 4; }

/** Attribute `instructions`: rows [opcode, a, b, c, kind, x, y], kind 0: floats x, y; 1: ints x, y. Kept as doubles by JavaScript. */
class Elementwise : public Step {
 public:
  Elementwise(const Attributes& a, const Threading& threading) : split_(threading.split) {
    ElementwiseProgram program{};
    const auto sizes = a.integers("sizes");
    if (sizes.size() > kElementwiseDims) throw std::invalid_argument("elementwise: too many dims");
    program.rank = static_cast<int>(sizes.size());
    count_ = 1;
    for (size_t i = 0; i < sizes.size(); i++) {
      program.sizes[i] = sizes[i];
      count_ *= sizes[i];
    }
    std::vector<ElementwiseInput> inputs;
    Napi::Array inputList = a.list("inputs");
    for (uint32_t i = 0; i < inputList.Length(); i++) {
      Attributes item(inputList.Get(i).As<Napi::Object>());
      ElementwiseInput input{};
      input.type = typeOf(item.text("dtype"));
      const auto strides = item.integers("strides");
      for (size_t d = 0; d < strides.size() && d < kElementwiseDims; d++) input.strides[d] = strides[d];
      inputs.push_back(input);
    }
    std::vector<ElementwiseInstruction> instructions;
    Napi::Array rows = a.list("instructions");
    for (uint32_t i = 0; i < rows.Length(); i++) {
      Napi::Array row = rows.Get(i).As<Napi::Array>();
      auto number = [&](uint32_t at) { return row.Get(at).As<Napi::Number>().DoubleValue(); };
      ElementwiseInstruction instruction{};
      instruction.opcode = static_cast<Opcode>(static_cast<int>(number(0)));
      if (instruction.opcode >= Opcode::count) throw std::invalid_argument("elementwise: unknown opcode");
      instruction.a = static_cast<uint16_t>(number(1));
      instruction.b = static_cast<uint16_t>(number(2));
      instruction.c = static_cast<uint16_t>(number(3));
      if (number(4) == 0) {
        instruction.floats[0] = static_cast<float>(number(5));
        instruction.floats[1] = static_cast<float>(number(6));
      } else {
        instruction.ints[0] = static_cast<int32_t>(number(5));
        instruction.ints[1] = static_cast<int32_t>(number(6));
      }
      instructions.push_back(instruction);
    }
    std::vector<ElementwiseOutput> outputs;
    Napi::Array outputList = a.list("outputs");
    for (uint32_t i = 0; i < outputList.Length(); i++) {
      Attributes item(outputList.Get(i).As<Napi::Object>());
      outputs.push_back({static_cast<uint16_t>(item.integer("value")), typeOf(item.text("dtype"))});
    }
    program.inputs = inputs.data();
    program.inputCount = static_cast<int>(inputs.size());
    program.instructions = instructions.data();
    program.instructionCount = static_cast<int>(instructions.size());
    program.outputs = outputs.data();
    program.outputCount = static_cast<int>(outputs.size());
    program.laneTail = static_cast<int>(a.integer("laneTail", 0));
    program.laneBlockDim = static_cast<int>(a.integer("laneBlockDim", 0));
    inputCount_ = program.inputCount;
    const ElementwiseKernels& k = elementwiseKernels();
    plan_.resize((k.planBytes(program) + 7) / 8);
    const PrepareResult result = k.prepare(program, plan_.data());
    if (result == PrepareResult::tooLarge) throw std::invalid_argument("elementwise: the program is too large");
    if (result == PrepareResult::badOperand) throw std::invalid_argument("elementwise: bad operand");
    scratch_ = alignUp(k.scratchBytes(plan_.data()));
  }
  size_t scratchBytes() const override { return scratch_ * split_; }
  void run(char* const* p, const StepContext& context) override {
    const ElementwiseKernels& k = elementwiseKernels();
    parallelRanges(split_, count_, kGrain, [&](int thread, int64_t begin, int64_t end) {
      k.run(plan_.data(), reinterpret_cast<const void* const*>(p), reinterpret_cast<void* const*>(p + inputCount_), begin, end,
            context.scratch + scratch_ * thread);
    });
  }

 private:
  int split_;
  int64_t count_ = 0;
  int inputCount_ = 0;
  size_t scratch_ = 0;
  std::vector<uint64_t> plan_;
};

/** Splits a long reduced dim into the same pieces whatever the thread count is, so that results do not depend on it. */
struct Pieces {
  int64_t count, size;
  static Pieces of(int64_t reduced, int64_t outputs) {
    int64_t count = 1;
    if (outputs < 64 && reduced >= 4 * kGrain) count = std::min<int64_t>(32, reduced / kGrain);
    return {count, (reduced + count - 1) / count};
  }
};

ReduceView viewOf(const Attributes& a) {
  const auto v = a.integers("view");
  return {v.at(0), v.at(1), v.at(2), v.at(3), v.at(4)};
}
AxisView axisOf(const Attributes& a) {
  const auto v = a.integers("view");
  return {v.at(0), v.at(1), v.at(2), v.size() > 3 ? v[3] : 0};
}

class Reduce : public Step {
 public:
  Reduce(const Attributes& a, const Threading& threading)
      : split_(threading.split), view_(viewOf(a)), integer_(a.text("dtype") == "int32"), outputs_(view_.outer * view_.middle * view_.inner),
        reduced_(view_.reduceOuter * view_.reduceInner), pieces_(Pieces::of(reduced_, outputs_)) {
    const std::string op = a.text("op");
    op_ = op == "max" ? ReduceOp::max : op == "min" ? ReduceOp::min : ReduceOp::sum;
  }
  size_t scratchBytes() const override {
    const size_t partials = pieces_.count > 1 ? alignUp(pieces_.count * outputs_ * sizeof(double)) : 0;
    return partials + alignUp(outputs_ * sizeof(float));
  }
  void run(char* const* p, const StepContext& context) override {
    if (integer_) reduce<int32_t, int32_t>(p, context);
    else reduce<float, double>(p, context);
  }

 private:
  template <class T, class Partial>
  void reduce(char* const* p, const StepContext& context) {
    const ElementwiseKernels& k = elementwiseKernels();
    const T* x = reinterpret_cast<const T*>(p[0]);
    T* out = reinterpret_cast<T*>(p[1]);
    T* target = context.firstChunk ? out : reinterpret_cast<T*>(context.scratch);
    if (pieces_.count == 1) {
      const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, reduced_));
      parallelRanges(split_, outputs_, grain, [&](int, int64_t begin, int64_t end) {
        if constexpr (std::is_same_v<T, float>) k.reduceF32(op_, x, view_, target, begin, end);
        else k.reduceI32(op_, x, view_, target, begin, end);
      });
    } else {
      Partial* partials = reinterpret_cast<Partial*>(context.scratch + alignUp(outputs_ * sizeof(float)));
      parallelRanges(split_, pieces_.count, 1, [&](int, int64_t begin, int64_t end) {
        for (int64_t piece = begin; piece < end; piece++) {
          const int64_t from = piece * pieces_.size, to = std::min(reduced_, from + pieces_.size);
          if constexpr (std::is_same_v<T, float>) k.reducePartialF32(op_, x, view_, 0, outputs_, from, to, partials + piece * outputs_);
          else k.reducePartialI32(op_, x, view_, 0, outputs_, from, to, partials + piece * outputs_);
        }
      });
      if constexpr (std::is_same_v<T, float>) k.reduceCombineF32(op_, partials, pieces_.count, outputs_, target);
      else k.reduceCombineI32(op_, partials, pieces_.count, outputs_, target);
    }
    if (!context.firstChunk)
      for (int64_t i = 0; i < outputs_; i++) out[i] += target[i];
  }
  int split_;
  ReduceView view_;
  bool integer_;
  int64_t outputs_, reduced_;
  Pieces pieces_;
  ReduceOp op_;
};

/** x -> [2][outputs]: mean, then variance. */
class Moments : public Step {
 public:
  Moments(const Attributes& a, const Threading& threading)
      : split_(threading.split), view_(viewOf(a)), outputs_(view_.outer * view_.middle * view_.inner), reduced_(view_.reduceOuter * view_.reduceInner),
        pieces_(Pieces::of(reduced_, outputs_)) {}
  size_t scratchBytes() const override { return pieces_.count > 1 ? alignUp(pieces_.count * outputs_ * 3 * sizeof(double)) : 0; }
  void run(char* const* p, const StepContext& context) override {
    const ElementwiseKernels& k = elementwiseKernels();
    const float* x = reinterpret_cast<const float*>(p[0]);
    float* mean = reinterpret_cast<float*>(p[1]);
    float* variance = mean + outputs_;
    if (pieces_.count == 1) {
      parallelRanges(split_, outputs_, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, reduced_)), [&](int, int64_t begin, int64_t end) {
        k.momentsF32(x, view_, mean, variance, begin, end);
      });
      return;
    }
    double* partials = reinterpret_cast<double*>(context.scratch);
    parallelRanges(split_, pieces_.count, 1, [&](int, int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; piece++)
        k.momentsPartialF32(x, view_, 0, outputs_, piece * pieces_.size, std::min(reduced_, (piece + 1) * pieces_.size), partials + piece * outputs_ * 3);
    });
    k.momentsCombineF32(partials, pieces_.count, outputs_, mean, variance);
  }

 private:
  int split_;
  ReduceView view_;
  int64_t outputs_, reduced_;
  Pieces pieces_;
};

class ArgMax : public Step {
 public:
  ArgMax(const Attributes& a, const Threading& threading) : split_(threading.split), view_(axisOf(a)), integer_(a.text("dtype") == "int32") {}
  void run(char* const* p, const StepContext&) override {
    const ElementwiseKernels& k = elementwiseKernels();
    int32_t* out = reinterpret_cast<int32_t*>(p[1]);
    parallelRanges(split_, view_.outer * view_.inner, std::max<int64_t>(1, kGrain / view_.axis), [&](int, int64_t begin, int64_t end) {
      if (integer_) k.argMaxI32(reinterpret_cast<const int32_t*>(p[0]), view_, out, begin, end);
      else k.argMaxF32(reinterpret_cast<const float*>(p[0]), view_, out, begin, end);
    });
  }

 private:
  int split_;
  AxisView view_;
  bool integer_;
};

class ArgSort : public Step {
 public:
  ArgSort(const Attributes& a, const Threading& threading)
      : split_(threading.split), view_(axisOf(a)), integer_(a.text("dtype") == "int32"), descending_(a.flag("descending")) {}
  size_t scratchBytes() const override { return alignUp(elementwiseKernels().argSortScratchBytes(view_)) * split_; }
  void run(char* const* p, const StepContext& context) override {
    const ElementwiseKernels& k = elementwiseKernels();
    int32_t* out = reinterpret_cast<int32_t*>(p[1]);
    const size_t part = alignUp(k.argSortScratchBytes(view_));
    parallelRanges(split_, view_.outer * view_.inner, std::max<int64_t>(1, 1024 / std::max<int64_t>(1, view_.axis)), [&](int thread, int64_t begin, int64_t end) {
      if (integer_) k.argSortI32(reinterpret_cast<const int32_t*>(p[0]), view_, descending_, out, begin, end, context.scratch + part * thread);
      else k.argSortF32(reinterpret_cast<const float*>(p[0]), view_, descending_, out, begin, end, context.scratch + part * thread);
    });
  }

 private:
  int split_;
  AxisView view_;
  bool integer_, descending_;
};

/** Copies with strides; several parts (concat) are several steps. `srcOffset`, `dstOffset` in elements. */
class Copy : public Step {
 public:
  Copy(const Attributes& a, const Threading& threading)
      : split_(threading.split), size_(elementSize(a.text("dtype"))), src_(a.integer("srcOffset", 0)), dst_(a.integer("dstOffset", 0)) {
    const auto sizes = a.integers("sizes"), from = a.integers("srcStrides"), to = a.integers("dstStrides");
    if (sizes.size() > kCopyDims || from.size() != sizes.size() || to.size() != sizes.size()) throw std::invalid_argument("copy: bad dims");
    view_.rank = static_cast<int>(sizes.size());
    count_ = 1;
    for (size_t i = 0; i < sizes.size(); i++) {
      view_.sizes[i] = sizes[i];
      view_.srcStrides[i] = from[i];
      view_.dstStrides[i] = to[i];
      count_ *= sizes[i];
    }
  }
  void run(char* const* p, const StepContext&) override {
    const ElementwiseKernels& k = elementwiseKernels();
    parallelRanges(split_, count_, 4 * kGrain, [&](int, int64_t begin, int64_t end) {
      k.copy(view_, size_, p[0] + src_ * size_, p[1] + dst_ * size_, begin, end);
    });
  }

 private:
  int split_, size_;
  int64_t src_, dst_, count_ = 0;
  CopyView view_{};
};

class Fill : public Step {
 public:
  Fill(const Attributes& a, const Threading& threading) : split_(threading.split), size_(elementSize(a.text("dtype"))), count_(a.integer("count")) {
    if (a.text("dtype") == "float32") {
      const float value = a.real("value");
      std::memcpy(&bits_, &value, 4);
    } else {
      bits_ = static_cast<uint32_t>(a.integer("value"));
    }
  }
  void run(char* const* p, const StepContext&) override {
    parallelRanges(split_, count_, 4 * kGrain, [&](int, int64_t begin, int64_t end) { elementwiseKernels().fill(p[0], size_, bits_, begin, end); });
  }

 private:
  int split_, size_;
  int64_t count_;
  uint32_t bits_ = 0;
};

class Iota : public Step {
 public:
  Iota(const Attributes& a, const Threading& threading) : split_(threading.split), view_(axisOf(a)), integer_(a.text("dtype") == "int32") {}
  void run(char* const* p, const StepContext&) override {
    parallelRanges(split_, view_.outer * view_.axis * view_.inner, kGrain, [&](int, int64_t begin, int64_t end) {
      if (integer_) elementwiseKernels().iotaI32(reinterpret_cast<int32_t*>(p[0]), view_, begin, end);
      else elementwiseKernels().iotaF32(reinterpret_cast<float*>(p[0]), view_, begin, end);
    });
  }

 private:
  int split_;
  AxisView view_;
  bool integer_;
};

/** kind: gather, scatterAdd, takeAlong, scatterAlong. Operands as the primitives'. */
class Indexed : public Step {
 public:
  Indexed(const Attributes& a, const Threading& threading)
      : split_(threading.split), view_(axisOf(a)), kind_(a.text("kind")), size_(elementSize(a.text("dtype"))), integer_(a.text("dtype") == "int32") {}
  void run(char* const* p, const StepContext&) override {
    const ElementwiseKernels& k = elementwiseKernels();
    std::mutex mutex;
    int64_t bad = -1;
    auto report = [&](int64_t at) {
      if (at < 0) return;
      std::lock_guard<std::mutex> lock(mutex);
      if (bad < 0 || at < bad) bad = at;
    };
    const AxisView& v = view_;
    const bool scatter = kind_ == "scatterAdd" || kind_ == "scatterAlong";
    const int32_t* indices = reinterpret_cast<const int32_t*>(p[scatter ? 0 : 1]);
    if (kind_ == "gather")
      parallelRanges(split_, v.outer * v.count, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, v.inner)),
                     [&](int, int64_t b, int64_t e) { report(k.gather(p[0], size_, indices, v, p[2], b, e)); });
    else if (kind_ == "takeAlong")
      parallelRanges(split_, v.outer * v.count * v.inner, kGrain, [&](int, int64_t b, int64_t e) { report(k.takeAlong(p[0], size_, indices, v, p[2], b, e)); });
    else if (kind_ == "scatterAdd")
      parallelRanges(split_, v.outer * v.axis, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, v.inner)), [&](int, int64_t b, int64_t e) {
        report(integer_ ? k.scatterAddI32(indices, reinterpret_cast<const int32_t*>(p[1]), v, reinterpret_cast<int32_t*>(p[2]), b, e)
                        : k.scatterAddF32(indices, reinterpret_cast<const float*>(p[1]), v, reinterpret_cast<float*>(p[2]), b, e));
      });
    else
      parallelRanges(split_, v.outer * v.inner, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, v.axis)), [&](int, int64_t b, int64_t e) {
        report(integer_ ? k.scatterAlongI32(indices, reinterpret_cast<const int32_t*>(p[1]), v, reinterpret_cast<int32_t*>(p[2]), b, e)
                        : k.scatterAlongF32(indices, reinterpret_cast<const float*>(p[1]), v, reinterpret_cast<float*>(p[2]), b, e));
      });
    if (bad >= 0)
      throw std::out_of_range(kind_ + ": index " + std::to_string(indices[bad]) + " at position " + std::to_string(bad) + " is outside the axis of size " + std::to_string(v.axis));
  }

 private:
  int split_;
  AxisView view_;
  std::string kind_;
  int size_;
  bool integer_;
};

class RandomUniform : public Step {
 public:
  RandomUniform(const Attributes& a, const Threading& threading) : split_(threading.split), count_(a.integer("count")) {}
  void run(char* const* p, const StepContext&) override {
    int32_t seed[2];
    std::memcpy(seed, p[0], sizeof seed);
    parallelRanges(split_, count_, kGrain, [&](int, int64_t begin, int64_t end) { elementwiseKernels().philoxUniform(seed, reinterpret_cast<float*>(p[1]), begin, end); });
  }

 private:
  int split_;
  int64_t count_;
};

const StepRegistrar elementwise("elementwise", factory<Elementwise>()), reduce("reduce", factory<Reduce>()), moments("moments", factory<Moments>()),
    argMax("argMax", factory<ArgMax>()), argSort("argSort", factory<ArgSort>()), copy("copy", factory<Copy>()), fill("fill", factory<Fill>()),
    iota("iota", factory<Iota>()), indexed("indexed", factory<Indexed>()), randomUniform("randomUniform", factory<RandomUniform>());

}  // namespace
}  // namespace tanuki
