#include "program.h"

#include <omp.h>

#include <chrono>
#include <exception>
#include <mutex>

#include "kernels.h"
#include "parallel.h"

namespace tanuki {
namespace {

constexpr size_t kAlign = 4096;
size_t aligned(size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

// One arena for all programs: only one runs at a time, and nothing in it outlives a run.
std::shared_ptr<Block>& sharedArena() {
  static std::shared_ptr<Block>* block = new std::shared_ptr<Block>;
  return *block;
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

size_t sharedArenaBytes() { return sharedArena() ? sharedArena()->size() : 0; }

void Program::finish() {
  for (Segment& segment : segments)
    for (PlannedStep& planned : segment.steps) {
      for (Operand& operand : planned.operands)
        for (size_t i = 0; i < segment.combines.size() && planned.accumulates && operand.region == Operand::threadArena; i++)
          if (segment.combines[i].threadOffset == operand.offset) operand.sum = static_cast<int64_t>(i);
      scratchBytes_ = std::max(scratchBytes_, planned.step->scratchBytes());
      maxOperands_ = std::max(maxOperands_, planned.operands.size());
    }
  scratchBytes_ = aligned(scratchBytes_ + 64);
}

char* Program::address(const Operand& operand, const std::vector<char*>& external, int thread, int64_t image) const {
  char* base;
  switch (operand.region) {
    case Operand::arena: base = arena_; break;
    case Operand::threadArena: base = threadArenas_ + aligned(threadArenaBytes) * thread; break;
    case Operand::persistent: base = persistent->data(); break;
    default: base = external[operand.region - Operand::external]; break;
  }
  return base + operand.offset + operand.imageBytes * image;
}

void Program::run(const std::vector<char*>& external, bool runSetup) {
  const size_t arenaPart = aligned(arenaBytes);
  const size_t total = arenaPart + (aligned(threadArenaBytes) + scratchBytes_) * threads;
  auto& shared = sharedArena();
  if (!shared || shared->size() < total) {
    shared.reset();
    shared = Block::allocate(total);
  }
  arena_ = shared->data();
  threadArenas_ = arena_ + arenaPart;
  scratch_ = threadArenas_ + aligned(threadArenaBytes) * threads;
  for (Segment& segment : segments) {
    if (segment.setup && !runSetup) continue;
    if (segment.chunk > 0) runChunked(segment, external);
    else runSplit(segment, external);
  }
}

void Program::runSplit(Segment& segment, const std::vector<char*>& external) {
  std::vector<char*> pointers(maxOperands_);
  for (PlannedStep& planned : segment.steps) {
    for (size_t i = 0; i < planned.operands.size(); i++) pointers[i] = address(planned.operands[i], external, 0, 0);
    const double start = profile ? now() : 0;
    planned.step->run(pointers.data(), {0, scratch_, true});
    if (profile) {
      planned.seconds += now() - start;
      planned.calls++;
    }
  }
}

void Program::runChunked(Segment& segment, const std::vector<char*>& external) {
  const int64_t chunks = segment.batch / segment.chunk;
  const int used = static_cast<int>(std::min<int64_t>(threads, chunks));
  std::exception_ptr failure;
  std::mutex mutex;
#pragma omp parallel num_threads(used)
  {
    const int thread = omp_get_thread_num();
    std::vector<char*> pointers(maxOperands_);
    const int64_t begin = chunks * thread / used, end = chunks * (thread + 1) / used;
    try {
      for (int64_t chunk = begin; chunk < end; chunk++) {
        const int64_t image = chunk * segment.chunk;
        for (PlannedStep& planned : segment.steps) {
          for (size_t i = 0; i < planned.operands.size(); i++) {
            const Operand& operand = planned.operands[i];
            const bool inPlace = operand.sum >= 0 && thread == 0;
            pointers[i] = inPlace ? address(segment.combines[operand.sum].result, external, 0, 0) : address(operand, external, thread, image);
          }
          const bool timed = profile && thread == 0;
          const double start = timed ? now() : 0;
          planned.step->run(pointers.data(), {thread, scratch_ + scratchBytes_ * thread, !planned.accumulates || chunk == begin});
          if (timed) {
            planned.seconds += now() - start;
            planned.calls++;
          }
        }
      }
    } catch (...) {
      std::lock_guard<std::mutex> lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  for (const Combine& combine : segment.combines) {
    float* result = reinterpret_cast<float*>(address(combine.result, external, 0, 0));
    parallelRanges(threads, combine.count, 16384, [&](int, int64_t begin, int64_t end) {
      for (int thread = 1; thread < used; thread++) {
        const char* part = threadArenas_ + aligned(threadArenaBytes) * thread + combine.threadOffset;
        weightKernels().add(result + begin, reinterpret_cast<const float*>(part) + begin, end - begin);
      }
    });
  }
}

}  // namespace tanuki
