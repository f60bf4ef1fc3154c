#include "errors.h"

#include <dnnl.hpp>
#include <exception>
#include <new>

namespace tanuki {

std::string describeException() {
  try {
    throw;
  } catch (const dnnl::error& e) {
    return std::string("oneDNN: ") + e.what();
  } catch (const std::bad_alloc&) {
    return "out of memory";
  } catch (const std::exception& e) {
    return e.what();
  }
}

}  // namespace tanuki
