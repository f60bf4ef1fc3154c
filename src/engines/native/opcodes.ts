// Numbers of the elementwise machine's instructions: the order of `enum class Opcode` in native/kernels/elementwise.h.
const names = [
  'constantF', 'constantI', 'constantB',
  'negF', 'absF', 'signF',
  'negI', 'absI', 'signI',
  'exp', 'expm1', 'log', 'log1p', 'sqrt', 'rsqrt', 'tanh', 'sigmoid', 'erf', 'sin', 'cos',
  'floor', 'ceil', 'round',
  'isFinite',
  'notB',
  'clampF',
  'castFI', 'castFU', 'castFB', 'castIF', 'castIU', 'castIB', 'castBF', 'castBI',
  'addF', 'subF', 'mulF', 'divF', 'powF', 'modF', 'maximumF', 'minimumF',
  'addI', 'subI', 'mulI', 'modI', 'maximumI', 'minimumI',
  'equalF', 'notEqualF', 'lessF', 'lessEqualF',
  'equalI', 'notEqualI', 'lessI', 'lessEqualI',
  'andB', 'orB',
  'select',
] as const // prettier-ignore

export type OpcodeName = (typeof names)[number]

export const opcodes: Readonly<Record<OpcodeName, number>> = Object.fromEntries(
  names.map((name, i) => [name, i]),
) as Record<OpcodeName, number>
