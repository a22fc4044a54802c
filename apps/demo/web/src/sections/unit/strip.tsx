import type { TargetedMouseEvent } from 'preact';
import { SIDE } from '../../model/layers.js';
import type { UnitRef } from '../../model/protocol.js';
import { picked } from '../../ui/picked-picture.js';
import { Pixels } from '../../ui/pixels.js';
import { greatest, indexAt, layoutOf } from './arrange.js';
import type { Region } from './fields.js';
import { Frame, MapView } from './map-view.js';
import { choose, type Seen, side } from './state.js';

interface StripProps {
  readonly seen: Seen;
  readonly unit: UnitRef;
  readonly fields: readonly Region[];
  /** The channel that each layer shows. */
  readonly channels: readonly number[];
}

/** The whole network: the picture, then a tile for each layer with one of its channels. */
export function Strip({
  seen: {
    plan,
    report: { maps },
  },
  unit,
  fields,
  channels,
}: StripProps) {
  return (
    <ol class="strip" aria-label="The network, from the picture to the ten scores">
      <li>
        <span class="tile">
          <span class="tile-name">Picture</span>
          <span class="tile-map map-view">
            <Pixels data={picked.value?.pixels ?? new Float32Array(SIDE * SIDE)} width={SIDE} height={SIDE} label="The picture" />
            <Frame shape={[1, SIDE, SIDE]} region={fields[0]} />
          </span>
          <span class="tile-shape">1×28×28</span>
        </span>
      </li>
      {plan.map(({ kind, shape }, layer) => {
        const tensor = maps[layer][side.value];
        const channel = channels[layer];
        const middle = layoutOf(shape);
        const centre = indexAt(shape, channel, middle.height >> 1, middle.width >> 1) ?? shape.map(() => 0);
        return (
          <li key={layer}>
            <button
              type="button"
              class="tile"
              aria-pressed={layer === unit.layer}
              onClick={(e) => void choose({ layer, index: pointed(e, shape, channel) ?? centre })}
            >
              <span class="tile-name">
                {layer} {breakable(kind)}
              </span>
              <span class="tile-map">
                <MapView
                  shape={shape}
                  data={tensor.data}
                  channel={channel}
                  most={greatest(tensor.data)}
                  label={shape.length === 3 ? `channel ${channel}` : 'all numbers'}
                  region={fields[layer + 1] ?? null}
                />
              </span>
              <span class="tile-shape">{shape.join('×')}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

/** `MaxPool2d` may be broken before a capital. */
const breakable = (kind: string) => kind.split(/(?=[A-Z][a-z])/).map((part, i) => (i === 0 ? part : [<wbr key={part} />, part]));

/** The unit under a click; null where the click is beside the map, or a key's. */
export function pointed(e: TargetedMouseEvent<HTMLElement>, shape: readonly number[], channel: number): readonly number[] | null {
  // Not the event's target: some browsers name the button around the canvas.
  const canvas = e.currentTarget.querySelector('canvas');
  if (!canvas || e.detail === 0) return null;
  const box = canvas.getBoundingClientRect();
  const { height, width } = layoutOf(shape);
  const row = Math.floor(((e.clientY - box.top) / box.height) * height);
  const column = Math.floor(((e.clientX - box.left) / box.width) * width);
  return indexAt(shape, channel, row, column);
}
