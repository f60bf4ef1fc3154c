// Batches of pictures: JPEG files read, decoded and resized to their places in one buffer, several in a task.
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "handles.h"
#include "memory.h"
#include "pictures.h"
#include "resizing.h"
#include "task.h"

namespace tanuki {
namespace {

const napi_type_tag kPixelsTag = {0x74616e756b690004, 0x4}, kRecipeTag = {0x74616e756b690005, 0x5};

/** How the pictures of a dataset are decoded, and the tables for the sizes that came so far. Tasks share it. */
class Recipe {
 public:
  explicit Recipe(const Attributes& a) : how(decodingFrom(a)), floats(a.flag("floats")), axesApart_(a.flag("axesApart")) {
    if (how.channels == 0) throw std::invalid_argument("pictureRecipe: expected channels 1, 3 or 4");
  }

  const JpegDecoding how;
  const bool floats;

  void add(const Resizing& resizing) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (rows_.size() + columns_.size() >= kMostTables) {
      rows_.clear();
      columns_.clear();
    }
    rows_[rowKey(resizing.height, resizing.width)] = resizing.rows;
    columns_[columnKey(resizing.height, resizing.width)] = resizing.columns;
  }
  /** Null if a table is missing. */
  std::unique_ptr<Resizing> find(int64_t height, int64_t width) const {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto row = rows_.find(rowKey(height, width)), column = columns_.find(columnKey(height, width));
    if (row == rows_.end() || column == columns_.end()) return nullptr;
    return std::make_unique<Resizing>(height, width, how.channels, row->second, column->second);
  }

 private:
  // Sizes of pictures are many, sides few: where an axis is resized for itself, its table serves all of the same length.
  using Key = std::pair<int64_t, int64_t>;
  Key rowKey(int64_t height, int64_t width) const { return {height, axesApart_ ? 0 : width}; }
  Key columnKey(int64_t height, int64_t width) const { return {axesApart_ ? 0 : height, width}; }

  static constexpr size_t kMostTables = 8192;
  const bool axesApart_;
  mutable std::mutex mutex_;
  std::map<Key, std::shared_ptr<const AxisTable>> rows_, columns_;
};

/** A regular file, whole. Throws: what is wrong is found out, and said, by whoever tries next. */
std::vector<uint8_t> readFile(const std::string& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) throw std::runtime_error("cannot be opened");
  std::setvbuf(file.get(), nullptr, _IONBF, 0);
  struct stat facts;
  if (fstat(fileno(file.get()), &facts) || !S_ISREG(facts.st_mode)) throw std::runtime_error("is not a file");
  // One byte more than it had: a file that grows meanwhile is another one.
  std::vector<uint8_t> bytes(static_cast<size_t>(facts.st_size) + 1);
  if (std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() - 1 || std::ferror(file.get())) throw std::runtime_error("cannot be read");
  bytes.pop_back();
  return bytes;
}

/** What became of a file: { 0, 0 } done; a height and a width, the tables for which are missing; { -1, -1 } not a JPEG that can be read. */
struct Outcome {
  int32_t height = -1, width = -1;
};

class LoadTask : public Task {
 public:
  LoadTask(Napi::Env env, std::shared_ptr<Block> pixels, std::shared_ptr<Recipe> recipe, std::vector<std::string> files, std::vector<int64_t> places)
      : Task(env), pixels_(std::move(pixels)), recipe_(std::move(recipe)), files_(std::move(files)), places_(std::move(places)), outcomes_(files_.size()) {}

 protected:
  void work() override {
    for (size_t i = 0; i < files_.size(); i++) {
      std::vector<uint8_t> file;
      Outcome& outcome = outcomes_[i];
      std::unique_ptr<Resizing> resizing;
      const std::function<bool(int64_t, int64_t)> wanted = [&](int64_t height, int64_t width) {
        resizing = recipe_->find(height, width);
        if (!resizing) outcome = {static_cast<int32_t>(height), static_cast<int32_t>(width)};
        return resizing != nullptr;
      };
      JpegDecoding how = recipe_->how;
      how.wanted = &wanted;
      JpegPixels picture;
      try {
        file = readFile(files_[i]);
        picture = decodeJpeg(file.data(), file.size(), how);
      } catch (const std::exception&) {
        continue;
      }
      if (!resizing) continue;
      const size_t bytes = resizing->results() * (recipe_->floats ? sizeof(float) : 1);
      if (places_[i] < 0 || (places_[i] + 1) * bytes > pixels_->size()) throw std::invalid_argument("loadPictures: a place outside the buffer");
      resizing->run(picture.data.get(), false, pixels_->data() + places_[i] * bytes, recipe_->floats);
      outcome = {0, 0};
    }
  }
  Napi::Value finish(Napi::Env env) override {
    auto out = Napi::Int32Array::New(env, outcomes_.size() * 2);
    for (size_t i = 0; i < outcomes_.size(); i++) {
      out[2 * i] = outcomes_[i].height;
      out[2 * i + 1] = outcomes_[i].width;
    }
    return out;
  }

 private:
  std::shared_ptr<Block> pixels_;
  std::shared_ptr<Recipe> recipe_;
  std::vector<std::string> files_;
  std::vector<int64_t> places_;
  std::vector<Outcome> outcomes_;
};

/** pictureRecipe({ channels, fast, ..., floats, axesApart }): handle. axesApart: the tables of an axis do not depend on the other one. */
Napi::Value pictureRecipe(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value { return wrap(info.Env(), std::make_shared<Recipe>(Attributes(info[0].As<Napi::Object>())), kRecipeTag, 0); });
}

/** addTables(recipe, tables) */
Napi::Value addTables(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    unwrap<Recipe>(info[0], kRecipeTag, "recipe")->add(Resizing{Attributes(info[1].As<Napi::Object>())});
    return info.Env().Undefined();
  });
}

/** pixelBlock(bytes): handle of memory of undefined content, from the pool: a batch's fresh pages would cost more than its decoding. */
Napi::Value pixelBlock(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const double bytes = info[0].As<Napi::Number>().DoubleValue();
    if (!(bytes >= 0 && bytes < 9e15)) throw std::invalid_argument("pixelBlock: expected a number of bytes");
    return wrap(info.Env(), Block::allocate(static_cast<size_t>(bytes)), kPixelsTag, 0);
  });
}

std::shared_ptr<Block>& pixelsFrom(const Napi::Value& handle) {
  auto& block = unwrap<Block>(handle, kPixelsTag, "block of pixels");
  if (!block) throw std::invalid_argument("this block of pixels was given away");
  return block;
}

/** loadPictures(block, recipe, files, places): Promise<Int32Array> of two numbers for each file, see Outcome. */
Napi::Value loadPictures(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto files = info[2].As<Napi::Array>(), places = info[3].As<Napi::Array>();
    if (!files.IsArray() || !places.IsArray() || files.Length() != places.Length()) throw std::invalid_argument("loadPictures: expected a place for each file");
    std::vector<std::string> paths;
    std::vector<int64_t> at;
    for (uint32_t i = 0; i < files.Length(); i++) {
      paths.push_back(files.Get(i).As<Napi::String>().Utf8Value());
      at.push_back(places.Get(i).As<Napi::Number>().Int64Value());
    }
    return (new LoadTask(info.Env(), pixelsFrom(info[0]), unwrap<Recipe>(info[1], kRecipeTag, "recipe"), std::move(paths), std::move(at)))->start();
  });
}

/** placePixels(block, offset in bytes, array): what was decoded elsewhere. */
Napi::Value placePixels(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto& block = pixelsFrom(info[0]);
    const double offset = info[1].As<Napi::Number>().DoubleValue();
    auto array = info[2].As<Napi::TypedArray>();
    if (!(offset >= 0 && offset + array.ByteLength() <= block->size())) throw std::invalid_argument("placePixels: a place outside the buffer");
    std::memcpy(block->data() + static_cast<size_t>(offset), static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength());
    return info.Env().Undefined();
  });
}

/** copyPixels(block, offset, source, offset there, bytes): from one block to another. */
Napi::Value copyPixels(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto &to = pixelsFrom(info[0]), &from = pixelsFrom(info[2]);
    const double at = info[1].As<Napi::Number>().DoubleValue(), there = info[3].As<Napi::Number>().DoubleValue(), bytes = info[4].As<Napi::Number>().DoubleValue();
    if (to == from || !(at >= 0 && there >= 0 && bytes >= 0 && at + bytes <= to->size() && there + bytes <= from->size()))
      throw std::invalid_argument("copyPixels: a place outside the buffer, or one buffer");
    std::memcpy(to->data() + static_cast<size_t>(at), from->data() + static_cast<size_t>(there), static_cast<size_t>(bytes));
    return info.Env().Undefined();
  });
}

/** dropPixels(block): its memory is free again, if it was not given away, when no task needs it any more. */
Napi::Value dropPixels(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    unwrap<Block>(info[0], kPixelsTag, "block of pixels").reset();
    return info.Env().Undefined();
  });
}

/**
 * The part of its weight that the garbage collector is told of a batch. On a small heap it starts a full collection, which costs more than decoding
 * three batches, for every 8 MB that it is told of.
 */
constexpr int64_t kToldPart = 16;

std::atomic<int64_t> givenBytes{0};

/** pixelMemory(block): the same memory as a buffer of the engine; the block is empty then. No task may be under way with it. */
Napi::Value pixelMemory(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto block = std::move(pixelsFrom(info[0]));
    const int64_t bytes = static_cast<int64_t>(block->size());
    givenBytes += bytes;
    std::shared_ptr<Block> counted(block.get(), [block, bytes](Block*) { givenBytes -= bytes; });
    block.reset();
    return wrap(info.Env(), std::move(counted), kBlockTag, bytes / kToldPart);
  });
}

/** pixelsGiven(): bytes given away by pixelMemory that did not come back yet. */
Napi::Value pixelsGiven(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), static_cast<double>(givenBytes.load())); }

}  // namespace

void exportPictureBatches(Napi::Env env, Napi::Object exports) {
  exports.Set("pictureRecipe", Napi::Function::New(env, pictureRecipe));
  exports.Set("addTables", Napi::Function::New(env, addTables));
  exports.Set("pixelBlock", Napi::Function::New(env, pixelBlock));
  exports.Set("loadPictures", Napi::Function::New(env, loadPictures));
  exports.Set("placePixels", Napi::Function::New(env, placePixels));
  exports.Set("copyPixels", Napi::Function::New(env, copyPixels));
  exports.Set("dropPixels", Napi::Function::New(env, dropPixels));
  exports.Set("pixelMemory", Napi::Function::New(env, pixelMemory));
  exports.Set("pixelsGiven", Napi::Function::New(env, pixelsGiven));
}

}  // namespace tanuki
