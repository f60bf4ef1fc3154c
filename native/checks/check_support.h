// What the check programs of the kernels share: random numbers, guarded buffers, split ranges and comparisons.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace check {

inline std::mt19937& generator() {
  static std::mt19937 g(20240611);
  return g;
}
/** A whole number in [low, high]. */
inline int64_t pick(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(generator()); }
inline bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(generator()) < p; }
inline float real(float low, float high) { return std::uniform_real_distribution<float>(low, high)(generator()); }

/**
 * Values between guards. The guards are NaN, so that a result computed from them shows, and are looked at for overwriting. The data
 * begins at a 4-byte boundary only, so that a kernel that assumes more alignment crashes.
 */
template <class T>
class Buffer {
 public:
  explicit Buffer(int64_t count) : count_(count), storage_((count + 2 * kGuard + kExtra) * sizeof(T)) {
    shift_ = std::min(kExtra, sizeof(T) == 1 ? pick(0, 15) : pick(0, 3));
    std::memset(storage_.data(), 0xff, storage_.size());
  }
  T* data() { return reinterpret_cast<T*>(storage_.data()) + kGuard + shift_; }
  const T* data() const { return reinterpret_cast<const T*>(storage_.data()) + kGuard + shift_; }
  T& operator[](int64_t i) { return data()[i]; }
  const T& operator[](int64_t i) const { return data()[i]; }
  int64_t size() const { return count_; }
  bool guards_hold() const {
    const unsigned char* begin = storage_.data();
    const unsigned char* first = reinterpret_cast<const unsigned char*>(data());
    const unsigned char* last = reinterpret_cast<const unsigned char*>(data() + count_);
    for (const unsigned char* p = begin; p < first; p++) if (*p != 0xff) return false;
    for (const unsigned char* p = last; p < begin + storage_.size(); p++) if (*p != 0xff) return false;
    return true;
  }

 private:
#if defined(__SANITIZE_ADDRESS__)
  static constexpr int64_t kGuard = 0, kExtra = 0;  // the sanitizer guards better, and sees reads too
#else
  static constexpr int64_t kGuard = 32, kExtra = 16;
#endif
  int64_t count_, shift_;
  std::vector<unsigned char> storage_;
};
using Floats = Buffer<float>;
using Bytes = Buffer<uint8_t>;

/** Values in [low, high); some are exactly one of `special`, where masks and ties are decided. */
inline Floats random_floats(int64_t count, float low = -2, float high = 2, std::vector<float> special = {}) {
  Floats b(count);
  for (int64_t i = 0; i < count; i++) {
    b[i] = !special.empty() && chance(0.15) ? special[pick(0, static_cast<int64_t>(special.size()) - 1)] : real(low, high);
  }
  return b;
}
inline void sprinkle_nan(Floats& b, double p) {
  for (int64_t i = 0; i < b.size(); i++) if (chance(p)) b[i] = std::numeric_limits<float>::quiet_NaN();
}

/** Scratch of the size asked for, 64-byte aligned, full of NaN, with a guard behind it. */
class Scratch {
 public:
  explicit Scratch(size_t bytes) : bytes_(bytes), memory_(static_cast<unsigned char*>(std::aligned_alloc(64, (bytes + 64 + 63) / 64 * 64))) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::free(memory_); }
  void* fresh() {
    std::memset(memory_, 0xff, bytes_ + 64);
    return memory_;
  }
  bool guard_holds() const {
    for (int i = 0; i < 64; i++) if (memory_[bytes_ + i] != 0xff) return false;
    return true;
  }

 private:
  size_t bytes_;
  unsigned char* memory_;
};

/** Calls body(begin, end) for one to three ranges that make up [0, count), in any order: no range may touch another's results. */
template <class Body>
void in_pieces(int64_t count, Body&& body) {
  std::vector<int64_t> cuts = {0, count};
  while (cuts.size() < 4 && chance(0.5)) cuts.push_back(pick(0, count));
  std::sort(cuts.begin(), cuts.end());
  std::vector<size_t> order(cuts.size() - 1);
  for (size_t i = 0; i < order.size(); i++) order[i] = i;
  std::shuffle(order.begin(), order.end(), generator());
  for (size_t i : order) body(cuts[i], cuts[i + 1]);  // empty ranges too
}

/** What one kernel's checks found. */
struct Tally {
  const char* name;
  int64_t shapes = 0, values = 0, failures = 0;
  double worst = 0;

  explicit Tally(const char* kernel) : name(kernel) {}

  void fail(const char* what) {
    if (failures++ < 5) std::printf("  %s: %s (shape %lld)\n", name, what, static_cast<long long>(shapes));
  }
  void expect(bool condition, const char* what) {
    if (!condition) fail(what);
  }
  /** Every value within `tolerance` of the largest magnitude; NaN and infinities at the same places. */
  void compare(const char* what, const Floats& got, const std::vector<double>& wanted, double tolerance) {
    double largest = 1e-6, error = 0;
    bool special = true;
    for (double w : wanted) if (std::isfinite(w)) largest = std::fmax(largest, std::fabs(w));
    for (size_t i = 0; i < wanted.size(); i++) {
      const double g = got[static_cast<int64_t>(i)], w = wanted[i];
      if (std::isfinite(w) && std::isfinite(g)) error = std::fmax(error, std::fabs(g - w) / largest);
      else if (!(std::isnan(w) && std::isnan(g)) && g != w) special = false;
    }
    values += static_cast<int64_t>(wanted.size());
    worst = std::fmax(worst, error);
    if (error > tolerance) {
      char text[120];
      std::snprintf(text, sizeof text, "%s is off by %.3g of its largest value", what, error);
      fail(text);
    }
    if (!special) fail((std::string(what) + " has a NaN or infinity where it should not, or none where it should").c_str());
    if (!got.guards_hold()) fail((std::string(what) + " was written outside its bounds").c_str());
  }
  bool report(const char* isa) const {
    std::printf("%-8s %-26s %6lld shapes %10lld values, worst %.1e  %s\n", isa, name, static_cast<long long>(shapes),
                static_cast<long long>(values), worst, failures ? "FAILED" : shapes ? "ok" : "NOT RUN");
    return failures == 0 && shapes > 0;
  }
};

}  // namespace check
