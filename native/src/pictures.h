// What JavaScript sees of pictures: decoding, encoding and resizing on Node's pool of threads, away from the compute thread.
#pragma once
#include <napi.h>

#include "attributes.h"
#include "jpeg.h"

namespace tanuki {

void exportPictures(Napi::Env env, Napi::Object exports);
void exportPictureBatches(Napi::Env env, Napi::Object exports);

/** { channels, fast, fancyUpscaling, recoverTruncated, ratio, maxPixels }, all of them. */
inline JpegDecoding decodingFrom(const Attributes& a) {
  JpegDecoding how;
  how.channels = static_cast<int>(a.integer("channels"));
  if (how.channels != 0 && how.channels != 1 && how.channels != 3 && how.channels != 4) throw std::invalid_argument("channels: expected 0, 1, 3 or 4");
  how.fast = a.flag("fast");
  how.fancyUpscaling = a.flag("fancyUpscaling");
  how.recoverTruncated = a.flag("recoverTruncated");
  how.ratio = static_cast<int>(a.integer("ratio"));
  if (how.ratio != 1 && how.ratio != 2 && how.ratio != 4 && how.ratio != 8) throw std::invalid_argument("ratio: expected 1, 2, 4 or 8");
  how.maxPixels = a.integer("maxPixels");
  return how;
}

}  // namespace tanuki
