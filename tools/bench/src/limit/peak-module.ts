/**
 * The register-only loop: as many independent chains of c = c * m + d as registers allow, no memory at all. No kernel on
 * 128-bit SIMD can do more arithmetic in a second. The module is written byte by byte, since it has to be exactly this
 * and no compiler is needed for it.
 */

/** Chains of 4 lanes. With m and d they fill 14 of the 15 vector registers that V8 hands out on x86-64. */
const chains = 12;
/** The body is repeated, so that the loop's own counter costs nothing. */
const unroll = 4;
const lanes = 4;

/** Multiplications and additions of one iteration. */
export const flopPerIteration: number = chains * unroll * lanes * 2;

const op = {
  loop: 0x03,
  end: 0x0b,
  brIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  f32Const: 0x43,
  i32Sub: 0x6b,
  f32Add: 0x92,
} as const;
const type = { i32: 0x7f, f32: 0x7d, v128: 0x7b, func: 0x60, none: 0x40 } as const;

function uleb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
const simd = (code: number): number[] => [0xfd, ...uleb(code)];
const f32x4Splat = simd(0x13);
const f32x4ExtractLane = (lane: number): number[] => [...simd(0x1f), lane];
const f32x4Add = simd(0xe4);
const f32x4Mul = simd(0xe6);
const f32x4RelaxedMadd = simd(0x105);

const get = (local: number): number[] => [op.localGet, ...uleb(local)];
const set = (local: number): number[] => [op.localSet, ...uleb(local)];
const vector = (items: readonly (readonly number[])[]): number[] => [...uleb(items.length), ...items.flat()];
const section = (id: number, body: readonly number[]): number[] => [id, ...uleb(body.length), ...body];
const repeat = (n: number, part: (i: number) => readonly number[]): number[] => Array.from({ length: n }, (_, i) => part(i)).flat();

/**
 * The module with one export, `peak(iterations: i32, m: f32, d: f32) -> f32`, the sum of all chains (so that none is
 * dead code). `fused`: by relaxed_madd instead of a multiplication and an addition.
 */
export function peakModule(fused: boolean): Uint8Array<ArrayBuffer> {
  const [iterations, m, d, mm, dd, first] = [0, 1, 2, 3, 4, 5];
  const step = (i: number): number[] => {
    const c = first + (i % chains);
    const operands = [...get(c), ...get(mm)];
    const value = fused ? [...operands, ...get(dd), ...f32x4RelaxedMadd] : [...operands, ...f32x4Mul, ...get(dd), ...f32x4Add];
    return [...value, ...set(c)];
  };
  const body = [
    ...[...get(m), ...f32x4Splat, ...set(mm)],
    ...[...get(d), ...f32x4Splat, ...set(dd)],
    // Different starts, or the chains would be one expression to the compiler.
    ...repeat(chains, (i) => [...get(d), op.f32Const, 0, 0, 0x80 | i, 0x3f, op.f32Add, ...f32x4Splat, ...set(first + i)]),
    ...[op.loop, type.none],
    ...repeat(chains * unroll, step),
    ...[...get(iterations), op.i32Const, 1, op.i32Sub, op.localTee, iterations, op.brIf, 0, op.end],
    ...repeat(chains - 1, (i) => [...get(first + i), ...get(first + i + 1), ...f32x4Add, ...set(first + i + 1)]),
    ...repeat(lanes, (lane) => [...get(first + chains - 1), ...f32x4ExtractLane(lane), ...(lane > 0 ? [op.f32Add] : [])]),
    op.end,
  ];
  const code = [...vector([[...uleb(chains + 2), type.v128]]), ...body];
  const signature = [type.func, ...vector([[type.i32], [type.f32], [type.f32]]), ...vector([[type.f32]])];
  const name = [...new TextEncoder().encode('peak')];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([signature])),
    ...section(3, vector([[0]])),
    ...section(7, vector([[...vector(name.map((byte) => [byte])), 0, 0]])),
    ...section(10, vector([[...uleb(code.length), ...code]])),
  ]);
}
