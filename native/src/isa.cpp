#include "isa.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <dnnl.hpp>

namespace tanuki {
namespace {

Isa choose() {
  Isa best = Isa::portable;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) best = Isa::avx2;
  if (best == Isa::avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
    best = Isa::avx512;
  const char* wanted = std::getenv("TANUKI_ISA");
  if (wanted && *wanted) {
    Isa limit;
    if (!std::strcmp(wanted, "avx512")) limit = Isa::avx512;
    else if (!std::strcmp(wanted, "avx2")) limit = Isa::avx2;
    else if (!std::strcmp(wanted, "portable")) limit = Isa::portable;
    else throw std::invalid_argument("TANUKI_ISA: expected avx512, avx2 or portable");
    if (limit > best) throw std::invalid_argument("TANUKI_ISA: this processor does not have " + std::string(wanted));
    best = limit;
  }
  // oneDNN must choose kernels for the same layouts.
  if (best == Isa::avx2) dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2);
  if (best == Isa::portable) dnnl::set_max_cpu_isa(dnnl::cpu_isa::sse41);
  return best;
}

}  // namespace

Isa isa() {
  static const Isa chosen = choose();
  return chosen;
}

const char* isaName() {
  switch (isa()) {
    case Isa::avx512: return "avx512";
    case Isa::avx2: return "avx2";
    default: return "portable";
  }
}

int lanes() { return isa() == Isa::avx512 ? 16 : 8; }

}  // namespace tanuki
