// Passes over weights that oneDNN would need two of: scaling while packing, transposing packed blocks, sums of products by column.
#include "../src/kernels.h"
#include "../src/parallel.h"
#include "../src/step.h"

namespace tanuki {
namespace {

template <class T>
StepFactory factory() {
  return [](const Attributes& a, const Threading& t) -> std::unique_ptr<Step> { return std::make_unique<T>(a, t); };
}

int64_t blocksOf(int64_t channels) { return (channels + lanes() - 1) / lanes(); }
float* floats(char* p) { return reinterpret_cast<float*>(p); }

/** What the steps over one packed 1x1 kernel share: they are split by blocks of input channels. */
class PointwiseStep : public Step {
 public:
  PointwiseStep(const Attributes& a, const Threading& t) : split_(t.split), kernel_{a.integer("inChannels"), a.integer("outChannels")} {}

 protected:
  template <class Body>
  void overBlocks(Body&& body) const {
    parallelRanges(split_, blocksOf(kernel_.in), 1, body);
  }
  int split_;
  PointwiseKernel kernel_;
};

/** kernel [in][out], scale [out] -> kernel * scale, packed */
class PackPointwise : public PointwiseStep {
 public:
  using PointwiseStep::PointwiseStep;
  void run(char* const* p, const StepContext&) override {
    overBlocks([&](int, int64_t begin, int64_t end) { weightKernels().pack_pointwise(kernel_, floats(p[0]), floats(p[1]), floats(p[2]), begin, end); });
  }
};

/** packed kernel -> that of the transposed convolution */
class TransposePacked : public PointwiseStep {
 public:
  using PointwiseStep::PointwiseStep;
  void run(char* const* p, const StepContext&) override {
    overBlocks([&](int, int64_t begin, int64_t end) { weightKernels().transpose_packed(kernel_, floats(p[0]), floats(p[1]), begin, end); });
  }
};

/** a, b [rows][columns] -> sum over rows of a * b, one for each column. */
class ProductSums : public Step {
 public:
  ProductSums(const Attributes& a, const Threading& t) : split_(t.split), rows_(a.integer("rows")), columns_(a.integer("columns")) {}
  void run(char* const* p, const StepContext&) override {
    parallelRanges(split_, columns_, 64, [&](int, int64_t begin, int64_t end) {
      weightKernels().product_sums(floats(p[0]), floats(p[1]), rows_, columns_, floats(p[2]), begin, end);
    });
  }

 private:
  int split_;
  int64_t rows_, columns_;
};

const StepRegistrar packPointwise("packPointwise", factory<PackPointwise>()), transposePacked("transposePacked", factory<TransposePacked>()), productSums("productSums", factory<ProductSums>());

}  // namespace
}  // namespace tanuki
