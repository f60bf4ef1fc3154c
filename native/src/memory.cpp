#include "memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

namespace tanuki {
namespace {

/** From here on blocks are pages of the system: zero while they are fresh, gone as soon as they are freed. */
constexpr size_t kMapped = size_t{1} << 20;
/** Sizes of the largest blocks are rounded up to this, so that they fit each other; pages that nobody touches cost nothing. */
constexpr size_t kLarge = size_t{32} << 20, kLargeUnit = size_t{2} << 20;
constexpr size_t kPoolLimit = size_t{128} << 20;
constexpr size_t kSlack = 64;

struct Pool {
  std::mutex mutex;
  std::multimap<size_t, char*> free;
  size_t pooled = 0, used = 0;
};
Pool& pool() {
  static Pool* instance = new Pool;  // never destroyed: blocks may outlive static destruction
  return *instance;
}

size_t capacityFor(size_t size) {
  const size_t wanted = size + kSlack;
  const size_t unit = wanted >= kLarge ? kLargeUnit : wanted >= 65536 ? 16384 : 256;
  return (wanted + unit - 1) / unit * unit;
}

/**
 * Not in huge pages: steps are no quicker with them (measured within 1 % for all models of bench/), and a guest of a virtual machine
 * waits for its host to find them: fresh ones took 0.8 to 2.3 s a gigabyte, small pages 0.4 s.
 */
char* fresh(size_t capacity) {
  if (capacity < kMapped) {
    void* data = std::aligned_alloc(capacity < 65536 ? 64 : 4096, capacity);
    if (!data) throw std::bad_alloc();
    return static_cast<char*>(data);
  }
  void* data = mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(data);
}

void release(char* data, size_t capacity) {
  if (capacity < kMapped) std::free(data);
  else munmap(data, capacity);
}

}  // namespace

std::shared_ptr<Block> Block::allocate(size_t size, bool zeroed) {
  if (size > (size_t{1} << 46)) throw std::bad_alloc();
  const size_t capacity = capacityFor(size);
  Pool& p = pool();
  char* data = nullptr;
  {
    std::lock_guard<std::mutex> lock(p.mutex);
    auto found = p.free.lower_bound(capacity);
    if (found != p.free.end() && found->first == capacity) {
      data = found->second;
      p.pooled -= capacity;
      p.free.erase(found);
    }
    p.used += capacity;
  }
  const bool reused = data != nullptr;
  if (!reused) {
    try {
      data = fresh(capacity);
    } catch (...) {
      std::lock_guard<std::mutex> lock(p.mutex);
      p.used -= capacity;
      throw;
    }
  }
  if (zeroed && (reused || capacity < kMapped)) std::memset(data, 0, size);
  return std::shared_ptr<Block>(new Block(data, size, capacity));
}

Block::~Block() {
  Pool& p = pool();
  {
    std::lock_guard<std::mutex> lock(p.mutex);
    p.used -= capacity_;
    if (p.pooled + capacity_ <= kPoolLimit) {
      p.free.emplace(capacity_, data_);
      p.pooled += capacity_;
      return;
    }
  }
  release(data_, capacity_);
}

MemoryUse memoryUse() {
  Pool& p = pool();
  std::lock_guard<std::mutex> lock(p.mutex);
  return {p.used, p.pooled};
}

}  // namespace tanuki
