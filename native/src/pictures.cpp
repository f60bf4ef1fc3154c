// Pictures for JavaScript: each call is one task on Node's pool of threads and gives a promise.
#include "pictures.h"

#include <sys/stat.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <vector>

#include "attributes.h"
#include "jpeg.h"
#include "kernels.h"
#include "memory.h"

namespace tanuki {
namespace {

/** Runs `work()` on the pool, then `finish(env)` in JavaScript's thread. Exceptions of either reject the promise. */
class Task : public Napi::AsyncWorker {
 public:
  explicit Task(Napi::Env env) : AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise start() {
    Napi::Promise promise = deferred_.Promise();
    Queue();
    return promise;
  }

 protected:
  virtual void work() = 0;
  virtual Napi::Value finish(Napi::Env env) = 0;

 private:
  void Execute() override {
    try {
      work();
    } catch (const std::bad_alloc&) {
      SetError("out of memory");
    } catch (const std::exception& e) {
      SetError(e.what());
    }
  }
  void OnOK() override {
    try {
      deferred_.Resolve(finish(Env()));
    } catch (const Napi::Error& e) {
      deferred_.Reject(e.Value());
    }
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }
  Napi::Promise::Deferred deferred_;
};

template <class Body>
Napi::Value guarded(const Napi::CallbackInfo& info, Body&& body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& e) {
    throw Napi::Error::New(info.Env(), e.what());
  }
}

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

JpegDecoding decodingFrom(const Attributes& a) {
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

/** Tables of both axes, checked against the picture that they are for. */
struct Resizing {
  int64_t height, width, channels;
  std::vector<int32_t> rowStarts, columnStarts;
  std::vector<float> rowWeights, columnWeights;

  explicit Resizing(const Attributes& a)
      : height(a.integer("height")), width(a.integer("width")), channels(a.integer("channels")), rowStarts(starts(a, "rowStarts")),
        columnStarts(starts(a, "columnStarts")), rowWeights(a.reals("rowWeights")), columnWeights(a.reals("columnWeights")) {
    if (height < 1 || width < 1 || channels < 1 || height > (1 << 24) || width > (1 << 24) || channels > (1 << 16))
      throw std::invalid_argument("resize: a picture of impossible size");
    rows();
    columns();
  }
  size_t values() const { return static_cast<size_t>(height) * width * channels; }
  size_t results() const { return rowStarts.size() * columnStarts.size() * channels; }

  /** pixels: float or uint8; target: float, or uint8 rounded half to even within 0..255. */
  void run(const void* pixels, bool floats, void* target, bool toFloats) const {
    Resize call{};
    call.rows = rows();
    call.columns = columns();
    call.channels = channels;
    call.pixelType = floats ? PixelType::float32 : PixelType::uint8;
    call.x = pixels;
    const SpatialKernels& kernels = spatialKernels();
    std::vector<float> scratch(kernels.resize_scratch_bytes(call.rows, call.columns, channels) / sizeof(float) + 16);
    if (toFloats) {
      call.y = static_cast<float*>(target);
      kernels.resize(call, 0, call.rows.outSize, scratch.data());
      return;
    }
    // A row at a time, so that it is still in the cache when it is rounded.
    const int64_t pitch = call.columns.outSize * channels;
    std::vector<float> row(pitch + 4);
    auto* out = static_cast<uint8_t*>(target);
    for (int64_t r = 0; r < call.rows.outSize; r++) {
      call.y = row.data() - r * pitch;
      kernels.resize(call, r, r + 1, scratch.data());
      for (int64_t i = 0; i < pitch; i++) {
        const float value = row[i] > 0 ? (row[i] < 255 ? row[i] : 255.f) : 0.f;  // NaN becomes 0
        out[r * pitch + i] = static_cast<uint8_t>(std::nearbyintf(value));
      }
    }
  }

 private:
  static std::vector<int32_t> starts(const Attributes& a, const char* name) {
    Napi::Value value = a.value(name);
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
      throw std::invalid_argument(std::string("attribute ") + name + " is not an Int32Array");
    auto array = value.As<Napi::Int32Array>();
    return std::vector<int32_t>(array.Data(), array.Data() + array.ElementLength());
  }
  static ResizeAxis axis(int64_t size, const std::vector<int32_t>& starts, const std::vector<float>& weights) {
    if (starts.empty() || weights.empty() || weights.size() % starts.size()) throw std::invalid_argument("resize: tables of different length");
    ResizeAxis out{size, static_cast<int64_t>(starts.size()), static_cast<int64_t>(weights.size() / starts.size()), starts.data(), weights.data()};
    for (int32_t start : starts)
      if (start < 0 || start + out.taps > size) throw std::invalid_argument("resize: a table reads outside its axis");
    return out;
  }
  ResizeAxis rows() const { return axis(height, rowStarts, rowWeights); }
  ResizeAxis columns() const { return axis(width, columnStarts, columnWeights); }
};

Napi::Object described(Napi::Env env, Napi::Value data, int64_t height, int64_t width, int channels) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("data", data);
  out.Set("height", static_cast<double>(height));
  out.Set("width", static_cast<double>(width));
  out.Set("channels", channels);
  return out;
}

/** pixelBuffer(bytes): ArrayBuffer of undefined content. Its memory goes back to the pool of blocks: a batch's fresh pages would cost more than its decoding. */
Napi::Value pixelBuffer(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const double bytes = info[0].As<Napi::Number>().DoubleValue();
    if (!(bytes >= 0 && bytes < 9e15)) throw std::invalid_argument("pixelBuffer: expected a number of bytes");
    auto* owner = new std::shared_ptr<Block>(Block::allocate(static_cast<size_t>(bytes)));
    return Napi::ArrayBuffer::New(
        info.Env(), (*owner)->data(), static_cast<size_t>(bytes), [](Napi::BasicEnv, void*, std::shared_ptr<Block>* held) { delete held; }, owner);
  });
}

/** A whole file, read at once: Node's own way there takes a pool task for opening, one for asking the size, for reading and for closing. */
class ReadTask : public Task {
 public:
  ReadTask(Napi::Env env, std::string path) : Task(env), path_(std::move(path)) {}

 protected:
  void work() override {
    std::FILE* file = std::fopen(path_.c_str(), "rb");
    if (!file) throw std::runtime_error("cannot be opened");
    struct Closer {
      std::FILE* file;
      ~Closer() { std::fclose(file); }
    } closer{file};
    std::setvbuf(file, nullptr, _IONBF, 0);
    struct stat facts;
    if (fstat(fileno(file), &facts) || !S_ISREG(facts.st_mode)) throw std::runtime_error("is not a file");
    // One byte more than it had: a file that grows meanwhile is another one.
    const size_t size = static_cast<size_t>(facts.st_size);
    bytes_.reset(static_cast<uint8_t*>(std::malloc(size + 1)));
    if (!bytes_) throw std::bad_alloc();
    if (std::fread(bytes_.get(), 1, size + 1, file) != size || std::ferror(file)) throw std::runtime_error("cannot be read");
    size_ = size;
  }
  Napi::Value finish(Napi::Env env) override { return give(env, std::move(bytes_), size_); }

 private:
  std::string path_;
  Bytes bytes_;
  size_t size_ = 0;
};

/** readFile(path): Promise<Uint8Array> */
Napi::Value readWhole(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return (new ReadTask(info.Env(), info[0].As<Napi::String>().Utf8Value()))->start();
  });
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

/** A picture decoded and resized at once: its pixels never leave the thread, and their memory is used again. */
class DecodeResizedTask : public Task {
 public:
  DecodeResizedTask(Napi::Env env, std::vector<uint8_t> file, const JpegDecoding& how, Resizing resizing, Napi::TypedArray target, const View& view)
      : Task(env), file_(std::move(file)), how_(how), resizing_(std::move(resizing)), target_(Napi::Persistent(target)), view_(view) {}

 protected:
  void work() override {
    const JpegPixels pixels = decodeJpeg(file_.data(), file_.size(), how_);
    if (pixels.height != resizing_.height || pixels.width != resizing_.width || pixels.channels != resizing_.channels)
      throw std::runtime_error("the picture has another size than its header");
    resizing_.run(pixels.data.get(), false, view_.data, view_.floats);
  }
  Napi::Value finish(Napi::Env) override { return target_.Value(); }

 private:
  std::vector<uint8_t> file_;
  JpegDecoding how_;
  Resizing resizing_;
  Napi::Reference<Napi::TypedArray> target_;
  View view_;
};

/** decodeJpegResized(file, decoding, tables, target): Promise<target> */
Napi::Value decodeResized(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const JpegDecoding how = decodingFrom(Attributes(info[1].As<Napi::Object>()));
    Resizing resizing{Attributes(info[2].As<Napi::Object>())};
    const View view = viewOf(info[3], "target");
    if (view.bytes != resizing.results() * (view.floats ? 4 : 1)) throw std::invalid_argument("decodeJpegResized: the target has another size");
    return (new DecodeResizedTask(info.Env(), copyOf(info[0], "decodeJpegResized"), how, std::move(resizing), info[3].As<Napi::TypedArray>(), view))->start();
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
  exports.Set("decodeJpegResized", Napi::Function::New(env, decodeResized));
  exports.Set("pixelBuffer", Napi::Function::New(env, pixelBuffer));
  exports.Set("readFile", Napi::Function::New(env, readWhole));
  exports.Set("resizePixels", Napi::Function::New(env, resize));
  exports.Set("encodeJpeg", Napi::Function::New(env, encode));
}

}  // namespace tanuki
