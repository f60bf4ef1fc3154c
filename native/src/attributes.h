// Reads the attributes that the planner gives to a step.
#pragma once
#include <napi.h>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace tanuki {

class Attributes {
 public:
  explicit Attributes(Napi::Object object) : object_(object) {}

  bool has(const char* name) const {
    Napi::Value value = object_.Get(name);
    return !value.IsUndefined() && !value.IsNull();
  }
  int64_t integer(const char* name) const { return require(name).As<Napi::Number>().Int64Value(); }
  int64_t integer(const char* name, int64_t fallback) const { return has(name) ? integer(name) : fallback; }
  float real(const char* name) const { return static_cast<float>(require(name).As<Napi::Number>().DoubleValue()); }
  bool flag(const char* name) const { return has(name) && require(name).ToBoolean().Value(); }
  std::string text(const char* name) const { return require(name).As<Napi::String>().Utf8Value(); }
  std::vector<int64_t> integers(const char* name) const {
    std::vector<int64_t> out;
    Napi::Array array = list(name);
    out.reserve(array.Length());
    for (uint32_t i = 0; i < array.Length(); i++) out.push_back(array.Get(i).As<Napi::Number>().Int64Value());
    return out;
  }
  std::vector<std::vector<int64_t>> integerLists(const char* name) const {
    std::vector<std::vector<int64_t>> out;
    Napi::Array array = list(name);
    for (uint32_t i = 0; i < array.Length(); i++) {
      Napi::Array inner = array.Get(i).As<Napi::Array>();
      std::vector<int64_t> row;
      for (uint32_t j = 0; j < inner.Length(); j++) row.push_back(inner.Get(j).As<Napi::Number>().Int64Value());
      out.push_back(std::move(row));
    }
    return out;
  }
  std::vector<float> reals(const char* name) const {
    Napi::Value value = require(name);
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array)
      throw std::invalid_argument(std::string("attribute ") + name + " is not a Float32Array");
    auto array = value.As<Napi::Float32Array>();
    return std::vector<float>(array.Data(), array.Data() + array.ElementLength());
  }
  Napi::Array list(const char* name) const {
    Napi::Value value = require(name);
    if (!value.IsArray()) throw std::invalid_argument(std::string("attribute ") + name + " is not an array");
    return value.As<Napi::Array>();
  }
  Napi::Value value(const char* name) const { return require(name); }

 private:
  Napi::Value require(const char* name) const {
    Napi::Value value = object_.Get(name);
    if (value.IsUndefined() || value.IsNull()) throw std::invalid_argument(std::string("missing attribute ") + name);
    return value;
  }
  Napi::Object object_;
};

}  // namespace tanuki
