// Single pictures for JavaScript: each call is one task on Node's pool of threads and gives a promise.
#include "pictures.h"

#include <cstring>
#include <stdexcept>
#include <vector>

#include "attributes.h"
#include "jpeg.h"
#include "resizing.h"
#include "task.h"

namespace tanuki {
namespace {

/** Without a copy: the array takes over the bytes. */
Napi::Uint8Array give(Napi::Env env, Bytes data, size_t size) {
  uint8_t* bytes = data.release();
  auto buffer = Napi::ArrayBuffer::New(env, bytes, size, [](Napi::BasicEnv, void* held) { std::free(held); });
  return Napi::Uint8Array::New(env, size, buffer, 0);
}

struct View {
  uint8_t* data;
  size_t bytes;
  bool floats;
};
View viewOf(const Napi::Value& value, const char* what) {
  if (!value.IsTypedArray()) throw std::invalid_argument(std::string(what) + ": expected a Uint8Array or Float32Array");
  auto array = value.As<Napi::TypedArray>();
  const auto type = array.TypedArrayType();
  if (type != napi_uint8_array && type != napi_float32_array) throw std::invalid_argument(std::string(what) + ": expected a Uint8Array or Float32Array");
  return {static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength(), type == napi_float32_array};
}

/** A copy: the pool must not read what JavaScript may write or give away. Files are small beside their pixels. */
std::vector<uint8_t> copyOf(const Napi::Value& value, const char* what) {
  const View view = viewOf(value, what);
  if (view.floats) throw std::invalid_argument(std::string(what) + ": expected a Uint8Array");
  return std::vector<uint8_t>(view.data, view.data + view.bytes);
}

Napi::Object described(Napi::Env env, Napi::Value data, int64_t height, int64_t width, int channels) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("data", data);
  out.Set("height", static_cast<double>(height));
  out.Set("width", static_cast<double>(width));
  out.Set("channels", channels);
  return out;
}

class DecodeTask : public Task {
 public:
  DecodeTask(Napi::Env env, std::vector<uint8_t> file, const JpegDecoding& how) : Task(env), file_(std::move(file)), how_(how) {}

 protected:
  void work() override { pixels_ = decodeJpeg(file_.data(), file_.size(), how_); }
  Napi::Value finish(Napi::Env env) override {
    const auto& p = pixels_;
    const size_t size = static_cast<size_t>(p.height) * p.width * p.channels;
    return described(env, give(env, std::move(pixels_.data), size), p.height, p.width, p.channels);
  }

 private:
  std::vector<uint8_t> file_;
  JpegDecoding how_;
  JpegPixels pixels_;
};

/** decodeJpeg(file, { channels, fast, fancyUpscaling, recoverTruncated, ratio, maxPixels }): Promise<{ data, height, width, channels }> */
Napi::Value decode(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const JpegDecoding how = decodingFrom(Attributes(info[1].As<Napi::Object>()));
    return (new DecodeTask(info.Env(), copyOf(info[0], "decodeJpeg"), how))->start();
  });
}

class ResizeTask : public Task {
 public:
  ResizeTask(Napi::Env env, Resizing resizing, Napi::Object keep, const View& from, const View& to)
      : Task(env), resizing_(std::move(resizing)), keep_(Napi::Persistent(keep)), from_(from), to_(to) {}

 protected:
  void work() override { resizing_.run(from_.data, from_.floats, to_.data, to_.floats); }
  Napi::Value finish(Napi::Env) override { return keep_.Value().Get("target"); }

 private:
  Resizing resizing_;
  Napi::ObjectReference keep_;
  View from_, to_;
};

/** resizePixels(pixels, { height, width, channels, rowStarts, rowWeights, columnStarts, columnWeights }, target): Promise<target> */
Napi::Value resize(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Resizing resizing{Attributes(info[1].As<Napi::Object>())};
    const View from = viewOf(info[0], "pixels"), to = viewOf(info[2], "target");
    if (from.bytes != resizing.values() * (from.floats ? 4 : 1)) throw std::invalid_argument("resizePixels: the pixels have another size");
    if (to.bytes != resizing.results() * (to.floats ? 4 : 1)) throw std::invalid_argument("resizePixels: the target has another size");
    Napi::Object keep = Napi::Object::New(info.Env());
    keep.Set("pixels", info[0]);
    keep.Set("target", info[2]);
    return (new ResizeTask(info.Env(), std::move(resizing), keep, from, to))->start();
  });
}

class EncodeTask : public Task {
 public:
  EncodeTask(Napi::Env env, std::vector<uint8_t> pixels, int64_t height, int64_t width, int channels, const JpegEncoding& how)
      : Task(env), pixels_(std::move(pixels)), height_(height), width_(width), channels_(channels), how_(how) {}

 protected:
  void work() override { file_ = encodeJpeg(pixels_.data(), height_, width_, channels_, how_); }
  Napi::Value finish(Napi::Env env) override { return give(env, std::move(file_.data), file_.size); }

 private:
  std::vector<uint8_t> pixels_;
  int64_t height_, width_;
  int channels_;
  JpegEncoding how_;
  JpegFile file_;
};

/** encodeJpeg(pixels, { height, width, channels, quality, ... }): Promise<Uint8Array> */
Napi::Value encode(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Attributes a(info[1].As<Napi::Object>());
    const int64_t height = a.integer("height"), width = a.integer("width"), channels = a.integer("channels");
    if ((channels != 1 && channels != 3) || height < 1 || width < 1 || height > 65500 || width > 65500) throw std::invalid_argument("encodeJpeg: a picture of impossible size");
    JpegEncoding how;
    how.quality = static_cast<int>(a.integer("quality"));
    how.progressive = a.flag("progressive");
    how.optimizeSize = a.flag("optimizeSize");
    how.chromaDownsampling = a.flag("chromaDownsampling");
    how.densityUnit = static_cast<int>(a.integer("densityUnit"));
    how.xDensity = static_cast<int>(a.integer("xDensity"));
    how.yDensity = static_cast<int>(a.integer("yDensity"));
    auto pixels = copyOf(info[0], "encodeJpeg");
    if (static_cast<int64_t>(pixels.size()) != height * width * channels) throw std::invalid_argument("encodeJpeg: the pixels have another size");
    return (new EncodeTask(info.Env(), std::move(pixels), height, width, static_cast<int>(channels), how))->start();
  });
}

}  // namespace

void exportPictures(Napi::Env env, Napi::Object exports) {
  exports.Set("decodeJpeg", Napi::Function::New(env, decode));
  exports.Set("resizePixels", Napi::Function::New(env, resize));
  exports.Set("encodeJpeg", Napi::Function::New(env, encode));
  exportPictureBatches(env, exports);
}

}  // namespace tanuki
