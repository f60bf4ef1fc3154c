// What JavaScript sees of pictures: decoding, encoding and resizing on Node's pool of threads, away from the compute thread.
#pragma once
#include <napi.h>

namespace tanuki {

void exportPictures(Napi::Env env, Napi::Object exports);

}  // namespace tanuki
