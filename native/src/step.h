// A step: one kernel call of a plan, made once for fixed shapes and run many times.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "attributes.h"

namespace tanuki {

/** What a step sees of the run that calls it. */
struct StepContext {
  /** Which of the threads with own pictures calls (0 where a step is split over all threads). */
  int thread;
  /** At least `scratchBytes()` bytes, 64-byte aligned, undefined content, this thread's own. */
  char* scratch;
  /** False where the step adds to what this thread's earlier chunks left in its results. */
  bool firstChunk;
};

/** How many threads one call of a step uses, and how many threads call it at the same time. */
struct Threading {
  int split;    // threads inside one call
  int callers;  // threads that call the step concurrently, each with its own StepContext::thread
};

class Step {
 public:
  virtual ~Step() = default;
  /** `operands`: inputs, then outputs. */
  virtual void run(char* const* operands, const StepContext& context) = 0;
  virtual size_t scratchBytes() const { return 0; }
  /** Which implementation was chosen, for dumps and for the test that refuses reference kernels. */
  virtual std::string implementation() const { return "tanuki"; }
  /** For steps whose weights lie in a layout of their own. */
  virtual size_t packedBytes() const { return 0; }
  virtual std::string packedKey() const { return {}; }
};

using StepFactory = std::function<std::unique_ptr<Step>(const Attributes&, const Threading&)>;

/** Name -> factory. Filled by static registrars in the files of native/steps. */
std::map<std::string, StepFactory>& stepFactories();
struct StepRegistrar {
  StepRegistrar(const char* name, StepFactory factory) { stepFactories()[name] = std::move(factory); }
};

/** Another step that an attribute refers to (packing needs the layout that a convolution asked for). */
Step& stepFromValue(const Napi::Value& value);

}  // namespace tanuki
