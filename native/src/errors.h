// What went wrong, in words for JavaScript.
#pragma once
#include <string>

namespace tanuki {

/** The text of the exception that is being handled; only in a catch block. */
std::string describeException();

}  // namespace tanuki
