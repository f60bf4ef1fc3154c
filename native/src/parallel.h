// Splits a count of independent pieces over threads.
#pragma once
#include <omp.h>
#include <cstdint>

namespace tanuki {

/** Calls body(thread, begin, end) on up to `threads` threads; pieces are given in whole multiples of `grain`. */
template <class Body>
void parallelRanges(int threads, int64_t count, int64_t grain, Body&& body) {
  if (count <= 0) return;
  if (grain < 1) grain = 1;
  const int64_t units = (count + grain - 1) / grain;
  const int used = static_cast<int>(units < threads ? units : threads);
  if (used <= 1) {
    body(0, int64_t{0}, count);
    return;
  }
#pragma omp parallel num_threads(used)
  {
    const int64_t team = omp_get_num_threads(), thread = omp_get_thread_num();
    const int64_t begin = units * thread / team * grain;
    int64_t end = units * (thread + 1) / team * grain;
    if (end > count) end = count;
    if (begin < end) body(static_cast<int>(thread), begin, end);
  }
}

}  // namespace tanuki
