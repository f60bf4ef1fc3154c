// One loop for each opcode and kind of operands: what a step of an elementwise program calls for a block of elements.
#pragma once
#include "elementwise_math.h"

namespace tanuki {
namespace TANUKI_ISA {
namespace {

union Immediates {
  float floats[2];
  int32_t ints[2];
};

/** `n` elements; a uniform operand points to W lanes that serve every W elements. */
typedef void (*StepKernel)(void* dst, const void* a, const void* b, const void* c, int64_t n, const Immediates&);

/** The opcodes of programs, and those that `prepare` puts in their place or beside them. */
enum InternalOp : uint16_t {
  opMove = static_cast<uint16_t>(Opcode::count),
  opMulAdd,       // a * b + c
  opMulSub,       // a * b - c
  opNegMulAdd,    // c - a * b
  opAddMul,       // (a + b) * c
  opSubMul,       // (a - b) * c
  opAddClamp,     // clamp(a + b)
  opMulAddClamp,  // clamp(a * b + c)
  opLoadU8, opLoadBool, opStoreU8, opStoreBool,
};

// Every operation takes and gives the bits of its lanes. Integer arithmetic wraps, hence U.
#define TANUKI_OP(name, expression)                                                             \
  struct name {                                                                                 \
    static TANUKI_INLINE I apply(I a, I b, I c, const Immediates& m) {                          \
      const F x = floats(a), y = floats(b), z = floats(c);                                      \
      const U p = reinterpret_cast<U>(a), q = reinterpret_cast<U>(b);                           \
      (void)x, (void)y, (void)z, (void)p, (void)q, (void)m;                                     \
      return (I)(expression);                                                                   \
    }                                                                                           \
  };

/** NaN stays NaN; so does that of a bound. */
TANUKI_INLINE F clampBy(F x, const Immediates& m) { return clampTo(x, m.floats[0], m.floats[1]); }
TANUKI_INLINE F largerOf(F x, F y) { return (x > y) | (x != x) ? x : y; }
TANUKI_INLINE F smallerOf(F x, F y) { return (x < y) | (x != x) ? x : y; }

TANUKI_OP(Move, a)
TANUKI_OP(NegF, a ^ INT32_MIN)
TANUKI_OP(AbsF, a & INT32_MAX)
TANUKI_OP(SignF, bits((x == 0.0f) | (x != x) ? x : withSign(splat(1.0f), signBit(x))))
TANUKI_OP(NegI, -p)
TANUKI_OP(AbsI, (a < 0 ? (I)(-p) : a))
TANUKI_OP(SignI, (a > 0 ? splatI(1) : a >> 31))
TANUKI_OP(Exp, bits(expOf(x)))
TANUKI_OP(Expm1, bits(expm1Of(x)))
TANUKI_OP(Log, bits(logOf(x)))
TANUKI_OP(Log1p, bits(log1pOf(x)))
TANUKI_OP(Sqrt, bits(squareRoot(x)))
TANUKI_OP(Rsqrt, bits(1.0f / squareRoot(x)))
TANUKI_OP(Tanh, bits(tanhOf(x)))
TANUKI_OP(Sigmoid, bits(sigmoidOf(x)))
TANUKI_OP(Erf, bits(erfOf(x)))
TANUKI_OP(Sin, bits(sinShifted(x, 0)))
TANUKI_OP(Cos, bits(sinShifted(x, 1)))
TANUKI_OP(Floor, bits(floorOf(x)))
TANUKI_OP(Ceil, bits(ceilOf(x)))
TANUKI_OP(Round, bits(roundOf(x)))
TANUKI_OP(IsFinite, (a & INT32_MAX) < 0x7f800000)
TANUKI_OP(NotB, ~a)
TANUKI_OP(ClampF, bits(clampBy(x, m)))
TANUKI_OP(CastFI, saturate(x, -2147483648.0f, 2147483648.0f))
TANUKI_OP(CastFU, saturate(x, 0.0f, 255.0f))
TANUKI_OP(CastFB, x != 0.0f)
TANUKI_OP(CastIF, bits(toFloat(a)))
TANUKI_OP(CastIU, a & 255)
TANUKI_OP(CastIB, a != 0)
TANUKI_OP(CastBF, a & bits(splat(1.0f)))
TANUKI_OP(CastBI, a & 1)
TANUKI_OP(AddF, bits(x + y))
TANUKI_OP(SubF, bits(x - y))
TANUKI_OP(MulF, bits(x * y))
TANUKI_OP(DivF, bits(x / y))
TANUKI_OP(PowF, bits(powOf(x, y)))
TANUKI_OP(ModF, bits(modOf(x, y)))
TANUKI_OP(MaximumF, bits(largerOf(x, y)))
TANUKI_OP(MinimumF, bits(smallerOf(x, y)))
TANUKI_OP(AddI, p + q)
TANUKI_OP(SubI, p - q)
TANUKI_OP(MulI, p * q)
TANUKI_OP(MaximumI, (a > b ? a : b))
TANUKI_OP(MinimumI, (a < b ? a : b))
TANUKI_OP(EqualF, x == y)
TANUKI_OP(NotEqualF, x != y)
TANUKI_OP(LessF, x < y)
TANUKI_OP(LessEqualF, x <= y)
TANUKI_OP(EqualI, a == b)
TANUKI_OP(NotEqualI, a != b)
TANUKI_OP(LessI, a < b)
TANUKI_OP(LessEqualI, a <= b)
TANUKI_OP(AndB, a & b)
TANUKI_OP(OrB, a | b)
TANUKI_OP(Select, (a != 0 ? b : c))
TANUKI_OP(MulAdd, bits(x * y + z))
TANUKI_OP(MulSub, bits(x * y - z))
TANUKI_OP(NegMulAdd, bits(z - x * y))
TANUKI_OP(AddMul, bits((x + y) * z))
TANUKI_OP(SubMul, bits((x - y) * z))
TANUKI_OP(AddClamp, bits(clampBy(x + y, m)))
TANUKI_OP(MulAddClamp, bits(clampBy(x * y + z, m)))
#undef TANUKI_OP

/** No vector unit divides integers. */
struct ModI {
  static TANUKI_INLINE I apply(I a, I b, I, const Immediates&) {
    I r = {};
    for (int l = 0; l < W; l++) {
      // The smallest integer by -1 overflows; any integer by -1 leaves nothing.
      if (b[l] == 0 || b[l] == -1) continue;
      const int32_t m = a[l] % b[l];
      r[l] = m != 0 && (m < 0) != (b[l] < 0) ? m + b[l] : m;
    }
    return r;
  }
};

/** Arity operands; UA, UB, UC say which are uniform. */
template <class Op, int Arity, bool UA, bool UB, bool UC>
void runStep(void* dst, const void* a, const void* b, const void* c, int64_t n, const Immediates& immediates) {
  int32_t* const to = static_cast<int32_t*>(dst);
  const int32_t* const pa = static_cast<const int32_t*>(a);
  const int32_t* const pb = static_cast<const int32_t*>(b);
  const int32_t* const pc = static_cast<const int32_t*>(c);
  const Immediates m = immediates;
  const I ua = UA ? load(pa) : I{};
  const I ub = Arity > 1 && UB ? load(pb) : I{};
  const I uc = Arity > 2 && UC ? load(pc) : I{};
  const int64_t full = n & -static_cast<int64_t>(W);
  for (int64_t i = 0; i < full; i += W) {
    const I va = UA ? ua : load(pa + i);
    const I vb = Arity > 1 ? (UB ? ub : load(pb + i)) : I{};
    const I vc = Arity > 2 ? (UC ? uc : load(pc + i)) : I{};
    store(to + i, Op::apply(va, vb, vc, m));
  }
  const int64_t rest = n - full;
  if (rest > 0) {
    const I va = UA ? ua : loadPart(pa + full, rest);
    const I vb = Arity > 1 ? (UB ? ub : loadPart(pb + full, rest)) : I{};
    const I vc = Arity > 2 ? (UC ? uc : loadPart(pc + full, rest)) : I{};
    storePart(to + full, Op::apply(va, vb, vc, m), rest);
  }
}

template <bool Bool>
void loadStep(void* dst, const void* a, const void*, const void*, int64_t n, const Immediates&) {
  int32_t* const to = static_cast<int32_t*>(dst);
  AliasI* const tail = to;
  const uint8_t* const from = static_cast<const uint8_t*>(a);
  int64_t i = 0;
  for (; i + W <= n; i += W) {
    const I v = loadBytes(from + i);
    store(to + i, Bool ? (I)(v != 0) : v);
  }
  for (; i < n; i++) tail[i] = Bool ? -(from[i] != 0) : from[i];
}
template <bool Bool>
void storeStep(void* dst, const void* a, const void*, const void*, int64_t n, const Immediates&) {
  uint8_t* const to = static_cast<uint8_t*>(dst);
  const int32_t* const from = static_cast<const int32_t*>(a);
  const AliasI* const tail = from;
  int64_t i = 0;
  for (; i + W <= n; i += W) {
    const I v = load(from + i) & (Bool ? 1 : 255);
    storeBytes(to + i, v);
  }
  for (; i < n; i++) to[i] = static_cast<uint8_t>(tail[i] & (Bool ? 1 : 255));
}

struct OpInfo {
  int arity;
  /** By which operands are uniform: bit 0 a, bit 1 b, bit 2 c. Null where the result would be uniform too. */
  StepKernel kernels[8];
};

template <class Op>
OpInfo unary() {
  return {1, {runStep<Op, 1, false, false, false>, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}};
}
template <class Op>
OpInfo binary() {
  return {2,
          {runStep<Op, 2, false, false, false>, runStep<Op, 2, true, false, false>, runStep<Op, 2, false, true, false>,
           nullptr, nullptr, nullptr, nullptr, nullptr}};
}
template <class Op>
OpInfo ternary() {
  return {3,
          {runStep<Op, 3, false, false, false>, runStep<Op, 3, true, false, false>, runStep<Op, 3, false, true, false>,
           runStep<Op, 3, true, true, false>, runStep<Op, 3, false, false, true>, runStep<Op, 3, true, false, true>,
           runStep<Op, 3, false, true, true>, nullptr}};
}

/** Arity -1: no such opcode. */
OpInfo opInfo(uint16_t op) {
  switch (op) {
    case opMove: {
      OpInfo info = unary<Move>();
      info.kernels[1] = runStep<Move, 1, true, false, false>;
      return info;
    }
    case opMulAdd: return ternary<MulAdd>();
    case opMulSub: return ternary<MulSub>();
    case opNegMulAdd: return ternary<NegMulAdd>();
    case opAddMul: return ternary<AddMul>();
    case opSubMul: return ternary<SubMul>();
    case opAddClamp: return binary<AddClamp>();
    case opMulAddClamp: return ternary<MulAddClamp>();
    case opLoadU8: return {1, {loadStep<false>}};
    case opLoadBool: return {1, {loadStep<true>}};
    case opStoreU8: return {1, {storeStep<false>}};
    case opStoreBool: return {1, {storeStep<true>}};
    default: break;
  }
  switch (static_cast<Opcode>(op)) {
    case Opcode::constantF:
    case Opcode::constantI:
    case Opcode::constantB: return {0, {}};
    case Opcode::negF: return unary<NegF>();
    case Opcode::absF: return unary<AbsF>();
    case Opcode::signF: return unary<SignF>();
    case Opcode::negI: return unary<NegI>();
    case Opcode::absI: return unary<AbsI>();
    case Opcode::signI: return unary<SignI>();
    case Opcode::exp: return unary<Exp>();
    case Opcode::expm1: return unary<Expm1>();
    case Opcode::log: return unary<Log>();
    case Opcode::log1p: return unary<Log1p>();
    case Opcode::sqrt: return unary<Sqrt>();
    case Opcode::rsqrt: return unary<Rsqrt>();
    case Opcode::tanh: return unary<Tanh>();
    case Opcode::sigmoid: return unary<Sigmoid>();
    case Opcode::erf: return unary<Erf>();
    case Opcode::sin: return unary<Sin>();
    case Opcode::cos: return unary<Cos>();
    case Opcode::floor: return unary<Floor>();
    case Opcode::ceil: return unary<Ceil>();
    case Opcode::round: return unary<Round>();
    case Opcode::isFinite: return unary<IsFinite>();
    case Opcode::notB: return unary<NotB>();
    case Opcode::clampF: return unary<ClampF>();
    case Opcode::castFI: return unary<CastFI>();
    case Opcode::castFU: return unary<CastFU>();
    case Opcode::castFB: return unary<CastFB>();
    case Opcode::castIF: return unary<CastIF>();
    case Opcode::castIU: return unary<CastIU>();
    case Opcode::castIB: return unary<CastIB>();
    case Opcode::castBF: return unary<CastBF>();
    case Opcode::castBI: return unary<CastBI>();
    case Opcode::addF: return binary<AddF>();
    case Opcode::subF: return binary<SubF>();
    case Opcode::mulF: return binary<MulF>();
    case Opcode::divF: return binary<DivF>();
    case Opcode::powF: return binary<PowF>();
    case Opcode::modF: return binary<ModF>();
    case Opcode::maximumF: return binary<MaximumF>();
    case Opcode::minimumF: return binary<MinimumF>();
    case Opcode::addI: return binary<AddI>();
    case Opcode::subI: return binary<SubI>();
    case Opcode::mulI: return binary<MulI>();
    case Opcode::modI: return binary<ModI>();
    case Opcode::maximumI: return binary<MaximumI>();
    case Opcode::minimumI: return binary<MinimumI>();
    case Opcode::equalF: return binary<EqualF>();
    case Opcode::notEqualF: return binary<NotEqualF>();
    case Opcode::lessF: return binary<LessF>();
    case Opcode::lessEqualF: return binary<LessEqualF>();
    case Opcode::equalI: return binary<EqualI>();
    case Opcode::notEqualI: return binary<NotEqualI>();
    case Opcode::lessI: return binary<LessI>();
    case Opcode::lessEqualI: return binary<LessEqualI>();
    case Opcode::andB: return binary<AndB>();
    case Opcode::orB: return binary<OrB>();
    case Opcode::select: return ternary<Select>();
    case Opcode::count: break;
  }
  return {-1, {}};
}

}  // namespace
}  // namespace TANUKI_ISA
}  // namespace tanuki
