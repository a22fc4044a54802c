import {
  BackendError,
  isFloat,
  isTensor,
  KonvError,
  noGrad,
  Scope,
  sameShape,
  ShapeError,
  showShape,
  tensor,
  type Tensor,
} from '@konv/core-tensor';
import type { Module } from './module.js';
import { walkState } from './walk.js';

export type StateDict = Record<string, Tensor>;

/** Keys that the module has and the dict lacks, and the other way round. */
export interface LoadResult {
  missingKeys: string[];
  unexpectedKeys: string[];
}

/** Detached tensors that share the module's storages, under PyTorch's keys. */
export function makeStateDict(module: Module, prefix: string): StateDict {
  const out: StateDict = {};
  for (const [key, t] of walkState(module, prefix)) out[key] = t.detach();
  return out;
}

/** Checks everything, then prepares everything that can fail, then copies: all or nothing. */
export function loadInto(module: Module, given: Readonly<Record<string, unknown>>, strict: boolean): LoadResult {
  if (typeof given !== 'object' || given === null || isTensor(given)) {
    throw new KonvError(
      'loadStateDict',
      `expected a record of tensors, got ${given === null ? 'null' : isTensor(given) ? 'a tensor' : typeof given}`,
    );
  }
  const targets = new Map(walkState(module));
  const result: LoadResult = {
    missingKeys: [...targets.keys()].filter((key) => !Object.hasOwn(given, key)),
    unexpectedKeys: Object.keys(given).filter((key) => !targets.has(key)),
  };
  check(module, targets, given as StateDict, strict ? result : { missingKeys: [], unexpectedKeys: [] });
  const pairs: [Tensor, Tensor][] = [];
  for (const [key, target] of targets) if (Object.hasOwn(given, key)) pairs.push([target, given[key] as Tensor]);
  copyAll(pairs);
  return result;
}

const quoted = (keys: readonly string[]): string => keys.map((key) => `"${key}"`).join(', ');

function check(module: Module, targets: ReadonlyMap<string, Tensor>, given: StateDict, keys: LoadResult): void {
  const lines: string[] = [];
  if (keys.missingKeys.length > 0) lines.push(`Missing key(s) in state_dict: ${quoted(keys.missingKeys)}.`);
  if (keys.unexpectedKeys.length > 0) lines.push(`Unexpected key(s) in state_dict: ${quoted(keys.unexpectedKeys)}.`);
  const keysOnly = lines.length > 0;
  let sizes = false;
  let values = false;
  for (const [key, target] of targets) {
    if (!Object.hasOwn(given, key)) continue;
    const wrong = unfit(key, target, given[key]);
    if (wrong === null) continue;
    lines.push(wrong);
    if (wrong.startsWith('size')) sizes = true;
    else values = true;
  }
  if (lines.length === 0) return;
  const remedy = sizes || values ? 'build the module as it was when it was saved' : 'pass { strict: false } to leave these keys out';
  const text =
    `expected the keys, shapes and dtypes of ${module.constructor.name}, got others; ${remedy}. Nothing was changed.\n` +
    `Error(s) in loading state_dict for ${module.constructor.name}:\n\t${lines.join('\n\t')}`;
  if (sizes) throw new ShapeError('loadStateDict', text);
  throw !keysOnly && onlyElsewhere(lines) ? new BackendError('loadStateDict', text) : new KonvError('loadStateDict', text);
}

const ELSEWHERE = 'backend mismatch';
const onlyElsewhere = (lines: readonly string[]): boolean => lines.every((line) => line.startsWith(ELSEWHERE));

/** Why `value` cannot be copied over `target`; null where it can. */
function unfit(key: string, target: Tensor, value: unknown): string | null {
  if (!isTensor(value)) return `wrong value for ${key}: expected a tensor, got ${value === null ? 'null' : typeof value}.`;
  if (value.disposed) return `wrong value for ${key}: expected a live tensor, got one that was freed by ${value.freedBy}.`;
  if (target.disposed) return `freed target ${key}: expected a live parameter or buffer, got one that was freed by ${target.freedBy}.`;
  if (!sameShape(target.shape, value.shape)) {
    return (
      `size mismatch for ${key}: copying a param with shape ${showShape(value.shape)} from checkpoint, ` +
      `the shape in current model is ${showShape(target.shape)}.`
    );
  }
  if (isFloat(value.dtype) && !isFloat(target.dtype)) {
    return `dtype mismatch for ${key}: copying ${value.dtype} from checkpoint, the dtype in current model is ${target.dtype}.`;
  }
  if (value.device !== target.device && !value.device.capabilities.syncRead) {
    return (
      `${ELSEWHERE} for ${key}: the checkpoint's values are on "${value.backend}", which has no synchronous reads, the model is on ` +
      `"${target.backend}"; move them first: await value.to("${target.backend}").`
    );
  }
  return null;
}

/** Everything new is made first, in a scope of its own, so that what can fail does so before the first copy. */
function copyAll(pairs: readonly [target: Tensor, value: Tensor][]): void {
  const staging = new Scope('loadStateDict');
  try {
    const written = new Set(pairs.map(([target]) => target.storage));
    const ready = staging.run(() => noGrad(() => pairs.map(([target, value]) => [target, staged(target, value, written)] as const)));
    staging.run(() =>
      noGrad(() => {
        for (const [target, value] of ready) target.copy_(value);
      }),
    );
  } finally {
    staging.dispose();
  }
}

/** The value with its target's dtype, on its target's backend, in a storage that the copies will not write to. */
function staged(target: Tensor, value: Tensor, written: ReadonlySet<unknown>): Tensor {
  if (value.device !== target.device) {
    return tensor(value.dataSync(), { shape: value.shape, dtype: target.dtype, backend: target.backend });
  }
  if (value.dtype !== target.dtype) return value.cast(target.dtype);
  return written.has(value.storage) && value.storage !== target.storage ? value.clone() : value;
}
