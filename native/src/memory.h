// Aligned memory that is reused: fresh pages cost more than the arithmetic done on them.
#pragma once
#include <cstddef>
#include <memory>

namespace tanuki {

/** A block of at least `size` bytes (plus 64 readable ones behind), aligned to 64 bytes. Back to a pool when the last owner drops it. */
class Block {
 public:
  static std::shared_ptr<Block> allocate(size_t size, bool zeroed = false);  // throws std::bad_alloc
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  Block(char* data, size_t size, size_t capacity) : data_(data), size_(size), capacity_(capacity) {}
  char* data_;
  size_t size_;
  size_t capacity_;
};

/** Bytes in use by blocks, and bytes kept in the pool for reuse. */
struct MemoryUse {
  size_t used, pooled;
};
MemoryUse memoryUse();

}  // namespace tanuki
