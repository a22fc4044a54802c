import type { Module } from '@konv/layers';
import type { Config } from '../config.js';
import { Add, AlignRank, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract } from '../modules/merge.js';
import { axisOf, known, ofRank, type OpenShape, type Site, type Value } from '../plan.js';
import { describe, Uncovered } from '../refuse.js';
import type { Planners } from './site.js';

function several(inputs: readonly Value[]): void {
  if (inputs.length < 2) throw new Uncovered(`it merges ${inputs.length} input`);
}

/** All with the same layout: moved where any of them is, if they have the same number of axes. */
function alike(inputs: readonly Value[], at: Site): Value[] {
  const rank = inputs[0].shape.length;
  const moved = inputs.every((v) => v.shape.length === rank) && inputs.some((v) => v.moved);
  return inputs.map((v) => (moved ? at.moved(v) : at.saved(v)));
}

function broadcast(a: OpenShape, b: OpenShape): OpenShape {
  return a.map((d, i) => {
    const e = b[i];
    if (d === null || e === null) return null;
    if (d !== e && d !== 1 && e !== 1) throw new Uncovered(`its inputs [${a.join(', ')}] and [${b.join(', ')}] do not fit`);
    return Math.max(d, e);
  });
}

function elementwise(make: () => Module, exactly?: number) {
  return (_: Config, inputs: readonly Value[], at: Site): Value => {
    several(inputs);
    if (exactly !== undefined && inputs.length !== exactly) throw new Uncovered(`it merges ${inputs.length} inputs, not ${exactly}`);
    const rank = Math.max(...inputs.map((v) => v.shape.length));
    const aligned = alike(inputs, at).map((v) => {
      if (v.shape.length === rank) return v;
      const shape = [v.shape[0], ...new Array<number>(rank - v.shape.length).fill(1), ...v.shape.slice(1)];
      return at.helper('align', () => new AlignRank(rank), [v], shape, false);
    });
    const shape = aligned.map((v) => v.shape).reduce(broadcast);
    return at.call('', make, aligned, shape, aligned[0].moved);
  };
}

function concatenate(config: Config, inputs: readonly Value[], at: Site): Value {
  several(inputs);
  const rank = inputs[0].shape.length;
  for (const v of inputs) ofRank(v, rank);
  const axis = config.number('axis', -1);
  if (axis < -1) throw new Uncovered(`axis is ${axis}, which tfjs takes for the last axis and Keras does not`);
  const laid = alike(inputs, at);
  const dim = axisOf(laid[0], axis);
  const i = axis < 0 ? axis + rank : axis;
  const sizes = laid.map((v) => v.shape[i]);
  const size = sizes.some((d) => d === null) ? null : (sizes as number[]).reduce((a, b) => a + b, 0);
  const rest = laid.map((v) => v.shape.map((d, k) => (k === i ? 1 : d)));
  if (rest.some((s) => s.some((d, k) => d !== null && rest[0][k] !== null && d !== rest[0][k])))
    throw new Uncovered('its inputs differ in other axes');
  return at.helper(
    '',
    () => new Concatenate(dim),
    laid,
    laid[0].shape.map((d, k) => (k === i ? size : d)),
    laid[0].moved,
  );
}

function dot(config: Config, inputs: readonly Value[], at: Site): Value {
  if (inputs.length !== 2) throw new Uncovered(`it merges ${inputs.length} inputs, not 2`);
  const [x, y] = inputs.map((v) => at.saved(v));
  for (const v of [x, y]) ofRank(v, 2, 3);
  const raw = config.raw('axes');
  const list: unknown[] = Array.isArray(raw) ? raw : [raw, raw];
  const axes = list.map((axis, i) => ((axis as number) < 0 && !Array.isArray(raw) ? (axis as number) + inputs[i].shape.length : axis)) as [
    number,
    number,
  ];
  const fits = axes.length === 2 && axes.every((axis, i) => Number.isInteger(axis) && axis >= 1 && axis < inputs[i].shape.length);
  if (!fits) throw new Uncovered(`axes is ${describe(raw)}, not one axis of each input behind the batch`);
  const [a, b] = [known(x.shape[axes[0]], 'a size'), known(y.shape[axes[1]], 'a size')];
  if (a !== b) throw new Uncovered(`its inputs have ${a} and ${b} along the axes`);
  const normalize = config.flag('normalize', false);
  const rest = [...x.shape.filter((_, i) => i !== axes[0]), ...y.shape.filter((_, i) => i !== 0 && i !== axes[1])];
  return at.call('', () => new Dot(axes, normalize), [x, y], rest.length === 1 ? [...rest, 1] : rest, false);
}

export const mergePlanners: Planners = {
  Add: elementwise(() => new Add()),
  Subtract: elementwise(() => new Subtract(), 2),
  Multiply: elementwise(() => new Multiply()),
  Average: elementwise(() => new Average()),
  Maximum: elementwise(() => new Maximum()),
  Minimum: elementwise(() => new Minimum()),
  Concatenate: concatenate,
  Dot: dot,
};
