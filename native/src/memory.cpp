#include "memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <new>

namespace tanuki {
namespace {

constexpr size_t kHuge = size_t{2} << 20;
/** From here on blocks are whole huge pages; below, rounding to them would waste up to half. */
constexpr size_t kLarge = size_t{32} << 20;
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
  const size_t unit = wanted >= kLarge ? kHuge : wanted >= 65536 ? 16384 : 256;
  return (wanted + unit - 1) / unit * unit;
}

char* fresh(size_t capacity) {
  if (capacity < kLarge) {
    void* data = std::aligned_alloc(capacity < 65536 ? 64 : 4096, capacity);
    if (!data) throw std::bad_alloc();
    return static_cast<char*>(data);
  }
  void* data = nullptr;
  if (posix_memalign(&data, kHuge, capacity) != 0) throw std::bad_alloc();
  madvise(data, capacity, MADV_HUGEPAGE);
  return static_cast<char*>(data);
}

}  // namespace

std::shared_ptr<Block> Block::allocate(size_t size) {
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
  if (!data) {
    try {
      data = fresh(capacity);
    } catch (...) {
      std::lock_guard<std::mutex> lock(p.mutex);
      p.used -= capacity;
      throw;
    }
  }
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
  std::free(data_);
}

MemoryUse memoryUse() {
  Pool& p = pool();
  std::lock_guard<std::mutex> lock(p.mutex);
  return {p.used, p.pooled};
}

}  // namespace tanuki
