// What the parts of the elementwise check share: random numbers, guarded memory, and one line a check.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../kernels/elementwise.h"

namespace check {

using tanuki::ElementwiseKernels;

struct Random {
  uint64_t state;
  explicit Random(uint64_t seed) : state(seed * 0x9e3779b97f4a7c15ull + 1) {}
  uint64_t next() {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state * 0x2545f4914f6cdd1dull;
  }
  /** low..high, both included */
  int64_t integer(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(next() % static_cast<uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return integer(1, 100) <= percent; }
  /** [0, 1) */
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  float real() {
    const int kind = static_cast<int>(integer(0, 40));
    if (kind == 0) return NAN;
    if (kind == 1) return chance(50) ? INFINITY : -INFINITY;
    if (kind == 2) return chance(50) ? 0.0f : -0.0f;
    if (kind == 3) return static_cast<float>(integer(-4, 4));
    if (kind == 4) return static_cast<float>(std::ldexp(uniform() - 0.5, static_cast<int>(integer(-150, 129))));
    return static_cast<float>((uniform() - 0.5) * 8);
  }
  float finite() { return static_cast<float>((uniform() - 0.5) * 8); }
};

/** Heap memory of exactly the size asked for, so that an address sanitizer sees every step outside. */
template <class T>
std::vector<T> exactly(int64_t count) {
  std::vector<T> v(static_cast<size_t>(count));
  v.shrink_to_fit();
  return v;
}

struct Aligned {
  explicit Aligned(size_t bytes) : data(std::aligned_alloc(64, (bytes + 63) / 64 * 64 + 64)) {
    std::memset(data, 0xa5, bytes);
  }
  ~Aligned() { std::free(data); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  void* data;
};

inline int failures = 0;

inline void report(const std::string& name, bool good, const std::string& detail = "") {
  std::printf("%-4s %-28s %s\n", good ? "ok" : "FAIL", name.c_str(), detail.c_str());
  if (!good) failures++;
}

inline uint32_t bitsOf(float x) {
  uint32_t b;
  std::memcpy(&b, &x, 4);
  return b;
}
inline float floatOf(uint32_t b) {
  float x;
  std::memcpy(&x, &b, 4);
  return x;
}
/** Equal bits, or both NaN. */
inline bool sameFloat(float a, float b) { return bitsOf(a) == bitsOf(b) || (std::isnan(a) && std::isnan(b)); }

/** Cuts [0, count) at random places and calls body(begin, end) for each piece, in random order. */
template <class Body>
void cutAtRandom(Random& random, int64_t count, Body&& body) {
  std::vector<int64_t> cuts{0, count};
  for (int64_t i = random.integer(0, 4); i > 0; i--) cuts.push_back(random.integer(0, count));
  for (size_t i = 1; i < cuts.size(); i++)
    for (size_t j = i; j > 0 && cuts[j - 1] > cuts[j]; j--) std::swap(cuts[j - 1], cuts[j]);
  const bool backwards = random.chance(50);
  const size_t pieces = cuts.size() - 1;
  for (size_t i = 0; i < pieces; i++) {
    const size_t p = backwards ? pieces - 1 - i : i;
    body(cuts[p], cuts[p + 1]);
  }
}

void checkMath(const ElementwiseKernels& kernels, const std::vector<const ElementwiseKernels*>& others);
void checkPrograms(const ElementwiseKernels& kernels, const std::vector<const ElementwiseKernels*>& others);
void checkReductions(const ElementwiseKernels& kernels);
void checkMovement(const ElementwiseKernels& kernels);
void bench(const ElementwiseKernels& kernels);

/** A program of one instruction on dense inputs, for whole arrays. */
struct Single {
  Single(const ElementwiseKernels& kernels, tanuki::Opcode opcode, int arity, int64_t count, float first = 0, float second = 0);
  void run(const void* const* inputs, void* const* outputs);
  const ElementwiseKernels& kernels;
  int64_t count;
  std::vector<int64_t> plan;
  std::unique_ptr<Aligned> scratch;
};

}  // namespace check
