// The instruction set in use: chosen once, at run time, from what the processor has and what the caller allows.
#pragma once

namespace tanuki {

enum class Isa { portable, avx2, avx512 };

/** Chosen on first call: the best the processor has, lowered by TANUKI_ISA=avx2|portable (which lowers oneDNN too). */
Isa isa();
const char* isaName();
/** Channels in one block of the blocked layouts: 16 with AVX-512, else 8. */
int lanes();

}  // namespace tanuki
