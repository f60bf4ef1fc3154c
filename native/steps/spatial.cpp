// Depthwise convolution, pooling, sums over pixels, sampling and layout changes: splits the kernels of kernels/spatial.h over threads.
#include <cstring>

#include "../src/kernels.h"
#include "../src/parallel.h"
#include "../src/step.h"

namespace tanuki {
namespace {

template <class T>
StepFactory factory() {
  return [](const Attributes& a, const Threading& t) -> std::unique_ptr<Step> { return std::make_unique<T>(a, t); };
}

size_t alignUp(size_t bytes) { return (bytes + 63) / 64 * 64; }
int64_t blocksOf(int64_t channels) { return (channels + lanes() - 1) / lanes(); }
float* floats(char* p) { return reinterpret_cast<float*>(p); }

DepthwiseGeometry depthwiseGeometry(const Attributes& a) {
  DepthwiseGeometry g{};
  g.channelBlocks = blocksOf(a.integer("channels"));
  g.height = a.integer("height");
  g.width = a.integer("width");
  g.outHeight = a.integer("outHeight");
  g.outWidth = a.integer("outWidth");
  g.kernelH = a.integer("kernelHeight");
  g.kernelW = a.integer("kernelWidth");
  const auto s = a.integers("strides"), d = a.integers("dilation"), p = a.integers("padding");
  g.strideH = s.at(0);
  g.strideW = s.at(1);
  g.dilationH = d.at(0);
  g.dilationW = d.at(1);
  g.padTop = p.at(0);
  g.padLeft = p.at(2);
  return g;
}

/** Bounds of an optional clamp: an array [low, high]. */
void bounds(const Attributes& a, const char* name, float& low, float& high) {
  if (!a.has(name)) return;
  const auto values = a.reals(name);
  low = values.at(0);
  high = values.at(1);
}

/** x, weights, bias?, residual? -> y */
class DepthwiseForwardStep : public Step {
 public:
  DepthwiseForwardStep(const Attributes& a, const Threading& t)
      : split_(t.split), images_(a.integer("images")), bias_(a.flag("bias")), residual_(a.flag("residual")) {
    call_.geometry = depthwiseGeometry(a);
    bounds(a, "clamp", call_.low, call_.high);
    bounds(a, "inputClamp", call_.inputLow, call_.inputHigh);
    scratch_ = alignUp(spatialKernels().depthwise_forward_scratch_bytes(call_.geometry));
  }
  size_t scratchBytes() const override { return scratch_ * split_; }
  void run(char* const* p, const StepContext& context) override {
    DepthwiseForward call = call_;
    int at = 0;
    call.x = floats(p[at++]);
    call.weights = floats(p[at++]);
    if (bias_) call.bias = floats(p[at++]);
    if (residual_) call.residual = floats(p[at++]);
    call.y = floats(p[at]);
    parallelRanges(split_, images_ * call.geometry.channelBlocks, 1, [&](int thread, int64_t begin, int64_t end) {
      spatialKernels().depthwise_forward(call, begin, end, context.scratch + scratch_ * thread);
    });
  }

 private:
  int split_;
  int64_t images_;
  bool bias_, residual_;
  DepthwiseForward call_{};
  size_t scratch_;
};

/**
 * dy, [y], [x], [weights], [addend] -> [dx], [dw], [db], [dxb]; attribute flags tell which are there. Sums are added to from the
 * second chunk on. With several threads each has its own accumulators (in scratch), added in order of threads.
 */
class DepthwiseBackwardStep : public Step {
 public:
  DepthwiseBackwardStep(const Attributes& a, const Threading& t)
      : split_(t.split), images_(a.integer("images")), y_(a.flag("y")), x_(a.flag("x")), weights_(a.flag("weights")), addend_(a.flag("addend")), dx_(a.flag("dx")),
        dw_(a.flag("dw")), db_(a.flag("db")), dxb_(a.flag("dxb")) {
    call_.geometry = depthwiseGeometry(a);
    call_.batch = images_;
    bounds(a, "clamp", call_.low, call_.high);
    bounds(a, "inputClamp", call_.inputLow, call_.inputHigh);
    call_.maskX = a.has("maskX");
    bounds(a, "maskX", call_.lowX, call_.highX);
    call_.addAfterMask = a.flag("addAfterMask");
    const auto& g = call_.geometry;
    dwCount_ = dw_ ? g.channelBlocks * g.kernelH * g.kernelW * lanes() : 0;
    dbCount_ = g.channelBlocks * lanes();
    scratch_ = alignUp(spatialKernels().depthwise_backward_scratch_bytes(g));
    accumulators_ = alignUp((dwCount_ + (db_ ? dbCount_ : 0) + (dxb_ ? dbCount_ : 0)) * sizeof(float));
  }
  size_t scratchBytes() const override { return (scratch_ + accumulators_) * split_; }
  void run(char* const* p, const StepContext& context) override {
    DepthwiseBackward call = call_;
    int at = 0;
    call.dy = floats(p[at++]);
    if (y_) call.y = floats(p[at++]);
    if (x_) call.x = floats(p[at++]);
    if (weights_) call.weights = floats(p[at++]);
    if (addend_) call.addend = floats(p[at++]);
    if (dx_) call.dx = floats(p[at++]);
    float* dw = dw_ ? floats(p[at++]) : nullptr;
    float* db = db_ ? floats(p[at++]) : nullptr;
    float* dxb = dxb_ ? floats(p[at++]) : nullptr;
    auto clear = [&](float* sum, int64_t count) {
      if (sum) std::memset(sum, 0, count * sizeof(float));
    };
    if (context.firstChunk) {
      clear(dw, dwCount_);
      clear(db, dbCount_);
      clear(dxb, dbCount_);
    }
    const int64_t total = call.geometry.channelBlocks * images_;
    if (split_ == 1) {
      call.dwAcc = dw;
      call.dbAcc = db;
      call.dxbAcc = dxb;
      spatialKernels().depthwise_backward(call, 0, total, context.scratch);
      return;
    }
    for (int thread = 0; thread < split_; thread++) std::memset(context.scratch + (scratch_ + accumulators_) * thread + scratch_, 0, accumulators_);
    parallelRanges(split_, total, 1, [&](int thread, int64_t begin, int64_t end) {
      char* own = context.scratch + (scratch_ + accumulators_) * thread;
      DepthwiseBackward part = call;
      place(part, floats(own + scratch_));
      spatialKernels().depthwise_backward(part, begin, end, own);
    });
    for (int thread = 0; thread < split_; thread++) {
      DepthwiseBackward part{};
      place(part, floats(context.scratch + (scratch_ + accumulators_) * thread + scratch_));
      add(dw, part.dwAcc, dwCount_);
      add(db, part.dbAcc, dbCount_);
      add(dxb, part.dxbAcc, dbCount_);
    }
  }

 private:
  void place(DepthwiseBackward& call, float* from) const {
    call.dwAcc = dw_ ? from : nullptr;
    from += dwCount_;
    call.dbAcc = db_ ? from : nullptr;
    if (db_) from += dbCount_;
    call.dxbAcc = dxb_ ? from : nullptr;
  }
  static void add(float* to, const float* from, int64_t count) {
    if (to)
      for (int64_t i = 0; i < count; i++) to[i] += from[i];
  }
  int split_;
  int64_t images_;
  bool y_, x_, weights_, addend_, dx_, dw_, db_, dxb_;
  DepthwiseBackward call_{};
  int64_t dwCount_, dbCount_;
  size_t scratch_, accumulators_;
};

PoolGeometry poolGeometry(const Attributes& a) {
  PoolGeometry g{};
  g.height = a.integer("height");
  g.width = a.integer("width");
  g.outHeight = a.integer("outHeight");
  g.outWidth = a.integer("outWidth");
  const auto w = a.integers("window"), s = a.integers("strides"), p = a.integers("padding");
  g.windowH = w.at(0);
  g.windowW = w.at(1);
  g.strideH = s.at(0);
  g.strideW = s.at(1);
  g.padTop = p.at(0);
  g.padLeft = p.at(2);
  return g;
}

/** x, residual? -> y */
class PoolForwardStep : public Step {
 public:
  PoolForwardStep(const Attributes& a, const Threading& t)
      : split_(t.split), planes_(a.integer("images") * blocksOf(a.integer("channels"))), max_(a.text("op") == "max"), residual_(a.flag("residual")) {
    call_.geometry = poolGeometry(a);
  }
  void run(char* const* p, const StepContext&) override {
    PoolForward call = call_;
    call.x = floats(p[0]);
    if (residual_) call.residual = floats(p[1]);
    call.y = floats(p[residual_ ? 2 : 1]);
    parallelRanges(split_, planes_, 1, [&](int, int64_t begin, int64_t end) {
      if (max_) spatialKernels().max_pool_forward(call, begin, end);
      else spatialKernels().avg_pool_forward(call, begin, end);
    });
  }

 private:
  int split_;
  int64_t planes_;
  bool max_, residual_;
  PoolForward call_{};
};

/** max: x, dy -> dx; average: dy -> dx */
class PoolBackwardStep : public Step {
 public:
  PoolBackwardStep(const Attributes& a, const Threading& t)
      : split_(t.split), planes_(a.integer("images") * blocksOf(a.integer("channels"))), max_(a.text("op") == "max") {
    call_.geometry = poolGeometry(a);
    scratch_ = max_ ? alignUp(spatialKernels().max_pool_backward_scratch_bytes(call_.geometry)) : 0;
  }
  size_t scratchBytes() const override { return scratch_ * split_; }
  void run(char* const* p, const StepContext& context) override {
    PoolBackward call = call_;
    call.x = max_ ? floats(p[0]) : nullptr;
    call.dy = floats(p[max_ ? 1 : 0]);
    call.dx = floats(p[max_ ? 2 : 1]);
    parallelRanges(split_, planes_, 1, [&](int thread, int64_t begin, int64_t end) {
      if (max_) spatialKernels().max_pool_backward(call, begin, end, context.scratch + scratch_ * thread);
      else spatialKernels().avg_pool_backward(call, begin, end);
    });
  }

 private:
  int split_;
  int64_t planes_;
  bool max_;
  PoolBackward call_{};
  size_t scratch_;
};

/** x -> sums over images and pixels, one for each channel (padded to whole blocks). Added to from the second chunk on. */
class ChannelSumsStep : public Step {
 public:
  ChannelSumsStep(const Attributes& a, const Threading& t) : split_(t.split) {
    call_.channelBlocks = blocksOf(a.integer("channels"));
    call_.batch = a.integer("images");
    call_.pixels = a.integer("pixels");
    count_ = call_.channelBlocks * lanes();
    part_ = alignUp(count_ * sizeof(float));
  }
  size_t scratchBytes() const override { return part_ * split_; }
  void run(char* const* p, const StepContext& context) override {
    ChannelSums call = call_;
    call.x = floats(p[0]);
    float* sums = floats(p[1]);
    if (context.firstChunk) std::memset(sums, 0, count_ * sizeof(float));
    const int64_t total = call.channelBlocks * call.batch;
    if (split_ == 1) {
      call.sumAcc = sums;
      spatialKernels().channel_sums(call, 0, total);
      return;
    }
    std::memset(context.scratch, 0, part_ * split_);
    parallelRanges(split_, total, 1, [&](int thread, int64_t begin, int64_t end) {
      ChannelSums own = call;
      own.sumAcc = floats(context.scratch + part_ * thread);
      spatialKernels().channel_sums(own, begin, end);
    });
    for (int thread = 0; thread < split_; thread++) {
      const float* own = floats(context.scratch + part_ * thread);
      for (int64_t i = 0; i < count_; i++) sums[i] += own[i];
    }
  }

 private:
  int split_;
  ChannelSums call_{};
  int64_t count_;
  size_t part_;
};

/** x -> [2][channels], plain: mean and biased variance over images and pixels; the second pass sums squares around the mean. */
class BlockedMomentsStep : public Step {
 public:
  BlockedMomentsStep(const Attributes& a, const Threading& t) : split_(t.split), channels_(a.integer("channels")) {
    call_.channelBlocks = blocksOf(channels_);
    call_.batch = a.integer("images");
    call_.pixels = a.integer("pixels");
    count_ = call_.channelBlocks * lanes();
    part_ = alignUp(count_ * sizeof(float));
  }
  // For each thread two sums, and the mean for all.
  size_t scratchBytes() const override { return part_ * (2 * split_ + 1); }
  void run(char* const* p, const StepContext& context) override {
    float* out = floats(p[1]);
    float* mean = floats(context.scratch + part_ * 2 * split_);
    const double pixels = static_cast<double>(call_.batch) * call_.pixels;
    for (int pass = 0; pass < 2; pass++) {
      std::memset(context.scratch, 0, part_ * 2 * split_);
      parallelRanges(split_, call_.channelBlocks * call_.batch, 1, [&](int thread, int64_t begin, int64_t end) {
        ChannelSums own = call_;
        own.x = floats(p[0]);
        own.sumAcc = floats(context.scratch + part_ * 2 * thread);
        if (pass == 1) {
          own.xShift = mean;
          own.productAcc = floats(context.scratch + part_ * (2 * thread + 1));
        }
        spatialKernels().channel_sums(own, begin, end);
      });
      for (int64_t c = 0; c < count_; c++) {
        double sum = 0, product = 0;
        for (int thread = 0; thread < split_; thread++) {
          sum += floats(context.scratch + part_ * 2 * thread)[c];
          product += floats(context.scratch + part_ * (2 * thread + 1))[c];
        }
        if (pass == 0) {
          mean[c] = static_cast<float>(sum / pixels);
        } else if (c < channels_) {
          const double off = sum / pixels;  // what float32 lost of the mean
          out[c] = static_cast<float>(mean[c] + off);
          out[channels_ + c] = static_cast<float>(product / pixels - off * off);
        }
      }
    }
  }

 private:
  int split_;
  int64_t channels_;
  ChannelSums call_{};
  int64_t count_;
  size_t part_;
};

/** x -> [images][channels], plain */
class SpatialSumsStep : public Step {
 public:
  SpatialSumsStep(const Attributes& a, const Threading& t) : split_(t.split), planes_(a.integer("images") * blocksOf(a.integer("channels"))) {
    call_.channels = a.integer("channels");
    call_.pixels = a.integer("pixels");
  }
  void run(char* const* p, const StepContext&) override {
    SpatialSums call = call_;
    call.x = floats(p[0]);
    call.sums = floats(p[1]);
    parallelRanges(split_, planes_, 1, [&](int, int64_t begin, int64_t end) { spatialKernels().spatial_sums(call, begin, end); });
  }

 private:
  int split_;
  int64_t planes_;
  SpatialSums call_{};
};

/** images, transforms -> y; with `grad`: dy, transforms -> dImages */
class AffineStep : public Step {
 public:
  AffineStep(const Attributes& a, const Threading& t) : split_(t.split), images_(a.integer("images")), grad_(a.flag("grad")) {
    call_.height = call_.outHeight = a.integer("height");
    call_.width = call_.outWidth = a.integer("width");
    call_.channels = a.integer("channels");
    call_.interpolation = a.text("interpolation") == "nearest" ? Interpolation::nearest : Interpolation::bilinear;
    const std::string mode = a.text("fillMode");
    call_.fillMode = mode == "reflect" ? FillMode::reflect : mode == "wrap" ? FillMode::wrap : mode == "nearest" ? FillMode::nearest : FillMode::constant;
    call_.fillValue = a.real("fillValue");
  }
  void run(char* const* p, const StepContext&) override {
    if (grad_) {
      AffineSampleGrad call{};
      call.height = call.outHeight = call_.height;
      call.width = call.outWidth = call_.width;
      call.channels = call_.channels;
      call.dy = floats(p[0]);
      call.transforms = floats(p[1]);
      call.dImages = floats(p[2]);
      call.interpolation = call_.interpolation;
      call.fillMode = call_.fillMode;
      parallelRanges(split_, images_, 1, [&](int, int64_t begin, int64_t end) { spatialKernels().affine_sample_grad(call, begin, end); });
      return;
    }
    AffineSample call = call_;
    call.images = p[0];
    call.transforms = floats(p[1]);
    call.y = floats(p[2]);
    parallelRanges(split_, images_ * call.outHeight, 1, [&](int, int64_t begin, int64_t end) { spatialKernels().affine_sample(call, begin, end); });
  }

 private:
  int split_;
  int64_t images_;
  bool grad_;
  AffineSample call_{};
};

/** x -> y, or with `grad` dy -> dx; tables of both axes come as attributes. */
class ResizeStep : public Step {
 public:
  ResizeStep(const Attributes& a, const Threading& t) : split_(t.split), images_(a.integer("images")), channels_(a.integer("channels")), grad_(a.flag("grad")) {
    axis(a, "rows", rows_);
    axis(a, "columns", columns_);
    scratch_ = alignUp(spatialKernels().resize_scratch_bytes(rows_.table, columns_.table, channels_));
  }
  size_t scratchBytes() const override { return scratch_ * split_; }
  void run(char* const* p, const StepContext& context) override {
    if (grad_) {
      ResizeGrad call{rows_.table, columns_.table, channels_, floats(p[0]), floats(p[1])};
      parallelRanges(split_, images_, 1, [&](int thread, int64_t begin, int64_t end) { spatialKernels().resize_grad(call, begin, end, context.scratch + scratch_ * thread); });
      return;
    }
    Resize call{};
    call.rows = rows_.table;
    call.columns = columns_.table;
    call.channels = channels_;
    call.x = p[0];
    call.y = floats(p[1]);
    parallelRanges(split_, images_ * rows_.table.outSize, 1, [&](int thread, int64_t begin, int64_t end) {
      spatialKernels().resize(call, begin, end, context.scratch + scratch_ * thread);
    });
  }

 private:
  struct Axis {
    std::vector<int32_t> start;
    std::vector<float> weights;
    ResizeAxis table{};
  };
  static void axis(const Attributes& a, const std::string& name, Axis& out) {
    for (int64_t s : a.integers((name + "Start").c_str())) out.start.push_back(static_cast<int32_t>(s));
    out.weights = a.reals((name + "Weights").c_str());
    out.table.inSize = a.integer((name + "In").c_str());
    out.table.outSize = static_cast<int64_t>(out.start.size());
    out.table.taps = out.start.empty() ? 1 : static_cast<int64_t>(out.weights.size() / out.start.size());
    out.table.start = out.start.data();
    out.table.weights = out.weights.data();
    for (int32_t s : out.start)
      if (s < 0 || s + out.table.taps > out.table.inSize) throw std::invalid_argument("resize: a table reads outside its axis");
  }
  int split_;
  int64_t images_, channels_;
  bool grad_;
  Axis rows_, columns_;
  size_t scratch_;
};

/** kind: toBlocked, toPlain (float32), toPlanes ([N][pixels][C] -> [N][C][pixels]). */
class LayoutStep : public Step {
 public:
  LayoutStep(const Attributes& a, const Threading& t)
      : split_(t.split), images_(a.integer("images")), channels_(a.integer("channels")), pixels_(a.integer("pixels")), kind_(a.text("kind")) {}
  void run(char* const* p, const StepContext&) override {
    const SpatialKernels& k = spatialKernels();
    const int64_t grain = std::max<int64_t>(1, 4096 / channels_);
    parallelRanges(split_, images_ * pixels_, grain, [&](int, int64_t begin, int64_t end) {
      if (kind_ == "toPlanes") {
        PlanesFromNhwc call{};
        call.channels = channels_;
        call.pixels = pixels_;
        call.x = p[0];
        call.y = floats(p[1]);
        k.planes_from_nhwc(call, begin, end);
        return;
      }
      const LayoutChange call{channels_, pixels_, floats(p[0]), floats(p[1])};
      if (kind_ == "toBlocked") k.nhwc_to_blocked(call, begin, end);
      else k.blocked_to_nhwc(call, begin, end);
    });
  }

 private:
  int split_;
  int64_t images_, channels_, pixels_;
  std::string kind_;
};

/** [taps][channels] -> [CB][taps][L], or back with `unpack`. */
class DepthwiseWeightsStep : public Step {
 public:
  DepthwiseWeightsStep(const Attributes& a, const Threading& t) : split_(t.split), channels_(a.integer("channels")), taps_(a.integer("taps")), unpack_(a.flag("unpack")) {}
  size_t packedBytes() const override { return blocksOf(channels_) * taps_ * lanes() * sizeof(float); }
  void run(char* const* p, const StepContext&) override {
    const DepthwiseWeights call{channels_, taps_, floats(p[0]), floats(p[1])};
    parallelRanges(split_, blocksOf(channels_), 16, [&](int, int64_t begin, int64_t end) {
      if (unpack_) spatialKernels().unpack_depthwise_weights(call, begin, end);
      else spatialKernels().pack_depthwise_weights(call, begin, end);
    });
  }

 private:
  int split_;
  int64_t channels_, taps_;
  bool unpack_;
};

/** x -> every strideH-th, strideW-th pixel; with `grad` the reverse, zeros between. */
class SubsampleStep : public Step {
 public:
  SubsampleStep(const Attributes& a, const Threading& t)
      : split_(t.split), planes_(a.integer("images") * blocksOf(a.integer("channels"))), grad_(a.flag("grad")), height_(a.integer("height")), width_(a.integer("width")),
        outHeight_(a.integer("outHeight")), outWidth_(a.integer("outWidth")), strides_(a.integers("strides")) {}
  void run(char* const* p, const StepContext&) override {
    parallelRanges(split_, planes_, 1, [&](int, int64_t begin, int64_t end) {
      if (grad_) {
        const SubsampleGrad call{height_, width_, outHeight_, outWidth_, strides_.at(0), strides_.at(1), floats(p[0]), floats(p[1]), false};
        spatialKernels().subsample_grad(call, begin, end);
      } else {
        const Subsample call{height_, width_, outHeight_, outWidth_, strides_.at(0), strides_.at(1), floats(p[0]), floats(p[1])};
        spatialKernels().subsample(call, begin, end);
      }
    });
  }

 private:
  int split_;
  int64_t planes_;
  bool grad_;
  int64_t height_, width_, outHeight_, outWidth_;
  std::vector<int64_t> strides_;
};

const StepRegistrar depthwiseForward("depthwiseForward", factory<DepthwiseForwardStep>()), depthwiseBackward("depthwiseBackward", factory<DepthwiseBackwardStep>()),
    poolForward("poolForward", factory<PoolForwardStep>()), poolBackward("poolBackward", factory<PoolBackwardStep>()),
    channelSums("channelSums", factory<ChannelSumsStep>()), blockedMoments("blockedMoments", factory<BlockedMomentsStep>()), spatialSums("spatialSums", factory<SpatialSumsStep>()), affine("affine", factory<AffineStep>()),
    resize("resize", factory<ResizeStep>()), layout("layout", factory<LayoutStep>()), depthwiseWeights("depthwiseWeights", factory<DepthwiseWeightsStep>()),
    subsample("subsample", factory<SubsampleStep>());

}  // namespace
}  // namespace tanuki
