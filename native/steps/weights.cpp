// Passes over weights that oneDNN would need two of: scaling while packing, transposing packed blocks, sums of products by column.
#include <algorithm>

#include "../src/isa.h"
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

/** kernel [in][out], scale [out] -> kernel * scale in blocks [out/L][in/L][L in][L out] (OIhwLiLo), surplus channels zero. */
class PackPointwise : public Step {
 public:
  PackPointwise(const Attributes& a, const Threading& t) : split_(t.split), in_(a.integer("inChannels")), out_(a.integer("outChannels")) {}
  void run(char* const* p, const StepContext&) override {
    if (lanes() == 16) pack<16>(floats(p[0]), floats(p[1]), floats(p[2]));
    else pack<8>(floats(p[0]), floats(p[1]), floats(p[2]));
  }

 private:
  template <int L>
  void pack(const float* kernel, const float* scale, float* packed) const {
    const int64_t inBlocks = blocksOf(in_), outBlocks = blocksOf(out_);
    // Rows of the kernel are read in order: L of them stay in the cache while their columns are dealt out.
    parallelRanges(split_, inBlocks, 1, [&](int, int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++)
        for (int64_t block = 0; block < outBlocks; block++) {
          const int64_t valid = std::min<int64_t>(L, out_ - block * L);
          const float* factor = scale + block * L;
          float* to = packed + (block * inBlocks + row) * L * L;
          for (int64_t i = row * L; i < row * L + L; i++, to += L) {
            const float* from = kernel + i * out_ + block * L;
            if (i < in_ && valid == L)
              for (int o = 0; o < L; o++) to[o] = from[o] * factor[o];
            else
              for (int o = 0; o < L; o++) to[o] = i < in_ && o < valid ? from[o] * factor[o] : 0;
          }
        }
    });
  }
  int split_;
  int64_t in_, out_;
};

/** [out/L][in/L][L in][L out] -> [in/L][out/L][L out][L in]: the kernel of the transposed convolution. */
class TransposePacked : public Step {
 public:
  TransposePacked(const Attributes& a, const Threading& t)
      : split_(t.split), inBlocks_(blocksOf(a.integer("inChannels"))), outBlocks_(blocksOf(a.integer("outChannels"))) {}
  void run(char* const* p, const StepContext&) override {
    if (lanes() == 16) transpose<16>(floats(p[0]), floats(p[1]));
    else transpose<8>(floats(p[0]), floats(p[1]));
  }

 private:
  template <int L>
  void transpose(const float* from, float* to) const {
    parallelRanges(split_, inBlocks_, 1, [&](int, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++)
        for (int64_t o = 0; o < outBlocks_; o++) {
          const float* source = from + (o * inBlocks_ + i) * L * L;
          float* target = to + (i * outBlocks_ + o) * L * L;
          for (int row = 0; row < L; row++)
            for (int column = 0; column < L; column++) target[row * L + column] = source[column * L + row];
        }
    });
  }
  int split_;
  int64_t inBlocks_, outBlocks_;
};

/** a, b [rows][columns] -> sum over rows of a * b, one for each column. */
class ProductSums : public Step {
 public:
  ProductSums(const Attributes& a, const Threading& t) : split_(t.split), rows_(a.integer("rows")), columns_(a.integer("columns")) {}
  void run(char* const* p, const StepContext&) override {
    const float *a = floats(p[0]), *b = floats(p[1]);
    float* sums = floats(p[2]);
    constexpr int kBlock = 64;
    // Short sums in float32, their total in float64: as accurate as the reductions.
    constexpr int64_t kShort = 32;
    parallelRanges(split_, columns_, kBlock, [&](int, int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; c += kBlock) {
        const int width = static_cast<int>(std::min<int64_t>(kBlock, end - c));
        double total[kBlock] = {};
        for (int64_t row = 0; row < rows_; row += kShort) {
          float part[kBlock] = {};
          const int64_t last = std::min(rows_, row + kShort);
          for (int64_t r = row; r < last; r++)
            for (int i = 0; i < width; i++) part[i] += a[r * columns_ + c + i] * b[r * columns_ + c + i];
          for (int i = 0; i < width; i++) total[i] += part[i];
        }
        for (int i = 0; i < width; i++) sums[c + i] = static_cast<float>(total[i]);
      }
    });
  }

 private:
  int split_;
  int64_t rows_, columns_;
};

const StepRegistrar packPointwise("packPointwise", factory<PackPointwise>()), transposePacked("transposePacked", factory<TransposePacked>()),
    productSums("productSums", factory<ProductSums>());

}  // namespace
}  // namespace tanuki
