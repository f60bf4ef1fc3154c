// What JavaScript sees of the addon: buffers, steps, programs. It holds no model logic: plans come from src/engines/native.
#include <napi.h>
#include <omp.h>

#include <condition_variable>
#include <cstring>
#include <dnnl.hpp>
#include <dnnl_version.h>
#include <mutex>

#include "attributes.h"
#include "compute_thread.h"
#include "handles.h"
#include "isa.h"
#include "jpeg.h"
#include "memory.h"
#include "pictures.h"
#include "program.h"
#include "step.h"
#include "task.h"

namespace tanuki {

std::map<std::string, StepFactory>& stepFactories() {
  static std::map<std::string, StepFactory> factories;
  return factories;
}

namespace {

// Tags keep a wrong External from being taken for another kind.
const napi_type_tag kStepTag = {0x74616e756b690002, 0x2}, kProgramTag = {0x74616e756b690003, 0x3};

struct Completion {
  Napi::Promise::Deferred deferred;
  Napi::ObjectReference keep;  // what must not be collected before the work is done
  std::string error;
  bool failed = false;
};

/**
 * Whether the compute thread may still work for an environment and call back to it. Node deletes the way back when the environment ends (process.exit
 * during a step), whoever holds it; so the end waits for the work under way, and what was queued behind it is dropped.
 */
struct Gate {
  std::mutex mutex;
  std::condition_variable idle;
  bool closed = false, working = false;

  /** False if the environment has ended. */
  bool enter() {
    std::lock_guard<std::mutex> lock(mutex);
    working = !closed;
    return working;
  }
  /** `back` is called only while the environment is there. False if it has ended. */
  template <class Back>
  bool leave(Back back) {
    std::lock_guard<std::mutex> lock(mutex);
    working = false;
    idle.notify_all();
    return !closed && back();
  }
  void close() {
    std::unique_lock<std::mutex> lock(mutex);
    closed = true;
    idle.wait(lock, [this] { return !working; });
  }
};

/** Per environment (main thread or worker): the way back from the compute thread, referenced only while work is under way. */
struct Instance {
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  Napi::ThreadSafeFunction back;
  int pending = 0;
};

void settle(Napi::Env env, Napi::Function, Completion* completion) {
  if (!env) {
    // The environment is going down: nobody waits any more, and its handles are gone with it.
    completion->keep.SuppressDestruct();
    delete completion;
    return;
  }
  auto* instance = env.GetInstanceData<Instance>();
  if (--instance->pending == 0) instance->back.Unref(env);
  try {
    if (completion->failed) completion->deferred.Reject(Napi::Error::New(env, completion->error).Value());
    else completion->deferred.Resolve(env.Undefined());
  } catch (const Napi::Error&) {
    // A worker that is being terminated runs no JavaScript any more: nobody waits.
  }
  delete completion;
}

template <class Work>
Napi::Value enqueue(Napi::Env env, Napi::Object keep, Work work) {
  auto* instance = env.GetInstanceData<Instance>();
  auto* completion = new Completion{Napi::Promise::Deferred::New(env), Napi::Persistent(keep), {}, false};
  Napi::Promise promise = completion->deferred.Promise();
  if (instance->pending++ == 0) instance->back.Ref(env);
  Napi::ThreadSafeFunction back = instance->back;
  back.Acquire();
  computeLater([completion, back, gate = instance->gate, work = std::move(work)]() mutable {
    if (!gate->enter()) {
      completion->keep.SuppressDestruct();
      return;
    }
    try {
      work();
    } catch (const std::exception&) {
      completion->failed = true;
      completion->error = describeException();
    }
    const bool called = gate->leave([&] {
      const bool ok = back.BlockingCall(completion, settle) == napi_ok;
      back.Release();
      return ok;
    });
    // The environment has ended: the completion's handles are gone with it.
    if (!called) completion->keep.SuppressDestruct();
  });
  return promise;
}

size_t bytesFrom(const Napi::Value& value) {
  const double bytes = value.As<Napi::Number>().DoubleValue();
  if (!(bytes >= 0)) throw std::invalid_argument("expected a number of bytes");
  return static_cast<size_t>(bytes);
}

/** allocate(bytes) -> block */
Napi::Value allocate(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const size_t bytes = bytesFrom(info[0]);
    return wrap(info.Env(), Block::allocate(bytes), kBlockTag, static_cast<int64_t>(bytes));
  });
}

/** allocateFilled(bytes, word) -> block of which each 32 bits are `word` */
Napi::Value allocateFilled(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const size_t bytes = bytesFrom(info[0]);
    const uint32_t word = info[1].As<Napi::Number>().Uint32Value();
    auto block = Block::allocate(bytes, word == 0);
    // Blocks have room behind their last byte.
    if (word != 0) std::fill_n(reinterpret_cast<uint32_t*>(block->data()), (bytes + 3) / 4, word);
    return wrap(info.Env(), block, kBlockTag, static_cast<int64_t>(bytes));
  });
}

/** write(block, typedArray): copies now. Only for blocks that no queued run uses yet. */
Napi::Value write(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto block = unwrap<Block>(info[0], kBlockTag, "buffer");
    auto array = info[1].As<Napi::TypedArray>();
    if (array.ByteLength() > block->size()) throw std::invalid_argument("write: data is larger than the buffer");
    std::memcpy(block->data(), static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength());
    return info.Env().Undefined();
  });
}

/** copyOut(block, typedArray): copies now. Only for blocks that no run ever wrote to. */
Napi::Value copyOut(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto block = unwrap<Block>(info[0], kBlockTag, "buffer");
    auto array = info[1].As<Napi::TypedArray>();
    if (array.ByteLength() > block->size()) throw std::invalid_argument("copyOut: target is larger than the buffer");
    std::memcpy(static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), block->data(), array.ByteLength());
    return info.Env().Undefined();
  });
}

/** read(block, typedArray): Promise; copies after everything queued before. */
Napi::Value read(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto block = unwrap<Block>(info[0], kBlockTag, "buffer");
    auto array = info[1].As<Napi::TypedArray>();
    const size_t bytes = array.ByteLength();
    if (bytes > block->size()) throw std::invalid_argument("read: target is larger than the buffer");
    char* target = static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
    Napi::Object keep = Napi::Object::New(info.Env());
    keep.Set("array", array);
    return enqueue(info.Env(), keep, [block, target, bytes] { std::memcpy(target, block->data(), bytes); });
  });
}

/** step(kind, attributes, threads, callers) -> { handle, implementation, scratchBytes, packedBytes, packedKey } */
Napi::Value makeStep(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const std::string kind = info[0].As<Napi::String>();
    auto factory = stepFactories().find(kind);
    if (factory == stepFactories().end()) throw std::invalid_argument("no step of kind " + kind);
    const Threading threading{info[2].As<Napi::Number>().Int32Value(), info[3].As<Napi::Number>().Int32Value()};
    // oneDNN asks OpenMP how many threads a primitive may count on.
    const int before = omp_get_max_threads();
    omp_set_num_threads(threading.split);
    std::shared_ptr<Step> step;
    try {
      step = factory->second(Attributes(info[1].As<Napi::Object>()), threading);
    } catch (...) {
      omp_set_num_threads(before);
      throw;
    }
    omp_set_num_threads(before);
    Napi::Object out = Napi::Object::New(info.Env());
    out.Set("implementation", step->implementation());
    out.Set("scratchBytes", static_cast<double>(step->scratchBytes()));
    out.Set("packedBytes", static_cast<double>(step->packedBytes()));
    out.Set("packedKey", step->packedKey());
    out.Set("handle", wrap(info.Env(), step, kStepTag, 0));
    return out;
  });
}

std::vector<Operand> operandsFrom(const Napi::Value& value) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array)
    throw std::invalid_argument("operands: expected a Float64Array of region, offset, imageBytes");
  auto array = value.As<Napi::Float64Array>();
  if (array.ElementLength() % 3) throw std::invalid_argument("operands: length is not a multiple of 3");
  std::vector<Operand> out(array.ElementLength() / 3);
  for (size_t i = 0; i < out.size(); i++)
    out[i] = {static_cast<int64_t>(array[3 * i]), static_cast<int64_t>(array[3 * i + 1]), static_cast<int64_t>(array[3 * i + 2])};
  return out;
}

struct LoadedProgram {
  Program program;
  size_t externals = 0;
};

Napi::Value makeProgram(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Attributes spec(info[0].As<Napi::Object>());
    auto loaded = std::make_shared<LoadedProgram>();
    Program& program = loaded->program;
    program.threads = static_cast<int>(spec.integer("threads"));
    program.arenaBytes = static_cast<size_t>(spec.integer("arenaBytes"));
    program.threadArenaBytes = static_cast<size_t>(spec.integer("threadArenaBytes"));
    program.profile = spec.flag("profile");
    loaded->externals = static_cast<size_t>(spec.integer("externals"));
    const int64_t persistentBytes = spec.integer("persistentBytes");
    program.persistent = Block::allocate(static_cast<size_t>(persistentBytes));
    Napi::Array data = spec.list("persistentData");
    for (uint32_t i = 0; i < data.Length(); i++) {
      Attributes item(data.Get(i).As<Napi::Object>());
      auto array = item.value("data").As<Napi::TypedArray>();
      const int64_t offset = item.integer("offset");
      if (offset < 0 || offset + static_cast<int64_t>(array.ByteLength()) > persistentBytes)
        throw std::invalid_argument("persistentData lies outside the persistent region");
      std::memcpy(program.persistent->data() + offset, static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength());
    }
    Napi::Array segments = spec.list("segments");
    for (uint32_t s = 0; s < segments.Length(); s++) {
      Attributes item(segments.Get(s).As<Napi::Object>());
      Segment segment;
      segment.setup = item.flag("setup");
      segment.batch = item.integer("batch");
      segment.chunk = item.integer("chunk");
      Napi::Array steps = item.list("steps");
      for (uint32_t i = 0; i < steps.Length(); i++) {
        Attributes planned(steps.Get(i).As<Napi::Object>());
        PlannedStep out;
        out.step = unwrap<Step>(planned.value("handle"), kStepTag, "step");
        out.operands = operandsFrom(planned.value("operands"));
        out.accumulates = planned.flag("accumulates");
        segment.steps.push_back(std::move(out));
      }
      Napi::Array combines = item.list("combines");
      for (uint32_t i = 0; i < combines.Length(); i++) {
        Attributes combine(combines.Get(i).As<Napi::Object>());
        segment.combines.push_back({combine.integer("threadOffset"), combine.integer("count"), operandsFrom(combine.value("result")).at(0)});
      }
      for (const PlannedStep& planned : segment.steps)
        for (const Operand& operand : planned.operands)
          if (operand.region < 0 || operand.region >= static_cast<int64_t>(Operand::external + loaded->externals) || operand.offset < 0)
            throw std::invalid_argument("an operand lies outside all regions");
      program.segments.push_back(std::move(segment));
    }
    program.finish();
    return wrap(info.Env(), loaded, kProgramTag, persistentBytes);
  });
}

/** run(program, blocks, runSetup): Promise */
Napi::Value run(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto loaded = unwrap<LoadedProgram>(info[0], kProgramTag, "program");
    Napi::Array blocks = info[1].As<Napi::Array>();
    if (blocks.Length() != loaded->externals) throw std::invalid_argument("run: wrong number of buffers");
    std::vector<std::shared_ptr<Block>> held;
    std::vector<char*> external;
    for (uint32_t i = 0; i < blocks.Length(); i++) {
      held.push_back(unwrap<Block>(blocks.Get(i), kBlockTag, "buffer"));
      external.push_back(held.back()->data());
    }
    const bool runSetup = info[2].ToBoolean();
    return enqueue(info.Env(), Napi::Object::New(info.Env()), [loaded, held = std::move(held), external = std::move(external), runSetup] {
      loaded->program.run(external, runSetup);
    });
  });
}

/** times(program) -> per segment, per step: [milliseconds, calls] since the start. Waits for nothing. */
Napi::Value times(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto loaded = unwrap<LoadedProgram>(info[0], kProgramTag, "program");
    Napi::Array out = Napi::Array::New(info.Env());
    uint32_t s = 0;
    for (const Segment& segment : loaded->program.segments) {
      Napi::Array rows = Napi::Array::New(info.Env());
      uint32_t i = 0;
      for (const PlannedStep& planned : segment.steps) {
        Napi::Array row = Napi::Array::New(info.Env(), 2);
        row.Set(uint32_t{0}, planned.seconds * 1e3);
        row.Set(uint32_t{1}, static_cast<double>(planned.calls));
        rows.Set(i++, row);
      }
      out.Set(s++, rows);
    }
    return out;
  });
}

Napi::Value information(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Napi::Object out = Napi::Object::New(info.Env());
    const dnnl_version_t* version = dnnl_version();
    out.Set("oneDNN", std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch));
    out.Set("libjpegTurbo", jpegLibraryVersion());
    out.Set("instructionSet", isaName());
    out.Set("lanes", lanes());
    out.Set("threads", threadCount());
    const MemoryUse use = memoryUse();
    out.Set("usedBytes", static_cast<double>(use.used));
    out.Set("pooledBytes", static_cast<double>(use.pooled));
    out.Set("pictureTasks", Task::alive().load());
    out.Set("arenaBytes", static_cast<double>(sharedArenaBytes()));
    return out;
  });
}

Napi::Value threads(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    setThreadCount(info[0].As<Napi::Number>().Int32Value());
    return info.Env().Undefined();
  });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto* instance = new Instance;
  instance->back = Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "tanuki", 0, 1);
  instance->back.Unref(env);
  env.SetInstanceData(instance);
  // Hooks run in the opposite order: this one before the way back is deleted.
  env.AddCleanupHook([gate = instance->gate] { gate->close(); });
  exports.Set("allocate", Napi::Function::New(env, allocate));
  exports.Set("allocateFilled", Napi::Function::New(env, allocateFilled));
  exports.Set("write", Napi::Function::New(env, write));
  exports.Set("copyOut", Napi::Function::New(env, copyOut));
  exports.Set("read", Napi::Function::New(env, read));
  exports.Set("step", Napi::Function::New(env, makeStep));
  exports.Set("program", Napi::Function::New(env, makeProgram));
  exports.Set("run", Napi::Function::New(env, run));
  exports.Set("times", Napi::Function::New(env, times));
  exports.Set("information", Napi::Function::New(env, information));
  exports.Set("setThreads", Napi::Function::New(env, threads));
  exportPictures(env, exports);
  return exports;
}

}  // namespace

Step& stepFromValue(const Napi::Value& value) { return *unwrap<Step>(value, kStepTag, "step"); }

NODE_API_MODULE(tanuki, init)

}  // namespace tanuki
