// A plan as the compute thread runs it: segments of steps over operands that lie in a few memory regions.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "memory.h"
#include "step.h"

namespace tanuki {

/** Where an operand lies. In a chunked segment its address moves on by `imageBytes` for every picture. */
struct Operand {
  enum Region : int64_t { arena = 0, threadArena = 1, persistent = 2, external = 3 };
  int64_t region;
  int64_t offset;
  int64_t imageBytes;
  /** The sum of its segment (an index of `Segment::combines`) of which this is a thread's part, or -1. */
  int64_t sum = -1;
};

struct PlannedStep {
  std::shared_ptr<Step> step;
  std::vector<Operand> operands;
  /** Adds to its results from a thread's second chunk on. */
  bool accumulates = false;
  double seconds = 0;
  int64_t calls = 0;
};

/** A sum to which each thread adds its part: the first in the result's place, the others in their own arenas, added up when the segment ends. */
struct Combine {
  int64_t threadOffset;
  int64_t count;  // float32 elements
  Operand result;
};

struct Segment {
  bool setup = false;
  int64_t batch = 0;  // pictures
  int64_t chunk = 0;  // pictures a call; 0: not chunked, each step uses all threads
  std::vector<PlannedStep> steps;
  std::vector<Combine> combines;
};

class Program {
 public:
  int threads = 1;
  size_t arenaBytes = 0, threadArenaBytes = 0;
  std::shared_ptr<Block> persistent;
  std::vector<Segment> segments;
  bool profile = false;

  /** Computes the scratch need after all segments are there. */
  void finish();
  /** `external`: the inputs' memory, then the outputs'. Compute thread only. */
  void run(const std::vector<char*>& external, bool runSetup);
  size_t scratchBytes() const { return scratchBytes_; }

 private:
  void runSplit(Segment& segment, const std::vector<char*>& external);
  void runChunked(Segment& segment, const std::vector<char*>& external);
  char* address(const Operand& operand, const std::vector<char*>& external, int thread, int64_t image) const;
  size_t scratchBytes_ = 0;
  size_t maxOperands_ = 0;
  char* arena_ = nullptr;
  char* threadArenas_ = nullptr;
  char* scratch_ = nullptr;
};

/** Bytes that the shared arena holds now; it only serves the running program and grows to the largest one. */
size_t sharedArenaBytes();

}  // namespace tanuki
