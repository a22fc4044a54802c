import { Pixels } from '../../ui/pixels.js';
import type { Region } from './fields.js';
import { layoutOf, placeOf, planeOf } from './arrange.js';

interface Marked {
  readonly shape: readonly number[];
  /** What is framed. */
  readonly region: Region | null;
}

/** A frame over a picture, in shares of its sides. */
export function Frame({ shape, region }: Marked) {
  if (!region) return null;
  const { height, width, spatial } = layoutOf(shape);
  const single = region.columns[0] === region.columns[1];
  const place = !spatial && single ? placeOf(shape, [region.columns[0]]) : null;
  const [top, bottom] = place ? [place.row, place.row] : spatial ? region.rows : [0, height - 1];
  const [left, right] = place ? [place.column, place.column] : spatial ? region.columns : [0, width - 1];
  const share = (part: number, of: number): string => `${(part / of) * 100}%`;
  return (
    <span
      class="frame"
      aria-hidden="true"
      style={{
        top: share(top, height),
        left: share(left, width),
        height: share(bottom - top + 1, height),
        width: share(right - left + 1, width),
      }}
    />
  );
}

export interface MapViewProps extends Marked {
  readonly data: Float32Array;
  readonly channel: number;
  /** The greatest magnitude of the layer: its channels can be compared. */
  readonly most: number;
  readonly label: string;
}

/** One channel of a layer, with a frame. */
export function MapView({ shape, data, channel, most, label, region }: MapViewProps) {
  const { height, width } = layoutOf(shape);
  const here = region !== null && (region.channel === null || region.channel === channel);
  return (
    <span class="map-view">
      <Pixels data={planeOf(shape, data, channel)} width={width} height={height} scale="signed" most={most} label={label} />
      <Frame shape={shape} region={here ? region : null} />
    </span>
  );
}
