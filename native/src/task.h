// Work for JavaScript on Node's pool of threads: each task gives a promise.
#pragma once
#include <napi.h>

#include <atomic>
#include <exception>

#include "errors.h"

namespace tanuki {

/** Runs `work()` on the pool, then `finish(env)` in JavaScript's thread. Exceptions of either reject the promise. */
class Task : public Napi::AsyncWorker {
 public:
  explicit Task(Napi::Env env) : AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)) { alive()++; }
  ~Task() override { alive()--; }
  /** Tasks that wait, work or have not told their result yet. */
  static std::atomic<int>& alive() {
    static std::atomic<int> count{0};
    return count;
  }
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
    } catch (const std::exception&) {
      SetError(describeException());
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

/** Turns C++ exceptions into JavaScript ones: nothing may cross the border as a crash. */
template <class Body>
Napi::Value guarded(const Napi::CallbackInfo& info, Body&& body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception&) {
    throw Napi::Error::New(info.Env(), describeException());
  }
}

}  // namespace tanuki
