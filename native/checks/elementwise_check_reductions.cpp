// Reductions, moments and argMax over random views and ranges, against float64.
#include "elementwise_check.h"

namespace check {

using tanuki::AxisView;
using tanuki::ReduceOp;
using tanuki::ReduceView;

namespace {

ReduceView randomView(Random& random) {
  switch (random.integer(0, 5)) {
    case 0: return {1, 1, 1, random.integer(0, 5000), 1};                                       // everything
    case 1: return {random.integer(1, 40), 1, 1, random.integer(1, 300), 1};                    // the last axis
    case 2: return {1, 1, 1, random.integer(1, 200), random.integer(1, 700)};                   // leading axes
    case 3: return {1, random.integer(1, 5), random.integer(1, 4), random.integer(1, 90), random.chance(50) ? 16 : 8};
    case 4: return {random.integer(1, 3), random.integer(1, 4), random.integer(1, 4), random.integer(1, 70), 1};
    default:
      return {random.integer(1, 4), random.integer(1, 5), random.integer(1, 5), random.integer(1, 40), random.integer(1, 45)};
  }
}
int64_t outputsOf(const ReduceView& v) { return v.outer * v.middle * v.inner; }
int64_t reducedOf(const ReduceView& v) { return v.reduceOuter * v.reduceInner; }
int64_t place(const ReduceView& v, int64_t output, int64_t r) {
  const int64_t i = output % v.inner, m = output / v.inner % v.middle, o = output / v.inner / v.middle;
  return (((o * v.reduceOuter + r / v.reduceInner) * v.middle + m) * v.reduceInner + r % v.reduceInner) * v.inner + i;
}
std::string show(const ReduceView& v) {
  char text[120];
  std::snprintf(text, sizeof text, "[%ld, %ld, %ld, %ld, %ld]", static_cast<long>(v.outer), static_cast<long>(v.reduceOuter),
                static_cast<long>(v.middle), static_cast<long>(v.reduceInner), static_cast<long>(v.inner));
  return text;
}

/** Ends of 1 to 4 chunks of the reduced elements. */
std::vector<int64_t> chunksOf(Random& random, int64_t reduced) {
  const int64_t chunks = random.integer(1, 4);
  std::vector<int64_t> ends;
  for (int64_t c = 0; c <= chunks; c++) ends.push_back(reduced * c / chunks);
  return ends;
}

struct Verdict {
  int wrong = 0;
  double worst = 0;
  std::string first;
  void note(bool good, const ReduceView& v) {
    if (!good && wrong++ == 0) first = show(v);
  }
  void say(const char* name, int cases) const {
    char text[160];
    std::snprintf(text, sizeof text, "%d views, largest error %.3g of the tolerance%s%s", cases, worst, wrong ? "; wrong at " : "",
                  first.c_str());
    report(name, wrong == 0, text);
  }
};

template <class T>
T extreme(ReduceOp op, T a, T b) {
  return op == ReduceOp::max ? (b > a || b != b ? b : a) : (b < a || b != b ? b : a);
}

void checkFloats(Random& random, const ElementwiseKernels& kernels, ReduceOp op, const char* name) {
  Verdict verdict;
  const int cases = 600;
  for (int n = 0; n < cases; n++) {
    const ReduceView v = randomView(random);
    const int64_t outputs = outputsOf(v), reduced = reducedOf(v);
    std::vector<float> x = exactly<float>(outputs * reduced), y = exactly<float>(outputs), again = exactly<float>(outputs);
    for (float& e : x) e = op == ReduceOp::sum ? random.finite() + 1 : random.chance(1) && random.chance(10) ? NAN : random.finite();
    kernels.reduceF32(op, x.data(), v, y.data(), 0, outputs);
    cutAtRandom(random, outputs, [&](int64_t b, int64_t e) { kernels.reduceF32(op, x.data(), v, again.data(), b, e); });
    const std::vector<int64_t> ends = chunksOf(random, reduced);
    const int64_t chunks = static_cast<int64_t>(ends.size()) - 1;
    std::vector<double> partials = exactly<double>(chunks * outputs);
    std::vector<float> combined = exactly<float>(outputs);
    for (int64_t c = 0; c < chunks; c++)
      cutAtRandom(random, outputs, [&](int64_t b, int64_t e) {
        kernels.reducePartialF32(op, x.data(), v, b, e, ends[static_cast<size_t>(c)], ends[static_cast<size_t>(c) + 1],
                                 partials.data() + c * outputs);
      });
    kernels.reduceCombineF32(op, partials.data(), chunks, outputs, combined.data());
    bool good = true;
    for (int64_t o = 0; o < outputs; o++) {
      const size_t at = static_cast<size_t>(o);
      double total = 0, size = 0;
      float best = op == ReduceOp::max ? -INFINITY : INFINITY;
      for (int64_t r = 0; r < reduced; r++) {
        const float e = x[static_cast<size_t>(place(v, o, r))];
        total += static_cast<double>(e);
        size += std::fabs(static_cast<double>(e));
        best = extreme(op, best, e);
      }
      good = good && sameFloat(y[at], again[at]);
      if (op != ReduceOp::sum) {
        good = good && sameFloat(y[at], best) && sameFloat(combined[at], best);
        continue;
      }
      // Two f32 roundings on the way, one at the end.
      const double tolerance = 0x1p-24 * (2.01 * size + std::fabs(total)) + 1e-30;
      for (const float got : {y[at], combined[at]}) {
        const double error = std::fabs(static_cast<double>(got) - total) / tolerance;
        if (error > verdict.worst) verdict.worst = error;
        good = good && error <= 1;
      }
    }
    verdict.note(good, v);
  }
  verdict.say(name, cases);
}

void checkIntegers(Random& random, const ElementwiseKernels& kernels, ReduceOp op, const char* name) {
  Verdict verdict;
  const int cases = 400;
  for (int n = 0; n < cases; n++) {
    const ReduceView v = randomView(random);
    const int64_t outputs = outputsOf(v), reduced = reducedOf(v);
    std::vector<int32_t> x = exactly<int32_t>(outputs * reduced), y = exactly<int32_t>(outputs), combined = exactly<int32_t>(outputs);
    for (int32_t& e : x) e = static_cast<int32_t>(random.next());
    cutAtRandom(random, outputs, [&](int64_t b, int64_t e) { kernels.reduceI32(op, x.data(), v, y.data(), b, e); });
    const std::vector<int64_t> ends = chunksOf(random, reduced);
    const int64_t chunks = static_cast<int64_t>(ends.size()) - 1;
    std::vector<int32_t> partials = exactly<int32_t>(chunks * outputs);
    for (int64_t c = 0; c < chunks; c++)
      kernels.reducePartialI32(op, x.data(), v, 0, outputs, ends[static_cast<size_t>(c)], ends[static_cast<size_t>(c) + 1],
                               partials.data() + c * outputs);
    kernels.reduceCombineI32(op, partials.data(), chunks, outputs, combined.data());
    bool good = true;
    for (int64_t o = 0; o < outputs; o++) {
      uint32_t sum = 0;
      int32_t best = op == ReduceOp::max ? INT32_MIN : INT32_MAX;
      for (int64_t r = 0; r < reduced; r++) {
        const int32_t e = x[static_cast<size_t>(place(v, o, r))];
        sum += static_cast<uint32_t>(e);
        best = extreme(op, best, e);
      }
      const int32_t want = op == ReduceOp::sum ? static_cast<int32_t>(sum) : best;
      good = good && y[static_cast<size_t>(o)] == want && combined[static_cast<size_t>(o)] == want;
    }
    verdict.note(good, v);
  }
  verdict.say(name, cases);
}

void checkMoments(Random& random, const ElementwiseKernels& kernels) {
  Verdict verdict;
  const int cases = 600;
  for (int n = 0; n < cases; n++) {
    const ReduceView v = randomView(random);
    const int64_t outputs = outputsOf(v), reduced = reducedOf(v);
    std::vector<float> x = exactly<float>(outputs * reduced);
    // Far from 0 in half of the cases, with first elements that are nothing like the rest.
    const float centre = random.chance(50) ? 10000.0f : 0.0f;
    for (int64_t o = 0; o < outputs; o++)
      for (int64_t r = 0; r < reduced; r++)
        x[static_cast<size_t>(place(v, o, r))] = random.finite() + (r < 3 && n % 3 == 0 ? 0 : centre);
    std::vector<float> mean = exactly<float>(outputs), variance = mean, mean2 = mean, variance2 = mean, mean3 = mean, variance3 = mean;
    kernels.momentsF32(x.data(), v, mean.data(), variance.data(), 0, outputs);
    cutAtRandom(random, outputs,
                [&](int64_t b, int64_t e) { kernels.momentsF32(x.data(), v, mean2.data(), variance2.data(), b, e); });
    const std::vector<int64_t> ends = chunksOf(random, reduced);
    const int64_t chunks = static_cast<int64_t>(ends.size()) - 1;
    std::vector<double> partials = exactly<double>(chunks * outputs * 3);
    for (int64_t c = 0; c < chunks; c++)
      cutAtRandom(random, outputs, [&](int64_t b, int64_t e) {
        kernels.momentsPartialF32(x.data(), v, b, e, ends[static_cast<size_t>(c)], ends[static_cast<size_t>(c) + 1],
                                  partials.data() + 3 * c * outputs);
      });
    kernels.momentsCombineF32(partials.data(), chunks, outputs, mean3.data(), variance3.data());
    bool good = true;
    for (int64_t o = 0; o < outputs; o++) {
      const size_t at = static_cast<size_t>(o);
      good = good && sameFloat(mean[at], mean2[at]) && sameFloat(variance[at], variance2[at]);
      double sum = 0, squares = 0;
      for (int64_t r = 0; r < reduced; r++) sum += static_cast<double>(x[static_cast<size_t>(place(v, o, r))]);
      const double trueMean = sum / static_cast<double>(reduced);
      for (int64_t r = 0; r < reduced; r++) {
        const double d = static_cast<double>(x[static_cast<size_t>(place(v, o, r))]) - trueMean;
        squares += d * d;
      }
      const double trueVariance = squares / static_cast<double>(reduced);
      if (reduced == 0) {
        good = good && std::isnan(mean[at]) && std::isnan(variance[at]);
        continue;
      }
      for (const auto& pair : {std::make_pair(mean[at], variance[at]), std::make_pair(mean3[at], variance3[at])}) {
        const double deviation = std::sqrt(trueVariance);
        const double e1 = std::fabs(static_cast<double>(pair.first) - trueMean) /
                          (0x1p-24 * (std::fabs(trueMean) + 3 * (4 + deviation)) * 1.01);
        const double e2 = std::fabs(static_cast<double>(pair.second) - trueVariance) / (6 * 0x1p-24 * trueVariance + 1e-9);
        const double error = e1 > e2 ? e1 : e2;
        if (error > verdict.worst) verdict.worst = error;
        good = good && error <= 1;
      }
    }
    verdict.note(good, v);
  }
  verdict.say("moments", cases);
}

template <class T>
void checkArgMax(Random& random, void (*argMax)(const T*, const AxisView&, int32_t*, int64_t, int64_t), const char* name) {
  int wrong = 0;
  const int cases = 600;
  for (int n = 0; n < cases; n++) {
    const bool last = random.chance(50);
    const AxisView v = {random.integer(1, 8), random.integer(1, last ? 400 : 40), last ? 1 : random.integer(1, 60), 0};
    std::vector<T> x = exactly<T>(v.outer * v.axis * v.inner);
    for (T& e : x) e = std::is_same<T, float>::value && random.chance(2) ? static_cast<T>(NAN) : static_cast<T>(random.integer(-20, 20));
    if (std::is_same<T, float>::value && random.chance(50))
      for (T& e : x) e = static_cast<T>(random.chance(30) ? -0.0f : random.chance(30) ? 0.0f : -INFINITY);
    std::vector<int32_t> y = exactly<int32_t>(v.outer * v.inner);
    cutAtRandom(random, v.outer * v.inner, [&](int64_t b, int64_t e) { argMax(x.data(), v, y.data(), b, e); });
    for (int64_t c = 0; c < v.outer * v.inner; c++) {
      const T* const column = x.data() + c / v.inner * v.axis * v.inner + c % v.inner;
      int64_t best = 0;
      for (int64_t a = 1; a < v.axis; a++) {
        const T e = column[a * v.inner], b = column[best * v.inner];
        if (b == b && (e > b || e != e)) best = a;
      }
      if (y[static_cast<size_t>(c)] != best) {
        wrong++;
        break;
      }
    }
  }
  report(name, wrong == 0, std::to_string(cases) + " views, " + std::to_string(wrong) + " wrong");
}

}  // namespace

void checkReductions(const ElementwiseKernels& kernels) {
  Random random(23);
  checkFloats(random, kernels, ReduceOp::sum, "sum f32");
  checkFloats(random, kernels, ReduceOp::max, "max f32");
  checkFloats(random, kernels, ReduceOp::min, "min f32");
  checkIntegers(random, kernels, ReduceOp::sum, "sum i32");
  checkIntegers(random, kernels, ReduceOp::max, "max i32");
  checkIntegers(random, kernels, ReduceOp::min, "min i32");
  checkMoments(random, kernels);
  checkArgMax(random, kernels.argMaxF32, "argMax f32");
  checkArgMax(random, kernels.argMaxI32, "argMax i32");
}

}  // namespace check
