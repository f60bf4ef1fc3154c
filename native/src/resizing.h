// Resizing of decoded pictures by tables of weights, one for each axis, that JavaScript computes.
#pragma once
#include <cmath>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "attributes.h"
#include "kernels.h"

namespace tanuki {

/** See kernels/spatial.h. */
struct AxisTable {
  std::vector<int32_t> starts;
  std::vector<float> weights;

  AxisTable(const Attributes& a, const char* startsName, const char* weightsName) : weights(a.reals(weightsName)) {
    Napi::Value value = a.value(startsName);
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
      throw std::invalid_argument(std::string("attribute ") + startsName + " is not an Int32Array");
    auto array = value.As<Napi::Int32Array>();
    starts.assign(array.Data(), array.Data() + array.ElementLength());
  }
  /** Checked against the length of the axis that it is for. */
  ResizeAxis over(int64_t size) const {
    if (starts.empty() || weights.empty() || weights.size() % starts.size()) throw std::invalid_argument("resize: tables of different length");
    ResizeAxis out{size, static_cast<int64_t>(starts.size()), static_cast<int64_t>(weights.size() / starts.size()), starts.data(), weights.data()};
    for (int32_t start : starts)
      if (start < 0 || start + out.taps > size) throw std::invalid_argument("resize: a table reads outside its axis");
    return out;
  }
};

struct Resizing {
  int64_t height, width, channels;
  std::shared_ptr<const AxisTable> rows, columns;

  /** { height, width, channels, rowStarts, rowWeights, columnStarts, columnWeights } */
  explicit Resizing(const Attributes& a)
      : Resizing(a.integer("height"), a.integer("width"), a.integer("channels"), std::make_shared<const AxisTable>(a, "rowStarts", "rowWeights"),
                 std::make_shared<const AxisTable>(a, "columnStarts", "columnWeights")) {}
  Resizing(int64_t height, int64_t width, int64_t channels, std::shared_ptr<const AxisTable> rows, std::shared_ptr<const AxisTable> columns)
      : height(height), width(width), channels(channels), rows(std::move(rows)), columns(std::move(columns)) {
    if (height < 1 || width < 1 || channels < 1 || height > (1 << 24) || width > (1 << 24) || channels > (1 << 16))
      throw std::invalid_argument("resize: a picture of impossible size");
    this->rows->over(height);
    this->columns->over(width);
  }
  size_t values() const { return static_cast<size_t>(height) * width * channels; }
  size_t results() const { return rows->starts.size() * columns->starts.size() * channels; }

  /** pixels: float or uint8; target: float, or uint8 rounded half to even within 0..255. */
  void run(const void* pixels, bool floats, void* target, bool toFloats) const {
    Resize call{};
    call.rows = rows->over(height);
    call.columns = columns->over(width);
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
};

}  // namespace tanuki
