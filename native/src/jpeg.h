// JPEG by libjpeg-turbo, as TensorFlow uses it: bytes in, pixels out. No JavaScript here; safe on any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

namespace tanuki {

struct FreeBytes {
  void operator()(uint8_t* bytes) const { std::free(bytes); }
};
using Bytes = std::unique_ptr<uint8_t[], FreeBytes>;

struct JpegDecoding {
  int channels = 3;  // 1 grey, 3 RGB, 4 RGBA with alpha 255; 0: those of the file, CMYK as RGB
  bool fast = true;  // the fast integer transform, TensorFlow's default; false: the accurate one, Pillow's
  bool fancyUpscaling = true;
  bool recoverTruncated = false;  // what is missing becomes grey, instead of an error
  int ratio = 1;                  // 1, 2, 4 or 8: scaled down while it is decoded
  int64_t maxPixels = 100'000'000;
  const std::function<bool(int64_t height, int64_t width)>* wanted = nullptr;  // asked once the header is read; must not throw
};

struct JpegPixels {
  Bytes data;  // [height][width][channels]
  int64_t height = 0, width = 0;
  int channels = 0;
};

// Nothing is allocated before the header was checked. Without data if the picture is not `wanted`. Throws std::runtime_error for broken, truncated and too large pictures.
JpegPixels decodeJpeg(const uint8_t* bytes, size_t size, const JpegDecoding& how);

struct JpegEncoding {
  int quality = 95;  // 0..100
  bool progressive = false, optimizeSize = false, chromaDownsampling = true;
  int densityUnit = 1, xDensity = 300, yDensity = 300;  // unit 1: an inch, 2: a centimetre
};

struct JpegFile {
  Bytes data;
  size_t size = 0;
};

// channels 1 or 3. Throws std::runtime_error.
JpegFile encodeJpeg(const uint8_t* pixels, int64_t height, int64_t width, int channels, const JpegEncoding& how);

// Empty if the addon was built without libjpeg-turbo; then the functions above throw.
std::string jpegLibraryVersion();

}  // namespace tanuki
