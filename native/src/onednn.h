// What all steps over oneDNN share: one engine, a stream a thread, and argument maps whose addresses are set at every call.
#pragma once
#include <dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "step.h"

namespace tanuki {

inline dnnl::engine& cpu() {
  static dnnl::engine* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}
inline dnnl::stream& cpuStream() {
  static thread_local dnnl::stream stream(cpu());
  return stream;
}

inline dnnl::primitive_attr userScratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

/** True for oneDNN's reference kernels, which are slower by orders of magnitude. */
inline bool isReferenceKernel(const std::string& implementation) { return implementation.find("ref") != std::string::npos; }

/** A primitive with its arguments, once for each calling thread: memory objects hold an address and cannot be shared. */
class BoundPrimitive {
 public:
  BoundPrimitive() = default;
  BoundPrimitive(dnnl::primitive primitive, const std::vector<std::pair<int, dnnl::memory::desc>>& arguments, int callers)
      : primitive_(std::move(primitive)) {
    for (int caller = 0; caller < callers; caller++) {
      Arguments bound;
      for (const auto& [id, desc] : arguments) {
        dnnl::memory memory(desc, cpu(), DNNL_MEMORY_NONE);
        bound.memories.push_back(memory);
        bound.map.insert({id, memory});
      }
      callers_.push_back(std::move(bound));
    }
  }
  /** `addresses`: one for each argument, in the order of the constructor. */
  void run(int caller, std::initializer_list<void*> addresses) {
    Arguments& bound = callers_[caller];
    size_t i = 0;
    for (void* address : addresses) bound.memories[i++].set_data_handle(address);
    primitive_.execute(cpuStream(), bound.map);
  }

 private:
  struct Arguments {
    std::vector<dnnl::memory> memories;
    std::unordered_map<int, dnnl::memory> map;
  };
  dnnl::primitive primitive_;
  std::vector<Arguments> callers_;
};

}  // namespace tanuki
