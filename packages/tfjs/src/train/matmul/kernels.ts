import { contiguousStrides, type Shape, sizeOf, type TensorRef } from '@konv/core-tensor';
import { addressOf, fill, matmul, type MatmulEnd } from '@konv/backend-wasm/families';
import { getKernel, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from '../call.js';
import { epilogueOf, finish } from '../epilogue.js';
import { input, type KernelInputs, type TrainingKernel } from '../kernel.js';
import { type ProductCase, productCase, type Run, runsOf } from './shapes.js';

/**
 * Products by konv's gemm, which packs a transposed operand as fast as another one. tfjs-wasm has a fast path (XNNPACK) for
 * one matrix that is not transposed; its plain loops for the others add a bias once for each 48 of the inner size, and take
 * no integers.
 */

/** Rows up to which XNNPACK is faster, which keeps the packed weight of a product from call to call. */
const FEW_ROWS = 4;

const given = ({ attrs }: KernelInputs, kernel: string, a: TensorInfo, b: TensorInfo): ProductCase =>
  productCase(kernel, a.shape, b.shape, attrs['transposeA'] === true, attrs['transposeB'] === true);

/** Matrices from number `first` on, of `rows` and `columns`, as a batch of `count`. */
function matrices(x: TensorRef, first: number, count: number, rows: number, columns: number): TensorRef {
  const shape = [count, rows, columns];
  return { ...x, shape, strides: contiguousStrides(shape), offset: x.offset + first * rows * columns };
}

function product(
  call: Call,
  a: TensorRef,
  b: TensorRef,
  p: ProductCase,
  { a: ia, b: ib, out: io, count }: Run,
  out: TensorRef,
  end: MatmulEnd,
) {
  const { m, n, k, transposeA, transposeB } = p;
  const of = (own: Shape): number => (sizeOf(own) === 1 ? 1 : count);
  // Rows of all matrices are rows of one, where the other operand is one for all.
  const joined = of(p.batchB) === 1 && !transposeA ? of(p.batchA) : 1;
  const [ra, ca] = transposeA ? [k, m] : [joined * m, k];
  const [rb, cb] = transposeB ? [n, k] : [k, n];
  const countOut = count / joined;
  matmul(
    call.engine,
    matrices(a, ia, of(p.batchA) / joined, ra, ca),
    matrices(b, ib, of(p.batchB), rb, cb),
    { transposeA, transposeB, accumulate: false },
    matrices(out, io, countOut, joined * m, n),
    end,
  );
}

/** c of two operands, of which one is float32. */
function floatProduct(call: Call, a: TensorInfo, b: TensorInfo, p: ProductCase, end: MatmulEnd): { info: TensorInfo; ref: TensorRef } {
  const [refA, refB] = [call.float32(a), call.float32(b)];
  const out = call.output(p.outShape);
  if (p.k === 0) fill(call.engine, 0, out.ref);
  else if (p.m > 0 && p.n > 0) for (const run of runsOf(p)) product(call, refA, refB, p, run, out.ref, end);
  return out;
}

/** c of integers, exact modulo 2^32 up to sums of 2^53. */
function integerProduct(call: Call, a: TensorInfo, b: TensorInfo, p: ProductCase): TensorInfo {
  const [refA, refB] = [call.operand(a), call.operand(b)];
  const { info, ref } = call.output(p.outShape, 'int32');
  const { m, n, k } = p;
  const { i32, u8 } = call.engine.heap;
  const from = (x: TensorRef): [Int32Array | Uint8Array, number] => (x.dtype === 'bool' ? [u8, addressOf(x)] : [i32, addressOf(x) / 4]);
  const [dataA, atA] = from(refA);
  const [dataB, atB] = from(refB);
  const [rowA, stepA] = p.transposeA ? [1, m] : [k, 1];
  const [stepB, columnB] = p.transposeB ? [1, k] : [n, 1];
  const [strideA, strideB] = [sizeOf(p.batchA) === 1 ? 0 : m * k, sizeOf(p.batchB) === 1 ? 0 : k * n];
  let to = addressOf(ref) / 4;
  for (const run of runsOf(p)) {
    for (let matrix = 0; matrix < run.count; matrix++) {
      const [startA, startB] = [atA + run.a * m * k + matrix * strideA, atB + run.b * k * n + matrix * strideB];
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += dataA[startA + i * rowA + l * stepA] * dataB[startB + l * stepB + j * columnB];
          i32[to++] = sum;
        }
    }
  }
  return info;
}

function runBatchMatMul(call: Call, given_: KernelInputs): TensorInfo {
  const [a, b] = [input(given_, 'a'), input(given_, 'b')];
  const p = given(given_, 'BatchMatMul', a, b);
  return a.dtype === 'float32' || b.dtype === 'float32' ? floatProduct(call, a, b, p, {}).info : integerProduct(call, a, b, p);
}

/** Whether tfjs takes XNNPACK for it: then what it computes is right. */
function isFewRows(given_: KernelInputs): boolean {
  const [a, b] = [input(given_, 'a'), input(given_, 'b')];
  const { transposeA, transposeB } = given_.attrs;
  const plain = (x: TensorInfo): boolean => x.dtype === 'float32' && x.shape.slice(0, -2).every((size) => size === 1) && x.shape.length > 1;
  const [m, k] = a.shape.slice(-2);
  return plain(a) && plain(b) && !transposeA && !transposeB && m > 0 && m <= FEW_ROWS && k > 0 && b.shape[b.shape.length - 2] === k;
}

function runFused(call: Call, given_: KernelInputs): TensorInfo {
  const [a, b] = [input(given_, 'a'), input(given_, 'b')];
  const p = given(given_, '_FusedMatMul', a, b);
  const end = epilogueOf(given_);
  if (isFewRows(given_)) {
    const out = call.adopted(productOfTfjs(call, given_));
    finish(call, out.ref, end);
    return out.info;
  }
  const { bias, activation } = end;
  // What a dense layer has, the kernel adds and clamps while it has the sums in registers.
  const within = bias !== null && bias.dtype === 'float32' && bias.shape.length === 1 && bias.shape[0] === p.n && p.k > 0;
  const relu = within && activation === 'relu';
  const { info, ref } = floatProduct(call, a, b, p, { bias: within ? call.operand(bias) : null, relu });
  finish(call, ref, { ...end, bias: within ? null : bias, activation: relu ? 'linear' : activation });
  return info;
}

/** c by the kernel that is registered for `BatchMatMul`, which leaves few rows to tfjs's own. */
function productOfTfjs({ backend }: Call, { inputs: { a, b } }: KernelInputs): TensorInfo {
  const attrs = { transposeA: false, transposeB: false };
  return getKernel('BatchMatMul', 'wasm').kernelFunc({ inputs: { a, b } as NamedTensorInfoMap, backend, attrs }) as TensorInfo;
}

export const matmulKernels: readonly TrainingKernel[] = [
  { name: 'BatchMatMul', run: runBatchMatMul, leaves: isFewRows },
  { name: '_FusedMatMul', run: runFused },
];
