// Checks the elementwise, reduction and movement kernels of one instruction set against scalar references, or times them:
//   elementwise_check check|bench avx512|avx2|portable
#include "elementwise_check.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: elementwise_check check|bench avx512|avx2|portable\n");
    return 2;
  }
  const std::string mode = argv[1], isa = argv[2];
  std::vector<const check::ElementwiseKernels*> available{&tanuki::elementwise_kernels_portable()};
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) available.push_back(&tanuki::elementwise_kernels_avx2());
  if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
    available.push_back(&tanuki::elementwise_kernels_avx512());
  const check::ElementwiseKernels* chosen = nullptr;
  for (const auto* table : available)
    if (isa == table->isa) chosen = table;
  if (!chosen || (mode != "check" && mode != "bench")) {
    std::fprintf(stderr, "this processor has no %s, or there is no mode %s\n", isa.c_str(), mode.c_str());
    return 2;
  }
  std::printf("%s\n", isa.c_str());
  if (mode == "bench") {
    check::bench(*chosen);
    return 0;
  }
  check::checkMath(*chosen, available);
  check::checkPrograms(*chosen, available);
  check::checkReductions(*chosen);
  check::checkMovement(*chosen);
  std::printf(check::failures ? "%d checks FAILED\n" : "all good\n", check::failures);
  return check::failures ? 1 : 0;
}
