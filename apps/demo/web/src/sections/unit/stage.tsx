import { classNames, SIDE, written } from '../../model/layers.js';
import type { UnitRef } from '../../model/protocol.js';
import { picked } from '../../ui/picked-picture.js';
import { Pixels } from '../../ui/pixels.js';
import { read } from '../../worker/explain/host.js';
import { greatest, indexAt, layoutOf, placeOf } from './arrange.js';
import type { Region } from './fields.js';
import { Frame, MapView } from './map-view.js';
import { brief } from './numbers.js';
import { choose, type Seen, side } from './state.js';
import { pointed } from './strip.js';

interface StageProps {
  readonly seen: Seen;
  readonly unit: UnitRef;
  readonly fields: readonly Region[];
}

const moves: Readonly<Record<string, readonly [row: number, column: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** The chosen layer, large: a unit of it is chosen by pointing, by keys, or by its numbers. */
export function Stage({
  seen: {
    plan,
    report: { maps },
  },
  unit,
  fields,
}: StageProps) {
  const { layer, index } = unit;
  const { shape } = plan[layer];
  const { spatial, channels } = layoutOf(shape);
  const { channel, row, column } = placeOf(shape, index);
  const tensor = maps[layer][side.value];
  const go = (to: readonly number[] | null): void => {
    if (to) void choose({ layer, index: to });
  };
  const onKeyDown = (e: KeyboardEvent): void => {
    const move = moves[e.key];
    const other = e.key === 'PageDown' ? 1 : e.key === 'PageUp' ? -1 : 0;
    if (move) go(indexAt(shape, channel, row + move[0], column + move[1]));
    else if (other !== 0 && spatial && channel + other >= 0 && channel + other < channels) go([channel + other, row, column]);
    else return;
    e.preventDefault();
  };
  return (
    <div class="stage">
      <figure class="stage-picture">
        <span class="map-view">
          <Pixels
            data={picked.value?.pixels ?? new Float32Array(SIDE * SIDE)}
            width={SIDE}
            height={SIDE}
            label={`The picture. ${sees(fields[0])}`}
          />
          <Frame shape={[1, SIDE, SIDE]} region={fields[0]} />
        </span>
        <figcaption data-fact="unit-field">{sees(fields[0])}</figcaption>
      </figure>
      <figure class="stage-map">
        <div
          class="pointing"
          role="application"
          tabIndex={0}
          aria-label={`Layer ${layer}, ${spatial ? `channel ${channel}` : 'all features'}. Arrow keys choose another unit${spatial ? ', Page Up and Page Down another channel' : ''}. Now ${nameOf(plan, unit)}.`}
          onKeyDown={onKeyDown}
          onClick={(e) => go(pointed(e, shape, channel))}
        >
          <MapView
            shape={shape}
            data={tensor.data}
            channel={channel}
            most={greatest(tensor.data)}
            label={`${side.value === 'values' ? 'Values' : 'Gradients'} of layer ${layer}`}
            region={fields[layer + 1]}
          />
        </div>
        <figcaption>
          Layer {layer}, its {side.value}
          {spatial ? ` in channel ${channel} of ${channels}` : ''}: blue is negative, orange positive.
        </figcaption>
      </figure>
      <div>
        <Numbers shape={shape} index={index} go={go} />
        <dl class="facts" aria-label="At a glance">
          <div>
            <dt>Value</dt>
            <dd>{brief(read(maps[layer].values, ...index))}</dd>
          </div>
          <div>
            <dt>Gradient</dt>
            <dd>{brief(read(maps[layer].gradients, ...index))}</dd>
          </div>
        </dl>
        <p class="hint">
          <code>{written(plan[layer])}</code> gives it; below is how.
        </p>
      </div>
    </div>
  );
}

function sees({ rows, columns }: Region): string {
  const all = rows[1] - rows[0] === SIDE - 1 && columns[1] - columns[0] === SIDE - 1;
  const part = ([a, b]: readonly [number, number]): string => (a === b ? `${a}` : `${a} to ${b}`);
  return all ? 'It sees the whole picture.' : `It sees rows ${part(rows)} and columns ${part(columns)} of the picture.`;
}

/** `Conv2d, channel 2, row 3, column 4`. */
export function nameOf(plan: Seen['plan'], { layer, index }: UnitRef): string {
  const { kind, shape } = plan[layer];
  const [c, i, j] = index;
  if (shape.length === 3) return `${kind}, channel ${c}, row ${i}, column ${j}`;
  return layer === plan.length - 1 ? `${kind}, score ${c} (${classNames[c]})` : `${kind}, unit ${c}`;
}

interface NumbersProps {
  readonly shape: readonly number[];
  readonly index: readonly number[];
  readonly go: (index: readonly number[]) => void;
}

function Numbers({ shape, index, go }: NumbersProps) {
  const names = shape.length === 3 ? ['Channel', 'Row', 'Column'] : ['Unit'];
  const put = (axis: number, text: string): void => {
    const value = Number(text);
    if (text !== '' && Number.isInteger(value) && value >= 0 && value < shape[axis]) go(index.map((i, k) => (k === axis ? value : i)));
  };
  return (
    <fieldset class="numbers">
      <legend>The unit, counted from 0</legend>
      <div class="row">
        {names.map((name, axis) =>
          name === 'Channel' ? (
            <label key={name}>
              {name}
              <select value={String(index[axis])} onChange={(e) => put(axis, e.currentTarget.value)}>
                {Array.from({ length: shape[axis] }, (_, c) => (
                  <option key={c} value={String(c)}>
                    {c}
                  </option>
                ))}
              </select>
            </label>
          ) : (
            <label key={name}>
              {name} (0 to {shape[axis] - 1})
              <input type="number" min={0} max={shape[axis] - 1} value={index[axis]} onInput={(e) => put(axis, e.currentTarget.value)} />
            </label>
          ),
        )}
      </div>
    </fieldset>
  );
}
