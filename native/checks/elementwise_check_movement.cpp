// Copies, fills, gathers, scatters, sorting and random numbers over random views and ranges, against plain loops.
#include "elementwise_check.h"

#include <algorithm>

namespace check {

using tanuki::AxisView;

namespace {

struct Count {
  int cases = 0, wrong = 0;
  void note(bool good) { cases++, wrong += !good; }
  void say(const char* name) const {
    report(name, wrong == 0, std::to_string(cases) + " cases, " + std::to_string(wrong) + " wrong");
  }
};

/** Row-major strides of a random order of dims; returns the number of elements spanned. */
int64_t stridesInOrder(Random& random, int rank, const int64_t* sizes, int64_t* strides, bool shuffled, int64_t unit) {
  int order[tanuki::kCopyDims];
  for (int d = 0; d < rank; d++) order[d] = d;
  if (shuffled)
    for (int d = rank - 1; d > 0; d--) std::swap(order[d], order[random.integer(0, d)]);
  int64_t stride = unit;
  for (int k = rank - 1; k >= 0; k--) strides[order[k]] = stride, stride *= sizes[order[k]];
  return stride;
}

template <class T>
bool copyCase(Random& random, const ElementwiseKernels& kernels) {
  tanuki::CopyView v = {};
  v.rank = static_cast<int>(random.integer(0, tanuki::kCopyDims));
  const int64_t limits[] = {1, 3000, 90, 25, 9, 6, 4, 3, 3};
  int64_t total = 1;
  for (int d = 0; d < v.rank; d++) v.sizes[d] = random.chance(15) ? 1 : random.integer(1, limits[v.rank]), total *= v.sizes[d];
  const int64_t srcSpan = stridesInOrder(random, v.rank, v.sizes, v.srcStrides, random.chance(60), random.chance(80) ? 1 : 2);
  const int64_t dstSpan = stridesInOrder(random, v.rank, v.sizes, v.dstStrides, random.chance(15), random.chance(80) ? 1 : 3);
  int64_t start = 0;
  for (int d = 0; d < v.rank; d++) {
    if (random.chance(12)) v.srcStrides[d] = 0;
    else if (random.chance(15)) start += (v.sizes[d] - 1) * v.srcStrides[d], v.srcStrides[d] = -v.srcStrides[d];
  }
  std::vector<T> src = exactly<T>(srcSpan), dst = exactly<T>(dstSpan), want = dst;
  for (T& e : src) e = static_cast<T>(random.next());
  for (size_t i = 0; i < dst.size(); i++) dst[i] = want[i] = static_cast<T>(i * 7);
  for (int64_t e = 0; e < total; e++) {
    int64_t rest = e, from = start, to = 0;
    for (int d = v.rank - 1; d >= 0; d--) {
      from += rest % v.sizes[d] * v.srcStrides[d], to += rest % v.sizes[d] * v.dstStrides[d];
      rest /= v.sizes[d];
    }
    want[static_cast<size_t>(to)] = src[static_cast<size_t>(from)];
  }
  cutAtRandom(random, total,
              [&](int64_t b, int64_t e) { kernels.copy(v, sizeof(T), src.data() + start, dst.data(), b, e); });
  return dst == want;
}

AxisView randomAxis(Random& random) {
  const bool last = random.chance(40);
  return {random.integer(1, 6), random.integer(1, 30), last ? 1 : random.integer(1, 50), random.integer(0, 40)};
}

/** Random indices; with `spoil`, one outside of the axis. Returns the position of that, or -1. */
int64_t makeIndices(Random& random, std::vector<int32_t>& indices, int64_t axis, bool spoil) {
  for (int32_t& i : indices) i = static_cast<int32_t>(random.integer(0, axis - 1));
  if (!spoil || indices.empty()) return -1;
  const int64_t at = random.integer(0, static_cast<int64_t>(indices.size()) - 1);
  indices[static_cast<size_t>(at)] = random.chance(50) ? -1 : static_cast<int32_t>(axis);
  return at;
}

/** The first bad position that any of the ranges reports. */
template <class Call>
int64_t inRanges(Random& random, int64_t count, Call&& call) {
  int64_t bad = -1;
  cutAtRandom(random, count, [&](int64_t b, int64_t e) {
    const int64_t found = call(b, e);
    if (found >= 0 && (bad < 0 || found < bad)) bad = found;
  });
  return bad;
}

template <class T>
void checkGather(Random& random, const ElementwiseKernels& kernels, const char* name, const char* nameAlong) {
  Count rows, along;
  for (int n = 0; n < 400; n++) {
    const AxisView v = randomAxis(random);
    std::vector<T> x = exactly<T>(v.outer * v.axis * v.inner);
    for (T& e : x) e = static_cast<T>(random.next());
    std::vector<T> y(static_cast<size_t>(v.outer * v.count * v.inner), T{9}), want = y;
    std::vector<int32_t> indices = exactly<int32_t>(v.count);
    int64_t spoilt = makeIndices(random, indices, v.axis, random.chance(20));
    int64_t bad = inRanges(random, v.outer * v.count, [&](int64_t b, int64_t e) {
      return kernels.gather(x.data(), sizeof(T), indices.data(), v, y.data(), b, e);
    });
    const auto expect = [&](bool single) {
      for (int64_t o = 0; o < v.outer; o++)
        for (int64_t j = 0; j < v.count; j++)
          for (int64_t i = 0; i < v.inner; i++) {
            const int64_t at = (o * v.count + j) * v.inner + i;
            const int32_t index = indices[static_cast<size_t>(single ? j : at)];
            if (index >= 0 && index < v.axis)
              want[static_cast<size_t>(at)] = x[static_cast<size_t>((o * v.axis + index) * v.inner + i)];
          }
    };
    expect(true);
    rows.note(bad == spoilt && y == want);
    indices.resize(y.size());
    spoilt = makeIndices(random, indices, v.axis, random.chance(20));
    std::fill(y.begin(), y.end(), T{9});
    want = y;
    bad = inRanges(random, static_cast<int64_t>(y.size()), [&](int64_t b, int64_t e) {
      return kernels.takeAlong(x.data(), sizeof(T), indices.data(), v, y.data(), b, e);
    });
    expect(false);
    along.note(bad == spoilt && y == want);
  }
  rows.say(name);
  along.say(nameAlong);
}

template <class T, class Add, class Along>
void checkScatter(Random& random, Add scatterAdd, Along scatterAlong, const char* name, const char* nameAlong) {
  Count rows, along;
  for (int n = 0; n < 400; n++) {
    const AxisView v = randomAxis(random);
    std::vector<T> updates = exactly<T>(v.outer * v.count * v.inner);
    for (T& e : updates) e = static_cast<T>(random.integer(-1000000, 1000000)) / 3;
    const auto expect = [&](const std::vector<int32_t>& indices, bool single) {
      std::vector<T> want(static_cast<size_t>(v.outer * v.axis * v.inner), T{});
      for (int64_t o = 0; o < v.outer; o++)
        for (int64_t j = 0; j < v.count; j++)
          for (int64_t i = 0; i < v.inner; i++) {
            const int64_t at = (o * v.count + j) * v.inner + i;
            const int32_t index = indices[static_cast<size_t>(single ? j : at)];
            if (index >= 0 && index < v.axis)
              want[static_cast<size_t>((o * v.axis + index) * v.inner + i)] += updates[static_cast<size_t>(at)];
          }
      return want;
    };
    std::vector<T> y(static_cast<size_t>(v.outer * v.axis * v.inner), T{9});
    std::vector<int32_t> indices = exactly<int32_t>(v.count);
    int64_t spoilt = makeIndices(random, indices, v.axis, random.chance(20));
    int64_t bad = inRanges(random, v.outer * v.axis, [&](int64_t b, int64_t e) {
      return scatterAdd(indices.data(), updates.data(), v, y.data(), b, e);
    });
    rows.note(bad == spoilt && y == expect(indices, true));
    indices.resize(updates.size());
    spoilt = makeIndices(random, indices, v.axis, random.chance(20));
    std::fill(y.begin(), y.end(), T{9});
    bad = inRanges(random, v.outer * v.inner, [&](int64_t b, int64_t e) {
      return scatterAlong(indices.data(), updates.data(), v, y.data(), b, e);
    });
    along.note(bad == spoilt && y == expect(indices, false));
  }
  rows.say(name);
  along.say(nameAlong);
}

template <class T, class Sort>
void checkSort(Random& random, const ElementwiseKernels& kernels, Sort sort, const char* name) {
  Count count;
  for (int n = 0; n < 200; n++) {
    const AxisView v = {random.integer(1, 4), random.integer(1, n % 4 == 0 ? 2000 : 90), random.integer(1, 4), 0};
    const bool descending = random.chance(50), fewValues = random.chance(40);
    std::vector<T> x = exactly<T>(v.outer * v.axis * v.inner);
    for (T& e : x) {
      if (std::is_same<T, float>::value) e = static_cast<T>(fewValues ? static_cast<float>(random.integer(-2, 2)) * 0.0f : random.real());
      else e = static_cast<T>(fewValues ? random.integer(-3, 3) : static_cast<int64_t>(static_cast<int32_t>(random.next())));
    }
    std::vector<int32_t> y = exactly<int32_t>(v.outer * v.axis * v.inner), want = y;
    Aligned scratch(kernels.argSortScratchBytes(v));
    cutAtRandom(random, v.outer * v.inner,
                [&](int64_t b, int64_t e) { sort(x.data(), v, descending, y.data(), b, e, scratch.data); });
    for (int64_t c = 0; c < v.outer * v.inner; c++) {
      const int64_t base = c / v.inner * v.axis * v.inner + c % v.inner;
      std::vector<int32_t> order(static_cast<size_t>(v.axis));
      for (size_t i = 0; i < order.size(); i++) order[i] = static_cast<int32_t>(i);
      const auto less = [&](int32_t a, int32_t b) {
        const T p = x[static_cast<size_t>(base + a * v.inner)], q = x[static_cast<size_t>(base + b * v.inner)];
        return p != p ? false : q != q ? true : p < q;
      };
      std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return descending ? less(b, a) : less(a, b); });
      for (size_t i = 0; i < order.size(); i++) want[static_cast<size_t>(base + static_cast<int64_t>(i) * v.inner)] = order[i];
    }
    count.note(y == want);
  }
  count.say(name);
}

void checkFills(Random& random, const ElementwiseKernels& kernels) {
  Count fills, counts;
  for (int n = 0; n < 300; n++) {
    const int64_t size = random.integer(0, 300), begin = random.integer(0, size), end = random.integer(begin, size);
    std::vector<uint32_t> words(static_cast<size_t>(size), 1), wantWords = words;
    std::vector<uint8_t> bytes(static_cast<size_t>(size), 1), wantBytes = bytes;
    kernels.fill(words.data(), 4, 0xdeadbe77u, begin, end);
    kernels.fill(bytes.data(), 1, 0xdeadbe77u, begin, end);
    for (int64_t i = begin; i < end; i++) wantWords[static_cast<size_t>(i)] = 0xdeadbe77u, wantBytes[static_cast<size_t>(i)] = 0x77;
    fills.note(words == wantWords && bytes == wantBytes);
    const AxisView v = randomAxis(random);
    const int64_t total = v.outer * v.axis * v.inner;
    std::vector<float> reals(static_cast<size_t>(total));
    std::vector<int32_t> whole(static_cast<size_t>(total));
    cutAtRandom(random, total, [&](int64_t b, int64_t e) {
      kernels.iotaF32(reals.data(), v, b, e);
      kernels.iotaI32(whole.data(), v, b, e);
    });
    bool good = true;
    for (int64_t e = 0; e < total; e++) {
      const int64_t a = e / v.inner % v.axis;
      good = good && reals[static_cast<size_t>(e)] == static_cast<float>(a) && whole[static_cast<size_t>(e)] == a;
    }
    counts.note(good);
  }
  fills.say("fill");
  counts.say("iota");
}

/** As Salmon et al. write it. */
void philox(uint32_t counter[4], uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = 0xd2511f53ull * counter[0], p1 = 0xcd9e8d57ull * counter[2];
    const uint32_t next[] = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(p1),
                             static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ key1, static_cast<uint32_t>(p0)};
    std::memcpy(counter, next, sizeof next);
    key0 += 0x9e3779b9u, key1 += 0xbb67ae85u;
  }
}

void checkPhilox(Random& random, const ElementwiseKernels& kernels) {
  // The reference above against the known answers of the authors' Random123: all zeros, and all ones.
  uint32_t zeros[4] = {0, 0, 0, 0}, ones[4] = {~0u, ~0u, ~0u, ~0u};
  philox(zeros, 0, 0), philox(ones, ~0u, ~0u);
  report("philox known answers", zeros[0] == 0x6627e8d5u && zeros[1] == 0xe169c58du && zeros[2] == 0xbc57ac4cu && zeros[3] == 0x9b00dbd8u &&
                                     ones[0] == 0x408f276du && ones[1] == 0x41c83b0eu && ones[2] == 0xa20bc7c6u && ones[3] == 0x6d5451fdu);
  Count count;
  for (int n = 0; n < 200; n++) {
    const int32_t seed[2] = {static_cast<int32_t>(random.next()), static_cast<int32_t>(random.next())};
    const int64_t total = random.integer(0, 700);
    std::vector<float> y = exactly<float>(total);
    cutAtRandom(random, total, [&](int64_t b, int64_t e) { kernels.philoxUniform(seed, y.data(), b, e); });
    bool good = true;
    for (int64_t e = 0; e < total; e++) {
      uint32_t counter[4] = {static_cast<uint32_t>(e / 4), 0, 0, 0};
      philox(counter, static_cast<uint32_t>(seed[0]), static_cast<uint32_t>(seed[1]));
      good = good && y[static_cast<size_t>(e)] == static_cast<float>(counter[e % 4] >> 8) * 0x1p-24f;
    }
    count.note(good);
  }
  count.say("philox uniform");
}

}  // namespace

void checkMovement(const ElementwiseKernels& kernels) {
  Random random(31);
  Count words, bytes;
  for (int n = 0; n < 1500; n++) words.note(copyCase<uint32_t>(random, kernels)), bytes.note(copyCase<uint8_t>(random, kernels));
  words.say("copy, 4 bytes");
  bytes.say("copy, 1 byte");
  checkFills(random, kernels);
  checkGather<uint32_t>(random, kernels, "gather, 4 bytes", "takeAlong, 4 bytes");
  checkGather<uint8_t>(random, kernels, "gather, 1 byte", "takeAlong, 1 byte");
  checkScatter<float>(random, kernels.scatterAddF32, kernels.scatterAlongF32, "scatterAdd f32", "scatterAlong f32");
  checkScatter<int32_t>(random, kernels.scatterAddI32, kernels.scatterAlongI32, "scatterAdd i32", "scatterAlong i32");
  checkSort<float>(random, kernels, kernels.argSortF32, "argSort f32");
  checkSort<int32_t>(random, kernels, kernels.argSortI32, "argSort i32");
  checkPhilox(random, kernels);
}

}  // namespace check
