// C++ objects as JavaScript holds them: opaque, and tagged, so that a wrong one is not taken for another kind.
#pragma once
#include <napi.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace tanuki {

/** A buffer of the engine. */
constexpr napi_type_tag kBlockTag = {0x74616e756b690001, 0x1};

/** A handle that owns a share of `value`; `bytes`: what the garbage collector is told that it weighs. */
template <class T>
Napi::Value wrap(Napi::Env env, std::shared_ptr<T> value, const napi_type_tag& tag, int64_t bytes) {
  auto* holder = new std::shared_ptr<T>(std::move(value));
  auto external = Napi::External<std::shared_ptr<T>>::New(
      env, holder, [bytes](Napi::BasicEnv finalEnv, std::shared_ptr<T>* held) {
        delete held;
        if (bytes) {
          int64_t total;
          napi_adjust_external_memory(finalEnv, -bytes, &total);
        }
      });
  napi_type_tag_object(env, external, &tag);
  if (bytes) {
    int64_t total;
    napi_adjust_external_memory(env, bytes, &total);
  }
  return external;
}

/** The share that a handle owns; a function that takes it leaves the handle empty. */
template <class T>
std::shared_ptr<T>& unwrap(const Napi::Value& value, const napi_type_tag& tag, const char* what) {
  bool fits = false;
  if (value.IsExternal()) napi_check_object_type_tag(value.Env(), value, &tag, &fits);
  if (!fits) throw std::invalid_argument(std::string("expected a ") + what);
  return *value.As<Napi::External<std::shared_ptr<T>>>().Data();
}

}  // namespace tanuki
