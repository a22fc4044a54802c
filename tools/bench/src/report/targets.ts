import type { Download } from '../suites/download.js';
import { chainLength } from '../suites/dispatch.js';
import { hostCopy, kernelCopy } from '../suites/elementwise.js';
import { oneThread, peakScaling } from '../suites/threads.js';
import { strictName } from '../suites/winograd.js';
import { limitOf, peerOf, type Row } from './rows.js';
import { times } from './table.js';

/** One goal. `met` is null where this run did not measure it. */
export interface Target {
  goal: string;
  reached: string;
  met: boolean | null;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
}

const goal = (text: string, values: readonly number[], judge: (values: readonly number[]) => [string, boolean]): Target => {
  if (values.length === 0) return { goal: text, reached: 'not measured', met: null };
  const [reached, met] = judge(values);
  return { goal: text, reached, met };
};
const present = (values: readonly (number | null | undefined)[]): number[] => values.filter((v): v is number => typeof v === 'number');
const percent = (value: number): string => `${(value * 100).toFixed(0)} %`;

/** The peer's time over ours in these rows. */
const against = (rows: readonly Row[], peer: string): number[] => present(rows.map((row) => peerOf(row, peer)?.ratio));

function convolutions(rows: readonly Row[]): Target[] {
  const of = (op: string): Row[] => rows.filter((row) => row.suite === 'conv' && row.op === op);
  const forward = against(of('forward'), 'tfjs-wasm');
  const weightGradients = of('weight gradient').length;
  return [
    goal('forward: 1.3x tfjs-wasm, geometric mean', forward, (v) => [times(geometricMean(v)), geometricMean(v) >= 1.3]),
    goal('forward: no shape below 1.0x tfjs-wasm', forward, (v) => [`${times(Math.min(...v))} at the least`, Math.min(...v) >= 1]),
    goal('input gradient: 8x tfjs-wasm, geometric mean', against(of('input gradient'), 'tfjs-wasm'), (v) => [
      `${times(geometricMean(v))} over ${v.length} shapes`,
      geometricMean(v) >= 8,
    ]),
    goal('weight gradient: exists for every shape', of('forward').length ? [weightGradients] : [], ([n]) => [
      `${n} of ${of('forward').length} shapes`,
      n === of('forward').length,
    ]),
  ];
}

function products(rows: readonly Row[]): Target[] {
  return ['512^3', '1024^3'].map((shape) => {
    const limits = rows.filter((row) => row.suite === 'gemm' && row.op === 'a b' && row.shape === shape).map(limitOf);
    const fused = limits[0]?.name === 'FMA';
    const wanted = fused ? 0.8 : 0.85;
    return goal(
      `gemm ${shape}: ${percent(wanted)} of the ${fused ? 'FMA' : 'mul+add'} loop`,
      present(limits.map((l) => l?.reached)),
      ([v]) => [percent(v), v >= wanted],
    );
  });
}

function winograd(rows: readonly Row[]): Target[] {
  const of = rows.filter((row) => row.suite === 'winograd');
  return [
    goal('3x3: Winograd 1.6x our implicit GEMM', against(of, strictName), (v) => [
      `${times(geometricMean(v))} (least ${times(Math.min(...v))})`,
      geometricMean(v) >= 1.6,
    ]),
    goal("3x3: 0.9x PyTorch's throughput", against(of, 'torch'), (v) => [
      `${times(geometricMean(v))} (least ${times(Math.min(...v))})`,
      geometricMean(v) >= 0.9,
    ]),
  ];
}

function steps(rows: readonly Row[]): Target[] {
  const slower = (suite: string, bound: number, text: string): Target => {
    const of = rows.filter((row) => row.suite === suite);
    return goal(`${text}: at most ${bound}x PyTorch's time`, against(of, 'torch'), ([v]) => [times(1 / v), 1 / v <= bound]);
  };
  return [slower('lenet', 1.2, 'LeNet-5 step'), slower('resnet', 1.5, 'ResNet-18 block')];
}

function scaling(rows: readonly Row[]): Target {
  const shares = rows
    .filter((row) => row.suite === 'threads')
    .map((row) => [peerOf(row, oneThread)?.ratio, peerOf(row, peakScaling)?.ratio])
    .map(([ours, loop]) => (ours && loop ? ours / loop : null));
  return goal("two threads: 85 % of the peak loop's scaling", present(shares), (v) => [
    `${percent(geometricMean(v))} (least ${percent(Math.min(...v))})`,
    Math.min(...v) >= 0.85,
  ]);
}

function elementwise(rows: readonly Row[]): Target[] {
  const groups: [string[], number][] = [
    [['add', 'mul', 'relu', 'sum'], 1.3],
    [['exp', 'tanh', 'sigmoid'], 4],
  ];
  return groups.flatMap(([ops, bound]) =>
    [kernelCopy, hostCopy].map((copy) => {
      const of = rows.filter((row) => row.suite === 'elementwise' && ops.includes(row.op));
      const slower = against(of, copy).map((ratio) => 1 / ratio);
      return goal(`${ops.join(', ')}: within ${bound}x of ${copy}`, slower, (v) => [
        `${times(Math.max(...v))} at the most`,
        Math.max(...v) <= bound,
      ]);
    }),
  );
}

function dispatch(rows: readonly Row[]): Target {
  const of = rows.filter((row) => row.suite === 'dispatch' && row.op === 'forward');
  const us = of.map((row) => (row.ms.median / chainLength) * 1000);
  return goal('dispatch: under 2 us an op', us, ([v]) => [`${v.toFixed(2)} us`, v < 2]);
}

function size(download: Download | null): Target {
  return goal('download: script and one binary under 60 KB gzip', download ? [download.totalKb] : [], ([v]) => [
    `${v.toFixed(1)} KB`,
    v < 60,
  ]);
}

/** The goals that were set for the wasm backend on one thread, and what this run says of `backend`. */
export function targets(allRows: readonly Row[], backend: string, download: Download | null): Target[] {
  const rows = allRows.filter((row) => row.backend === backend || row.suite === 'threads');
  return [
    ...convolutions(rows),
    ...products(rows),
    ...winograd(rows),
    ...steps(rows),
    scaling(rows),
    ...elementwise(rows),
    dispatch(rows),
    size(download),
  ];
}

export function targetLines(all: readonly Target[]): string[] {
  const word = (met: boolean | null): string => (met === null ? '-' : met ? 'yes' : 'NO');
  const width = Math.max(...all.map((t) => t.goal.length));
  return all.map((t) => `${t.goal.padEnd(width)}  ${word(t.met).padEnd(3)}  ${t.reached}`);
}
