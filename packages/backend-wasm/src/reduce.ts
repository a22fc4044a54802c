import type { ReduceKind, TensorRef } from '@konv/core-tensor';
import { copyStrided } from './copy.js';
import type { Engine } from './engine.js';
import { addressOf } from './operand.js';
import { reduceOnHost } from './reduce-host.js';
import { mergeAxes } from './strided.js';

const kinds = { sum: 0, max: 1, min: 2 } satisfies Record<ReduceKind, number>;

/** Elements of a part where few results have many elements each: parts may run on several threads. */
const PART = 32768;
/** So many results keep all threads busy without parts. */
const RESULTS = 64;
/** Elements that a thread takes at a time. */
const GRAIN = 32768;
/** Columns of a work item of `reduce_rows`. */
const COLUMNS = 256;

/**
 * Sums are doubles but for the first four terms (see wasm-kernels/assembly/reduce/fold.ts). The innermost of the merged axes is a run: if it is reduced, each result folds
 * its runs; if it is kept, rows of results grow by whole rows. Where few results have many elements, these are cut into
 * parts: by their sizes alone, so results do not depend on the number of threads.
 */
export function reduce(engine: Engine, kind: ReduceKind, x: TensorRef, axes: readonly number[], out: TensorRef): void {
  if (x.dtype !== 'float32') return reduceOnHost(engine, kind, x, axes, out);
  const { sizes, reduced } = mergeAxes(x.shape, axes);
  const last = sizes.length - 1;
  if (last === 0 && !reduced[0])
    return copyStrided(engine, { ...x, shape: [sizes[0]], strides: [1] }, { ...out, shape: [sizes[0]], strides: [1] });
  let results = 1;
  let length = 1;
  for (let i = 0; i <= last; i++) {
    if (reduced[i]) length *= sizes[i];
    else results *= sizes[i];
  }
  const run = sizes[last];
  const inRuns = reduced[last];
  // In elements where runs are reduced, in rows of the run where it is kept.
  const independent = inRuns ? results : (results / run) * Math.ceil(run / COLUMNS);
  const perPart = inRuns ? PART : Math.max(16, Math.ceil(PART / Math.min(run, COLUMNS)));
  const share = independent >= RESULTS ? length : Math.min(length, perPart);
  const parts = Math.ceil(length / share);

  engine.temporary(8 * (sizes.length + 1) + (parts > 1 ? 8 * parts * results + 8 : 0), (table) => {
    writeAxes(engine.heap.i32, table / 4, sizes, reduced);
    const to = parts > 1 ? Math.ceil((table + 8 * (sizes.length + 1)) / 8) * 8 : addressOf(out);
    const work = inRuns ? share : share * Math.min(run, COLUMNS);
    engine.run(inRuns ? 'reduce_runs' : 'reduce_rows', [kinds[kind], addressOf(x), to, run, length, share, results, table], {
      items: independent * parts,
      grain: Math.ceil(GRAIN / work),
      scratch: inRuns ? 0 : 2112,
    });
    if (parts > 1) engine.run('reduce_parts', [kinds[kind], to, parts, results, addressOf(out)], { items: results, grain: 4096 });
  });
}

/** Sizes and steps of all axes but the run, kept ones first, innermost first. */
function writeAxes(words: Int32Array, table: number, sizes: readonly number[], reduced: readonly boolean[]): void {
  let at = table + 2;
  for (const fate of [false, true]) {
    let count = 0;
    for (let i = sizes.length - 2, step = 4 * sizes[sizes.length - 1]; i >= 0; step *= sizes[i--]) {
      if (reduced[i] !== fate) continue;
      words[at++] = sizes[i];
      words[at++] = step;
      count++;
    }
    words[table + Number(fate)] = count;
  }
}
