// Checks the spatial kernels of one instruction set against plain loops on random odd shapes, or times them:
//   spatial_check check|bench avx512|avx2|portable
// build-and-run.sh builds and runs it. Prints one line a kernel; exits with 1 if any check failed.
#include "check_depthwise.h"
#include "check_images.h"
#include "check_planes.h"
#include "spatial_bench.h"

namespace {

using namespace check;

template <class Check>
bool run(const SpatialKernels& k, const char* name, int times, Check&& one) {
  Tally tally(name);
  for (int i = 0; i < times; i++) one(tally);
  return tally.report(k.isa);
}

bool run_checks(const SpatialKernels& k) {
  bool ok = true;
  ok &= run(k, "depthwise_forward", 3000, [&](Tally& t) { check_depthwise_forward(k, t); });
  ok &= run(k, "depthwise_backward", 4000, [&](Tally& t) { check_depthwise_backward(k, t); });
  ok &= run(k, "max_pool_forward", 2000, [&](Tally& t) { check_pool(k, t, true, false); });
  ok &= run(k, "max_pool_backward", 2000, [&](Tally& t) { check_pool(k, t, true, true); });
  ok &= run(k, "avg_pool_forward", 2000, [&](Tally& t) { check_pool(k, t, false, false); });
  ok &= run(k, "avg_pool_backward", 2000, [&](Tally& t) { check_pool(k, t, false, true); });
  ok &= run(k, "channel_sums", 1000, [&](Tally& t) { check_channel_sums(k, t); });
  ok &= run(k, "spatial_sums", 1000, [&](Tally& t) { check_spatial_sums(k, t); });
  ok &= run(k, "spatial_broadcast", 1000, [&](Tally& t) { check_spatial_broadcast(k, t); });
  ok &= run(k, "affine_sample", 4000, [&](Tally& t) { check_affine(k, t, false); });
  ok &= run(k, "affine_sample_grad", 3000, [&](Tally& t) { check_affine(k, t, true); });
  ok &= run(k, "affine, wild transforms", 3000, [&](Tally& t) { check_wild_affine(k, t); });
  ok &= run(k, "resize", 2000, [&](Tally& t) { check_resize(k, t, false); });
  ok &= run(k, "resize_grad", 2000, [&](Tally& t) { check_resize(k, t, true); });
  ok &= run(k, "subsample", 1000, [&](Tally& t) { check_subsample(k, t, false); });
  ok &= run(k, "subsample_grad", 1000, [&](Tally& t) { check_subsample(k, t, true); });
  ok &= run(k, "nhwc_to_blocked", 500, [&](Tally& t) { check_blocked(k, t, true); });
  ok &= run(k, "blocked_to_nhwc", 500, [&](Tally& t) { check_blocked(k, t, false); });
  ok &= run(k, "planes_from_nhwc", 1000, [&](Tally& t) { check_planes_from_nhwc(k, t); });
  ok &= run(k, "pack_depthwise_weights", 500, [&](Tally& t) { check_depthwise_weights(k, t, true); });
  ok &= run(k, "unpack_depthwise_weights", 500, [&](Tally& t) { check_depthwise_weights(k, t, false); });
  return ok;
}

}  // namespace

int main(int count, char** words) {
  const std::string mode = count > 1 ? words[1] : "", isa = count > 2 ? words[2] : "";
  const SpatialKernels* kernels = isa == "avx512"     ? &spatial_kernels_avx512()
                                  : isa == "avx2"     ? &spatial_kernels_avx2()
                                  : isa == "portable" ? &spatial_kernels_portable()
                                                      : nullptr;
  if (!kernels || (mode != "check" && mode != "bench")) {
    std::fprintf(stderr, "usage: spatial_check check|bench avx512|avx2|portable\n");
    return 2;
  }
  if (kernels->isa != isa || kernels->lanes != (isa == "avx512" ? 16 : 8)) {
    std::fprintf(stderr, "the table says %s with %d lanes\n", kernels->isa, kernels->lanes);
    return 1;
  }
  if (mode == "bench") {
    run_bench(*kernels);
    return 0;
  }
  return run_checks(*kernels) ? 0 : 1;
}
