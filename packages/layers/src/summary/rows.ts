import { isTensor, observeOps, type Parameter, type Tensor } from '@konv/core-tensor';
import { type ModuleCall, type ModuleEntry, withModuleTrace } from '../module/forward.js';
import type { Module } from '../module/module.js';
import { ownParameters, walkModules } from '../module/walk.js';
import { type Cost, costOf } from './count.js';

/** One call of one module. */
export interface SummaryRow {
  /** From the model down, joined by dots; '' for the model itself. `?` where no property leads to it. */
  readonly path: string;
  /** The name of its class. */
  readonly type: string;
  /** 0 for the model itself. */
  readonly depth: number;
  /** Of the tensors that it took. */
  readonly inputShapes: readonly (readonly number[])[];
  /** Of the tensors that it gave; null where it failed. */
  readonly outputShapes: readonly (readonly number[])[] | null;
  /** Elements of the parameters that it holds itself; 0 at later calls of the same module. */
  readonly parameters: number;
  /** Of these, the elements that are trained. */
  readonly trainable: number;
  /** In this call, without the calls within. */
  readonly multiplyAdds: number;
  /** Bytes of all that was computed in this call, without the calls within. */
  readonly activationBytes: number;
  /** How often this module was called before. */
  readonly calledBefore: number;
}

type Draft = { -readonly [K in keyof SummaryRow]: SummaryRow[K] };

/** The tensors in what a forward took or gave. */
function tensorsIn(value: unknown): Tensor[] {
  if (isTensor(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.values(value).flatMap(tensorsIn);
  }
  return [];
}

const shapesOf = (value: unknown): (readonly number[])[] => tensorsIn(value).map((t) => t.shape);
const elements = (list: readonly Parameter[]): number => list.reduce((sum, p) => sum + p.size, 0);

/** Runs `fn`, which calls `model`, and writes a row for each call of a module. What `fn` throws is given back. */
export function traceRows(model: Module, fn: () => unknown): { rows: SummaryRow[]; error: unknown } {
  const rows: Draft[] = [];
  const paths = new Map([...walkModules(model)].map(([path, module]) => [module, path] as const));
  const calls = new Map<Module, number>();
  const counted = new Set<Parameter>();
  const open: Draft[] = [];

  const enter = ({ module, inputs, depth }: ModuleEntry): void => {
    const before = calls.get(module) ?? 0;
    calls.set(module, before + 1);
    const own = ownParameters(module)
      .map(([, p]) => p)
      .filter((p) => !counted.has(p));
    for (const p of own) counted.add(p);
    const row: Draft = {
      path: paths.get(module) ?? '?',
      type: module.constructor.name,
      depth,
      inputShapes: shapesOf(inputs),
      outputShapes: null,
      parameters: elements(own),
      trainable: elements(own.filter((p) => p.requiresGrad)),
      multiplyAdds: 0,
      activationBytes: 0,
      calledBefore: before,
    };
    rows.push(row);
    open.push(row);
  };
  const leave = ({ output }: ModuleCall): void => {
    (open.pop() as Draft).outputShapes = shapesOf(output);
  };
  const count = (cost: Cost): void => {
    const row = open.at(-1);
    if (row === undefined) return;
    row.multiplyAdds += cost.multiplyAdds;
    row.activationBytes += cost.bytes;
  };
  try {
    observeOps(
      () => withModuleTrace(fn, leave, enter),
      (op, inputs, _attrs, outputs) => count(costOf(op, inputs, outputs)),
    );
    return { rows, error: null };
  } catch (error) {
    return { rows, error };
  }
}
