import type { HostArray } from '@konv/core-tensor';
import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import type { SharedDType } from '../../dtypes.js';
import type { DeviceEngine } from './engine.js';

/** Elements of an operand: fewer may be computed on the host (`WEBGL_CPU_HANDOFF_SIZE_THRESHOLD`), which tells nothing. */
const SIZE = 1024;

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

interface Question {
  readonly kernel: string;
  /** Names of the kernel's operands, with one row of values each; rows are repeated. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly dtype: SharedDType;
  readonly attrs?: NamedAttrMap;
  /** Per element of a row, or the one value of each row. */
  readonly answer: readonly number[];
}

const reduction = { reductionIndices: [1], axis: [1], keepDims: false };

/** What tfjs's webgl, wasm or plain JavaScript backend has wrong; each question is asked of a whole row. */
const questions: readonly Question[] = [
  {
    kernel: 'RealDiv',
    inputs: { a: [0, inf, -inf, 1, 6, -0.5, 0, 1], b: [0, inf, inf, 0, 3, -0.5, 2, inf] },
    dtype: 'float32',
    answer: [nan, nan, nan, inf, 2, 1, 0, 0],
  },
  { kernel: 'Maximum', inputs: { a: [nan, 1, nan, -inf], b: [1, nan, nan, -inf] }, dtype: 'float32', answer: [nan, nan, nan, -inf] },
  { kernel: 'Minimum', inputs: { a: [nan, 1, nan, inf], b: [1, nan, nan, inf] }, dtype: 'float32', answer: [nan, nan, nan, inf] },
  ...[
    [nan, 1, 2, 3],
    [1, 2, 3, nan],
    [-inf, -inf, -inf, -inf],
    [-3e30, -2e30, -2e30, -3e30],
  ].map((x) => ({ kernel: 'Max', inputs: { x }, dtype: 'float32' as const, attrs: reduction, answer: [Math.max(...x)] })),
  ...[
    [nan, 1, 2, 3],
    [1, 2, 3, nan],
    [inf, inf, inf, inf],
    [3e30, 2e30, 2e30, 3e30],
  ].map((x) => ({ kernel: 'Min', inputs: { x }, dtype: 'float32' as const, attrs: reduction, answer: [Math.min(...x)] })),
];

/** What no float of 16 bits can hold. tfjs's own `floatPrecision` is wrong for webgl: it says 16 where it computes in 32. */
const accuracy: Question = {
  kernel: 'Neg',
  inputs: { x: [1 + 2 ** -23, 2 ** -100, 2 ** 24 - 1, 3 * 2 ** 120] },
  dtype: 'float32',
  answer: [-1 - 2 ** -23, -(2 ** -100), 1 - 2 ** 24, -3 * 2 ** 120],
};

const wholeNumbers: readonly Question[] = [
  { kernel: 'Add', inputs: { a: [2 ** 31 - 1, 2 ** 24], b: [1, 1] }, dtype: 'int32', answer: [-(2 ** 31), 2 ** 24 + 1] },
  {
    kernel: 'Multiply',
    inputs: { a: [123456789, 65537], b: [987654321, 65537] },
    dtype: 'int32',
    answer: [Math.imul(123456789, 987654321), Math.imul(65537, 65537)],
  },
];

/**
 * Asks a backend's kernels for results that some backend has wrong: `engine.sound` gets those that answer right, and are
 * called where others are composed. int32 counts as exact to the end if sums and products wrap. False where not even
 * floats of 32 bits are kept.
 */
export async function probe(engine: DeviceEngine): Promise<boolean> {
  if (!(await answers(engine, accuracy))) return false;
  const wrong = new Set<string>();
  for (const q of questions) if (!wrong.has(q.kernel) && !(await answers(engine, q))) wrong.add(q.kernel);
  engine.sound = new Set(questions.map((q) => q.kernel).filter((kernel) => !wrong.has(kernel)));
  let exact = true;
  for (const q of wholeNumbers) exact &&= await answers(engine, q);
  engine.maxExactInt = exact ? 2 ** 31 - 1 : 2 ** 24;
  return true;
}

async function answers(engine: DeviceEngine, { kernel, inputs, dtype, attrs, answer }: Question): Promise<boolean> {
  if (!engine.has(kernel)) return false;
  const entries = Object.entries(inputs).map(([name, row]) => {
    const data = Array.from({ length: SIZE }, (_, i) => row[i % row.length]);
    return [
      name,
      engine.upload(dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data), [SIZE / row.length, row.length], dtype),
    ];
  });
  const operands = Object.fromEntries(entries);
  try {
    const made = engine.call(kernel, operands, attrs ?? {});
    const values: HostArray = await engine.read(made);
    engine.release(made);
    return values.every((v, i) => Object.is(v + 0, answer[i % answer.length] + 0));
  } catch {
    return false;
  } finally {
    for (const [, info] of entries as [string, ReturnType<DeviceEngine['upload']>][]) engine.release(info);
  }
}
