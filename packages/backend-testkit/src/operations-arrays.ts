import {
  all,
  any,
  argsort,
  type Axes,
  bmm,
  chunk,
  cumprod,
  diag,
  diagonal,
  dot,
  einsum,
  flip,
  fold,
  interpolate,
  logsumexp,
  maskedFill,
  maskedSelect,
  meshgrid,
  mm,
  movedim,
  mv,
  narrow,
  norm,
  oneHot,
  outer,
  pad,
  prod,
  repeat,
  repeatInterleave,
  roll,
  split,
  std,
  swapaxes,
  type Tensor,
  tile,
  topk,
  trace,
  tril,
  triu,
  unbind,
  unflatten,
  pixelShuffle,
  pixelUnshuffle,
  unfold,
  variance,
} from '@konv/core-tensor';
import type { Attrs, Operand, Operation } from './operations.js';

const t = (x: Operand): Tensor => x as Tensor;
const n = (x: unknown): number => x as number;
const list = (x: unknown): number | number[] => x as number | number[];
const axes = (x: unknown): Axes | undefined => x as Axes | undefined;

const spread =
  (f: typeof variance): Operation =>
  ([x], { dim, ...options }) =>
    f(t(x), axes(dim), options);
const truth =
  (f: typeof any): Operation =>
  ([x], a) =>
    f(t(x), axes(a.dim), a.keepdim === true);
const ofDiagonal =
  (f: typeof tril): Operation =>
  ([x], a) =>
    f(t(x), a.offset as number | undefined);
const product =
  (f: typeof bmm): Operation =>
  ([a, b]) =>
    f(t(a), t(b));
const windows = ({ dilation, padding, stride }: Attrs): Parameters<typeof unfold>[2] =>
  ({ dilation, padding, stride }) as Parameters<typeof unfold>[2];

/** The ops that arrange, select, pad, contract and reduce. */
export const arrayOperations: Readonly<Record<string, Operation>> = {
  pad: ([x], { padding, ...options }) => pad(t(x), padding as number[], options),
  split: ([x], a) => split(t(x), list(a.size), a.dim as number | undefined),
  chunk: ([x], a) => chunk(t(x), n(a.chunks), a.dim as number | undefined),
  unbind: ([x], a) => unbind(t(x), a.dim as number | undefined),
  narrow: ([x], a) => narrow(t(x), n(a.dim), n(a.start), n(a.length)),
  unflatten: ([x], a) => unflatten(t(x), n(a.dim), a.sizes as number[]),
  movedim: ([x], a) => movedim(t(x), list(a.source), list(a.destination)),
  swapaxes: ([x], a) => swapaxes(t(x), n(a.dim0), n(a.dim1)),
  meshgrid: (xs, a) => meshgrid(xs as Tensor[], a),
  flip: ([x], a) => flip(t(x), list(a.dims)),
  roll: ([x], a) => roll(t(x), list(a.shifts), a.dims as number | number[] | undefined),
  repeat: ([x], a) => repeat(t(x), a.repeats as number[]),
  tile: ([x], a) => tile(t(x), a.repeats as number[]),
  repeatInterleave: ([x], a) => repeatInterleave(t(x), list(a.repeats), a.dim as number | undefined),
  diagonal: ([x], a) => diagonal(t(x), a.offset as number | undefined, a.dim1 as number | undefined, a.dim2 as number | undefined),
  diag: ofDiagonal(diag),
  trace: ([x]) => trace(t(x)),
  tril: ofDiagonal(tril),
  triu: ofDiagonal(triu),
  maskedFill: ([x, mask, value]) => maskedFill(t(x), t(mask), value as Tensor | number),
  maskedSelect: ([x, mask]) => maskedSelect(t(x), t(mask)),
  oneHot: ([x], a) => oneHot(t(x), a.numClasses as number | undefined),
  topk: ([x], { k, dim, ...options }) => {
    const { values, indices } = topk(t(x), n(k), dim as number | undefined, options);
    return [values, indices];
  },
  argsort: ([x], a) => argsort(t(x), a.dim as number | undefined, a.descending === true),
  cumprod: ([x], a) => cumprod(t(x), n(a.dim)),

  var: spread(variance),
  std: spread(std),
  any: truth(any),
  all: truth(all),
  norm: ([x], a) => norm(t(x), a.p as number | undefined, axes(a.dim), a.keepdim === true),
  prod: ([x], a) => prod(t(x), a.dim as number | undefined, a.keepdim === true),
  logsumexp: ([x], a) => logsumexp(t(x), axes(a.dim), a.keepdim === true),

  bmm: product(bmm),
  mm: product(mm),
  mv: product(mv),
  dot: product(dot),
  outer: product(outer),
  einsum: (xs, a) => einsum(a.equation as string, ...(xs as Tensor[])),

  pixelShuffle: ([x], a) => pixelShuffle(t(x), a.factor as number),
  pixelUnshuffle: ([x], a) => pixelUnshuffle(t(x), a.factor as number),
  unfold: ([x], a) => unfold(t(x), list(a.kernelSize), windows(a)),
  fold: ([x], a) => fold(t(x), list(a.outputSize), list(a.kernelSize), windows(a)),
  interpolate: ([x], a) => interpolate(t(x), a as unknown as Parameters<typeof interpolate>[1]),
};

/** Those of them that move values or round them once. */
export const arrayElementwise: readonly string[] = [
  'pad',
  'split',
  'chunk',
  'unbind',
  'narrow',
  'unflatten',
  'movedim',
  'swapaxes',
  'meshgrid',
  'flip',
  'roll',
  'repeat',
  'tile',
  'repeatInterleave',
  'diagonal',
  'diag',
  'tril',
  'triu',
  'maskedFill',
  'maskedSelect',
  'oneHot',
  'topk',
  'argsort',
  'any',
  'all',
  'outer',
  'unfold',
];
