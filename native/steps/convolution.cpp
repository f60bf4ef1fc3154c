// Convolutions by oneDNN on blocked activations, and the reorders between logical and packed kernels.
#include <algorithm>
#include <cmath>

#include "../src/kernels.h"
#include "../src/onednn.h"
#include "../src/parallel.h"

namespace tanuki {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Dims = memory::dims;
constexpr auto f32 = memory::data_type::f32;

int64_t padded(int64_t channels) { return (channels + lanes() - 1) / lanes() * lanes(); }
Tag activationTag() { return lanes() == 16 ? Tag::nChw16c : Tag::nChw8c; }

/** Kernel layouts that oneDNN's fast kernels take, best first. `first`: for sources with few channels, as planes. */
struct WeightTag {
  Tag tag;
  const char* name;
};
std::vector<WeightTag> forwardTags(bool planes) {
  if (lanes() == 16) {
    if (planes) return {{Tag::Ohwi16o, "Ohwi16o"}, {Tag::Oihw16o, "Oihw16o"}};
    return {{Tag::OIhw16i16o, "OIhw16i16o"}};
  }
  if (planes) return {{Tag::Ohwi8o, "Ohwi8o"}};
  return {{Tag::OIhw8i8o, "OIhw8i8o"}};
}
std::vector<WeightTag> inputGradTags() {
  if (lanes() == 16) return {{Tag::OIhw16o16i, "OIhw16o16i"}, {Tag::IOhw16o16i, "IOhw16o16i"}, {Tag::IOhw16i16o, "IOhw16i16o"}};
  return {{Tag::OIhw8o8i, "OIhw8o8i"}};
}

/** Geometry as the planner gives it; channels are real ones, the packed layouts pad them. */
struct Geometry {
  int64_t images, height, width, inChannels, outHeight, outWidth, outChannels, kernelH, kernelW;
  Dims strides, dilation, low, high;
  bool planes;  // the source lies as [N][C][H][W] (few channels)

  explicit Geometry(const Attributes& a)
      : images(a.integer("images")), height(a.integer("height")), width(a.integer("width")),
        inChannels(a.integer("inChannels")), outHeight(a.integer("outHeight")), outWidth(a.integer("outWidth")),
        outChannels(a.integer("outChannels")), kernelH(a.integer("kernelHeight")), kernelW(a.integer("kernelWidth")),
        planes(a.flag("planes")) {
    const auto s = a.integers("strides"), d = a.integers("dilation"), p = a.integers("padding");
    strides = {s.at(0), s.at(1)};
    dilation = {d.at(0) - 1, d.at(1) - 1};
    low = {p.at(0), p.at(2)};
    // oneDNN wants high padding to match the output exactly; pixels beyond the last window are cut by a negative value.
    high = {(outHeight - 1) * s.at(0) + (kernelH - 1) * d.at(0) + 1 - height - p.at(0),
            (outWidth - 1) * s.at(1) + (kernelW - 1) * d.at(1) + 1 - width - p.at(2)};
  }
  /** Declared channel counts are whole blocks: the surplus kernels are zero, so the surplus results are too. */
  int64_t in() const { return planes ? inChannels : padded(inChannels); }
  int64_t out() const { return padded(outChannels); }
  memory::desc source() const { return {{images, in(), height, width}, f32, planes ? Tag::nchw : activationTag()}; }
  memory::desc result() const { return {{images, out(), outHeight, outWidth}, f32, activationTag()}; }
  memory::desc kernel(Tag tag) const { return {{out(), in(), kernelH, kernelW}, f32, tag}; }
  /** The same bytes as kernel(tag), with the real channel counts as logical sizes. */
  memory::desc realKernel(Tag tag) const { return {{outChannels, inChannels, kernelH, kernelW}, f32, tag}; }
  /** [kh][kw][in][out], row-major. */
  memory::desc logicalKernel() const {
    return {{outChannels, inChannels, kernelH, kernelW}, f32, Dims{1, outChannels, kernelW * inChannels * outChannels, inChannels * outChannels}};
  }
  bool pointwise() const {
    return kernelH == 1 && kernelW == 1 && strides[0] == 1 && strides[1] == 1 && low[0] == 0 && low[1] == 0 &&
           outHeight == height && outWidth == width && !planes;
  }
};

/**
 * Images in pieces, of which one call of a primitive takes one. oneDNN's kernels walk over all images for each block of kernels: a source
 * and a result that fit the second-level cache together are read from it then. Pictures lie one behind the other, so a step calls its
 * primitive once a piece. (Two pictures of 9x9x728 at a time instead of eight: 1.05 times the speed, measured with two threads at work.)
 */
struct Pieces {
  int64_t count = 1;
  size_t sourceBytes = 0, resultBytes = 0;  // of a piece

  Pieces() = default;
  /** Leaves the images of one piece in `g`. */
  Pieces(Geometry& g, const Threading& threading) {
    constexpr int64_t kCacheBytes = 1 << 20;
    // Where the threads share the images out, a call takes all.
    if (threading.split == 1) {
      const int64_t image = static_cast<int64_t>(sizeof(float)) * (g.in() * g.height * g.width + g.out() * g.outHeight * g.outWidth);
      int64_t images = std::max<int64_t>(1, std::min(g.images, kCacheBytes / std::max<int64_t>(1, image)));
      while (g.images % images != 0) images--;
      count = g.images / images;
      g.images = images;
    }
    sourceBytes = g.source().get_size();
    resultBytes = g.result().get_size();
  }
};

/** A step whose kernel operand lies in a packed layout. */
class PackedStep : public Step {
 public:
  std::string implementation() const override { return implementation_; }
  size_t scratchBytes() const override { return scratchpad_; }
  size_t packedBytes() const override { return packed_.get_size(); }
  std::string packedKey() const override { return key_; }
  const memory::desc& packed() const { return packed_; }
  const memory::desc& logical() const { return logical_; }

 protected:
  std::string implementation_;
  std::string key_;
  size_t scratchpad_ = 0;
  memory::desc packed_;   // real channel counts, padded by the layout
  memory::desc logical_;  // the same kernel, row-major
};

/** Tries layouts until oneDNN has a kernel for one that is not its reference; `make` throws where there is none. */
template <class Make>
auto choose(const std::vector<WeightTag>& tags, const Make& make, WeightTag& chosen) -> decltype(make(Tag::undef)) {
  decltype(make(Tag::undef)) fallback;
  bool have = false;
  for (const WeightTag& candidate : tags) {
    try {
      auto made = make(candidate.tag);
      if (!isReferenceKernel(made.impl_info_str())) {
        chosen = candidate;
        return made;
      }
      if (!have) {
        fallback = made;
        chosen = candidate;
        have = true;
      }
    } catch (const dnnl::error&) {
    }
  }
  if (!have) throw std::runtime_error("oneDNN has no convolution for this shape");
  return fallback;
}

class Convolution : public PackedStep {
 public:
  Convolution(const Attributes& a, const Threading& threading) {
    Geometry g(a);
    pieces_ = Pieces(g, threading);
    transposed_ = a.flag("transposed");
    bias_ = a.flag("bias");
    residual_ = a.flag("residual");
    accumulate_ = a.flag("accumulate");
    dnnl::post_ops post;
    if (accumulate_) post.append_sum(1.f);
    if (residual_) post.append_binary(dnnl::algorithm::binary_add, transposed_ ? g.source() : g.result());
    if (a.has("clamp")) {
      const auto bounds = a.reals("clamp");
      if (bounds.at(0) == 0 && std::isinf(bounds.at(1))) post.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
      else post.append_eltwise(dnnl::algorithm::eltwise_clip, bounds.at(0), bounds.at(1));
    }
    dnnl::primitive_attr attributes = userScratchpad();
    attributes.set_post_ops(post);
    const memory::desc source = transposed_ ? g.result() : g.source(), result = transposed_ ? g.source() : g.result();
    const Dims kernelDims = transposed_ ? Dims{g.in(), g.out(), 1, 1} : Dims{g.out(), g.in(), g.kernelH, g.kernelW};
    const memory::desc biasDesc = bias_ ? memory::desc({kernelDims[0]}, f32, Tag::a) : memory::desc();
    WeightTag chosen{Tag::undef, ""};
    auto make = [&](Tag tag) {
      const memory::desc kernel(kernelDims, f32, tag);
      return bias_ ? dnnl::convolution_forward::primitive_desc(cpu(), dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
                                                               source, kernel, biasDesc, result, g.strides, g.dilation, g.low, g.high, attributes)
                   : dnnl::convolution_forward::primitive_desc(cpu(), dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
                                                               source, kernel, result, g.strides, g.dilation, g.low, g.high, attributes);
    };
    auto desc = choose(forwardTags(g.planes), make, chosen);
    implementation_ = desc.impl_info_str();
    scratchpad_ = desc.scratchpad_desc().get_size();
    if (transposed_) {
      packed_ = memory::desc({g.inChannels, g.outChannels, 1, 1}, f32, chosen.tag);
      logical_ = memory::desc({g.inChannels, g.outChannels, 1, 1}, f32, Dims{g.outChannels, 1, 1, 1});
    } else {
      packed_ = g.realKernel(chosen.tag);
      logical_ = g.logicalKernel();
    }
    key_ = std::string(transposed_ ? "transposed " : "") + chosen.name;
    std::vector<std::pair<int, memory::desc>> arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, desc.weights_desc()}};
    if (bias_) arguments.push_back({DNNL_ARG_BIAS, biasDesc});
    if (residual_) arguments.push_back({DNNL_ARG_ATTR_MULTIPLE_POST_OP(accumulate_ ? 1 : 0) | DNNL_ARG_SRC_1, result});
    arguments.push_back({DNNL_ARG_DST, result});
    arguments.push_back({DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc()});
    if (transposed_) std::swap(pieces_.sourceBytes, pieces_.resultBytes);
    primitive_ = BoundPrimitive(dnnl::convolution_forward(desc), arguments, threading.callers);
  }

  /** x, packed kernel, bias?, residual? -> y */
  void run(char* const* p, const StepContext& context) override {
    char *const residual = residual_ ? p[bias_ ? 3 : 2] : nullptr, *const result = p[2 + bias_ + residual_];
    for (int64_t piece = 0; piece < pieces_.count; piece++) {
      const size_t at = piece * pieces_.resultBytes;
      char *const x = p[0] + piece * pieces_.sourceBytes, *const y = result + at, *const added = residual ? residual + at : nullptr;
      if (bias_ && residual_) primitive_.run(context.thread, {x, p[1], p[2], added, y, context.scratch});
      else if (bias_) primitive_.run(context.thread, {x, p[1], p[2], y, context.scratch});
      else if (residual_) primitive_.run(context.thread, {x, p[1], added, y, context.scratch});
      else primitive_.run(context.thread, {x, p[1], y, context.scratch});
    }
  }

 private:
  bool transposed_, bias_, residual_, accumulate_;
  Pieces pieces_;
  BoundPrimitive primitive_;
};

/**
 * Where oneDNN has no fast backward kernel for blocked layouts (SSE 4.1), its matrix-product one on planes: operands are reordered
 * in scratch memory, with their real channel counts.
 */
struct OnPlanes {
  memory::desc source, result, kernel;

  explicit OnPlanes(const Geometry& g)
      : source({g.images, g.inChannels, g.height, g.width}, f32, Tag::nchw), result({g.images, g.outChannels, g.outHeight, g.outWidth}, f32, Tag::nchw),
        kernel({g.outChannels, g.inChannels, g.kernelH, g.kernelW}, f32, Tag::oihw) {}

  /** The bytes of a blocked activation, seen with its real channel count. */
  static memory::desc blocked(const memory::desc& planes) { return {planes.get_dims(), f32, activationTag()}; }
};

/** A reorder between two layouts, and the scratch memory it needs. */
class Relayout {
 public:
  Relayout() = default;
  Relayout(const memory::desc& from, const memory::desc& to, int callers) {
    dnnl::reorder::primitive_desc desc(cpu(), from, cpu(), to, userScratchpad());
    scratch_ = desc.scratchpad_desc().get_size();
    primitive_ = BoundPrimitive(dnnl::reorder(desc), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc()}}, callers);
  }
  size_t scratchBytes() const { return scratch_; }
  void run(int caller, void* from, void* to, void* scratch) { primitive_.run(caller, {from, to, scratch}); }

 private:
  size_t scratch_ = 0;
  BoundPrimitive primitive_;
};

size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

class ConvolutionInputGrad : public PackedStep {
 public:
  ConvolutionInputGrad(const Attributes& a, const Threading& threading) {
    Geometry g(a);
    g.planes = false;
    if (isa() != Isa::portable) pieces_ = Pieces(g, threading);
    const auto attributes = userScratchpad();
    WeightTag chosen{Tag::undef, ""};
    auto make = [&](Tag tag) {
      // The hint only tells the backward primitive which forward it belongs to.
      dnnl::convolution_forward::primitive_desc hint(cpu(), dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, g.source(),
                                                     memory::desc({g.out(), g.in(), g.kernelH, g.kernelW}, f32, Tag::any), g.result(), g.strides,
                                                     g.dilation, g.low, g.high, attributes);
      return dnnl::convolution_backward_data::primitive_desc(cpu(), dnnl::algorithm::convolution_direct, g.source(), g.kernel(tag), g.result(),
                                                             g.strides, g.dilation, g.low, g.high, hint, attributes);
    };
    logical_ = g.logicalKernel();
    if (isa() == Isa::portable) {
      onPlanes(g, threading.callers);
      return;
    }
    auto desc = choose(inputGradTags(), make, chosen);
    implementation_ = desc.impl_info_str();
    scratchpad_ = desc.scratchpad_desc().get_size();
    packed_ = g.realKernel(chosen.tag);
    key_ = chosen.name;
    primitive_ = BoundPrimitive(dnnl::convolution_backward_data(desc),
                                {{DNNL_ARG_DIFF_DST, g.result()}, {DNNL_ARG_WEIGHTS, desc.weights_desc()}, {DNNL_ARG_DIFF_SRC, g.source()},
                                 {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc()}},
                                threading.callers);
  }
  /** dy, packed kernel -> dx */
  void run(char* const* p, const StepContext& context) override {
    if (!planes_) {
      for (int64_t piece = 0; piece < pieces_.count; piece++)
        primitive_.run(context.thread, {p[0] + piece * pieces_.resultBytes, p[1], p[2] + piece * pieces_.sourceBytes, context.scratch});
      return;
    }
    char *dy = context.scratch, *dx = dy + dyBytes_, *rest = dx + dxBytes_;
    toPlanes_.run(context.thread, p[0], dy, rest);
    primitive_.run(context.thread, {dy, p[1], dx, rest});
    toBlocks_.run(context.thread, dx, p[2], rest);
  }

 private:
  void onPlanes(const Geometry& g, int callers) {
    planes_ = true;
    const OnPlanes plain(g);
    const auto attributes = userScratchpad();
    dnnl::convolution_forward::primitive_desc hint(cpu(), dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, plain.source, plain.kernel, plain.result,
                                                   g.strides, g.dilation, g.low, g.high, attributes);
    dnnl::convolution_backward_data::primitive_desc desc(cpu(), dnnl::algorithm::convolution_direct, plain.source, plain.kernel, plain.result, g.strides, g.dilation,
                                                         g.low, g.high, hint, attributes);
    implementation_ = desc.impl_info_str();
    packed_ = plain.kernel;
    key_ = "oihw";
    toPlanes_ = Relayout(OnPlanes::blocked(plain.result), plain.result, callers);
    toBlocks_ = Relayout(plain.source, OnPlanes::blocked(plain.source), callers);
    dyBytes_ = aligned(plain.result.get_size());
    dxBytes_ = aligned(plain.source.get_size());
    scratchpad_ = dyBytes_ + dxBytes_ + std::max({desc.scratchpad_desc().get_size(), toPlanes_.scratchBytes(), toBlocks_.scratchBytes()});
    primitive_ = BoundPrimitive(dnnl::convolution_backward_data(desc),
                                {{DNNL_ARG_DIFF_DST, plain.result}, {DNNL_ARG_WEIGHTS, plain.kernel}, {DNNL_ARG_DIFF_SRC, plain.source},
                                 {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc()}},
                                callers);
  }
  bool planes_ = false;
  Pieces pieces_;
  size_t dyBytes_ = 0, dxBytes_ = 0;
  Relayout toPlanes_, toBlocks_;
  BoundPrimitive primitive_;
};

class ConvolutionKernelGrad : public PackedStep {
 public:
  ConvolutionKernelGrad(const Attributes& a, const Threading& threading) {
    const Geometry g(a);
    const auto attributes = userScratchpad();
    WeightTag chosen{Tag::undef, ""};
    auto make = [&](Tag tag) {
      dnnl::convolution_forward::primitive_desc hint(cpu(), dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, g.source(),
                                                     memory::desc({g.out(), g.in(), g.kernelH, g.kernelW}, f32, Tag::any), g.result(), g.strides,
                                                     g.dilation, g.low, g.high, attributes);
      return dnnl::convolution_backward_weights::primitive_desc(cpu(), dnnl::algorithm::convolution_direct, g.source(), g.kernel(tag), g.result(),
                                                                g.strides, g.dilation, g.low, g.high, hint, attributes);
    };
    logical_ = g.logicalKernel();
    if (isa() == Isa::portable) {
      onPlanes(g, threading.callers);
      return;
    }
    auto desc = choose(forwardTags(g.planes), make, chosen);
    implementation_ = desc.impl_info_str();
    primitiveScratch_ = (desc.scratchpad_desc().get_size() + 63) / 64 * 64;
    packed_ = g.realKernel(chosen.tag);
    key_ = chosen.name;
    elements_ = static_cast<int64_t>(desc.diff_weights_desc().get_size() / sizeof(float));
    scratchpad_ = primitiveScratch_ + elements_ * sizeof(float);
    primitive_ = BoundPrimitive(dnnl::convolution_backward_weights(desc),
                                {{DNNL_ARG_SRC, g.source()}, {DNNL_ARG_DIFF_DST, g.result()}, {DNNL_ARG_DIFF_WEIGHTS, desc.diff_weights_desc()},
                                 {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc()}},
                                threading.callers);
  }
  /** x, dy -> packed kernel gradient (added to, from the second chunk on) */
  void run(char* const* p, const StepContext& context) override {
    char *x = p[0], *dy = p[1], *scratch = context.scratch;
    if (planes_) {
      char* rest = scratch + xBytes_ + dyBytes_;
      if (xBytes_ > 0) {
        sourceToPlanes_.run(context.thread, x, scratch, rest);
        x = scratch;
      }
      resultToPlanes_.run(context.thread, dy, scratch + xBytes_, rest);
      dy = scratch + xBytes_;
      scratch = rest;
    }
    if (context.firstChunk) {
      primitive_.run(context.thread, {x, dy, p[2], scratch});
      return;
    }
    float* part = reinterpret_cast<float*>(scratch + primitiveScratch_);
    primitive_.run(context.thread, {x, dy, part, scratch});
    float* sum = reinterpret_cast<float*>(p[2]);
    weightKernels().add(sum, part, elements_);
  }

 private:
  void onPlanes(const Geometry& g, int callers) {
    planes_ = true;
    const OnPlanes plain(g);
    const auto attributes = userScratchpad();
    dnnl::convolution_forward::primitive_desc hint(cpu(), dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, plain.source, plain.kernel, plain.result,
                                                   g.strides, g.dilation, g.low, g.high, attributes);
    dnnl::convolution_backward_weights::primitive_desc desc(cpu(), dnnl::algorithm::convolution_direct, plain.source, plain.kernel, plain.result, g.strides, g.dilation,
                                                            g.low, g.high, hint, attributes);
    implementation_ = desc.impl_info_str();
    packed_ = plain.kernel;
    key_ = "oihw";
    if (!g.planes) {
      sourceToPlanes_ = Relayout(OnPlanes::blocked(plain.source), plain.source, callers);
      xBytes_ = aligned(plain.source.get_size());
    }
    resultToPlanes_ = Relayout(OnPlanes::blocked(plain.result), plain.result, callers);
    dyBytes_ = aligned(plain.result.get_size());
    primitiveScratch_ = aligned(std::max({desc.scratchpad_desc().get_size(), sourceToPlanes_.scratchBytes(), resultToPlanes_.scratchBytes()}));
    elements_ = static_cast<int64_t>(plain.kernel.get_size() / sizeof(float));
    scratchpad_ = xBytes_ + dyBytes_ + primitiveScratch_ + elements_ * sizeof(float);
    primitive_ = BoundPrimitive(dnnl::convolution_backward_weights(desc),
                                {{DNNL_ARG_SRC, plain.source}, {DNNL_ARG_DIFF_DST, plain.result}, {DNNL_ARG_DIFF_WEIGHTS, plain.kernel},
                                 {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc()}},
                                callers);
  }
  bool planes_ = false;
  size_t xBytes_ = 0, dyBytes_ = 0;
  Relayout sourceToPlanes_, resultToPlanes_;
  size_t primitiveScratch_ = 0;
  int64_t elements_ = 0;
  BoundPrimitive primitive_;
};

/** Row-major kernel -> the packed layout of the step in attribute `for`, or back with `unpack`. */
class KernelReorder : public Step {
 public:
  KernelReorder(const Attributes& a, const Threading& threading) {
    const auto* step = dynamic_cast<PackedStep*>(&stepFromValue(a.value("for")));
    if (!step) throw std::invalid_argument("reorderKernel: the step has no packed kernel");
    const memory::desc& from = a.flag("unpack") ? step->packed() : step->logical();
    const memory::desc& to = a.flag("unpack") ? step->logical() : step->packed();
    dnnl::reorder::primitive_desc desc(cpu(), from, cpu(), to, userScratchpad());
    implementation_ = desc.impl_info_str();
    scratchpad_ = desc.scratchpad_desc().get_size();
    primitive_ = BoundPrimitive(dnnl::reorder(desc), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc()}}, threading.callers);
  }
  std::string implementation() const override { return implementation_; }
  size_t scratchBytes() const override { return scratchpad_; }
  void run(char* const* p, const StepContext& context) override { primitive_.run(context.thread, {p[0], p[1], context.scratch}); }

 private:
  std::string implementation_;
  size_t scratchpad_ = 0;
  BoundPrimitive primitive_;
};

/** A packed kernel gradient, a kernel [..., out] -> the plain gradient, and sums over all but `out` of gradient * kernel. */
class UnpackWithSums : public KernelReorder {
 public:
  UnpackWithSums(const Attributes& a, const Threading& threading)
      : KernelReorder(a, threading), split_(threading.split), rows_(a.integer("rows")), kernel_{rows_, a.integer("columns")} {
    const std::string key = stepFromValue(a.value("for")).packedKey();
    onePass_ = a.flag("pointwise") && (key == "OIhw16i16o" || key == "OIhw8i8o");
  }
  std::string implementation() const override { return onePass_ ? "tanuki" : KernelReorder::implementation(); }
  size_t scratchBytes() const override { return std::max<size_t>(KernelReorder::scratchBytes(), padded(kernel_.out) * split_ * sizeof(double)); }
  void run(char* const* p, const StepContext& context) override {
    auto floats = [&](int i) { return reinterpret_cast<float*>(p[i]); };
    const WeightKernels& kernels = weightKernels();
    if (!onePass_) {
      char* reordered[] = {p[0], p[2]};
      KernelReorder::run(reordered, context);
      parallelRanges(split_, kernel_.out, 64, [&](int, int64_t begin, int64_t end) {
        kernels.product_sums(floats(2), floats(1), rows_, kernel_.out, floats(3), begin, end);
      });
      return;
    }
    const int64_t stride = padded(kernel_.out);
    double* sums = reinterpret_cast<double*>(context.scratch);
    std::fill_n(sums, stride * split_, 0.0);
    parallelRanges(split_, padded(kernel_.in) / lanes(), 1, [&](int thread, int64_t begin, int64_t end) {
      kernels.unpack_pointwise(kernel_, floats(0), floats(1), floats(2), sums + stride * thread, begin, end);
    });
    for (int64_t o = 0; o < kernel_.out; o++) {
      double total = 0;
      for (int thread = 0; thread < split_; thread++) total += sums[stride * thread + o];
      floats(3)[o] = static_cast<float>(total);
    }
  }

 private:
  int split_;
  int64_t rows_;
  PointwiseKernel kernel_;
  bool onePass_;
};

/** a [b, m, k] x b [b, k, n], either transposed, row-major. */
class MatrixProduct : public Step {
 public:
  MatrixProduct(const Attributes& a, const Threading& threading) {
    const int64_t batch = a.integer("batch"), m = a.integer("m"), k = a.integer("k"), n = a.integer("n");
    const bool ta = a.flag("transposeA"), tb = a.flag("transposeB");
    const memory::desc left({batch, m, k}, f32, ta ? Dims{m * k, 1, m} : Dims{m * k, k, 1});
    const memory::desc right({batch, k, n}, f32, tb ? Dims{k * n, 1, k} : Dims{k * n, n, 1});
    const memory::desc result({batch, m, n}, f32, Dims{m * n, n, 1});
    dnnl::matmul::primitive_desc desc(cpu(), left, right, result, userScratchpad());
    implementation_ = desc.impl_info_str();
    scratchpad_ = desc.scratchpad_desc().get_size();
    primitive_ = BoundPrimitive(dnnl::matmul(desc),
                                {{DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, result}, {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc()}},
                                threading.callers);
  }
  std::string implementation() const override { return implementation_; }
  size_t scratchBytes() const override { return scratchpad_; }
  void run(char* const* p, const StepContext& context) override { primitive_.run(context.thread, {p[0], p[1], p[2], context.scratch}); }

 private:
  std::string implementation_;
  size_t scratchpad_ = 0;
  BoundPrimitive primitive_;
};

template <class T>
StepFactory factory() {
  return [](const Attributes& a, const Threading& t) -> std::unique_ptr<Step> { return std::make_unique<T>(a, t); };
}
const StepRegistrar convolution("convolution", factory<Convolution>()), inputGrad("convolutionInputGrad", factory<ConvolutionInputGrad>()),
    kernelGrad("convolutionKernelGrad", factory<ConvolutionKernelGrad>()), kernelReorder("reorderKernel", factory<KernelReorder>()),
    unpackWithSums("unpackWithSums", factory<UnpackWithSums>()),    matrixProduct("matmul", factory<MatrixProduct>());

}  // namespace
}  // namespace tanuki
