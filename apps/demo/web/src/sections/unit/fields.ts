import type { PlannedLayer } from '../../model/layers.js';
import { SIDE } from '../../model/layers.js';
import type { UnitRef } from '../../model/protocol.js';
import { adaptiveWindow, indexOf } from '../../worker/explain/host.js';

type Range = readonly [first: number, last: number];

/** A part of a layer's output, ends included. A row of features is one row: `rows` is [0, 0]. */
export interface Region {
  /** null: all channels. */
  readonly channel: number | null;
  readonly rows: Range;
  readonly columns: Range;
}

const picture = [1, SIDE, SIDE];

export function regionOfUnit({ index }: UnitRef): Region {
  const [c, i, j] = index;
  return index.length === 1 ? { channel: null, rows: [0, 0], columns: [c, c] } : { channel: c, rows: [i, i], columns: [j, j] };
}

const whole = (shape: readonly number[]): Region =>
  shape.length === 1
    ? { channel: null, rows: [0, 0], columns: [0, shape[0] - 1] }
    : { channel: null, rows: [0, shape[1] - 1], columns: [0, shape[2] - 1] };

const grown = ([a, b]: Range, before: number, after: number, size: number): Range => [
  Math.max(0, a - before),
  Math.min(size - 1, b + after),
];

/**
 * What a unit is made of: element 0 is the part of the picture that it sees, element k + 1 the part of layer k's output,
 * as far as the unit itself.
 */
export function fieldsOf(plan: readonly PlannedLayer[], unit: UnitRef): Region[] {
  const fields: Region[] = [regionOfUnit(unit)];
  for (let layer = unit.layer; layer >= 0; layer--) {
    const input = layer === 0 ? picture : plan[layer - 1].shape;
    fields.unshift(fieldBefore(plan[layer], input, fields[0]));
  }
  return fields;
}

function fieldBefore({ kind, args, options, shape }: PlannedLayer, input: readonly number[], field: Region): Region {
  switch (kind) {
    case 'Conv2d': {
      const before = options?.padding ?? 0;
      const after = args[2] - 1 - before;
      return { channel: null, rows: grown(field.rows, before, after, input[1]), columns: grown(field.columns, before, after, input[2]) };
    }
    case 'MaxPool2d': {
      const window = ([a, b]: Range): Range => [a * args[0], (b + 1) * args[0] - 1];
      return { ...field, rows: window(field.rows), columns: window(field.columns) };
    }
    case 'AdaptiveAvgPool2d': {
      const window = ([a, b]: Range, axis: number): Range => [
        adaptiveWindow(a, input[axis], shape[axis])[0],
        adaptiveWindow(b, input[axis], shape[axis])[1] - 1,
      ];
      return { ...field, rows: window(field.rows, 1), columns: window(field.columns, 2) };
    }
    case 'Flatten': {
      const [a, b] = field.columns;
      return a === b ? regionOfUnit({ layer: 0, index: indexOf(input, a) }) : whole(input);
    }
    case 'Linear':
      return whole(input);
    case 'BatchNorm2d':
    case 'ReLU':
      return field;
  }
}

/** The same unit where the network still has it, else the nearest that it has. */
export function nearest(plan: readonly PlannedLayer[], { layer, index }: UnitRef): UnitRef {
  const at = Math.min(layer, plan.length - 1);
  const { shape } = plan[at];
  return { layer: at, index: shape.map((size, axis) => Math.max(0, Math.min(size - 1, index[axis] ?? 0))) };
}
