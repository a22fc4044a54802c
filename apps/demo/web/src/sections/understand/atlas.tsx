import type { LayerMaps } from '../../model/protocol.js';
import { Pixels } from '../../ui/pixels.js';
import { greatest, layoutOf, planeOf } from '../unit/arrange.js';
import { brief } from '../unit/numbers.js';

/** All channels of a layer as small multiples, on one scale. */
export function Maps({ maps }: { maps: LayerMaps }) {
  const { layer, kind, values } = maps;
  const { shape, data } = values;
  const { channels, height, width, spatial } = layoutOf(shape);
  const most = greatest(data);
  const title = `Layer ${layer}, ${kind}`;
  return (
    <figure class={spatial ? 'maps' : 'maps features'}>
      <figcaption>
        <strong>{title}</strong>: {spatial ? `${channels} maps of ${height} × ${width}` : `${shape[0]} numbers`}, as far as ±{brief(most)}
      </figcaption>
      <ul aria-label={`${title}: ${spatial ? 'its channels' : 'its numbers'}`}>
        {Array.from({ length: channels }, (_, c) => {
          const plane = planeOf(shape, data, c);
          return (
            <li key={c}>
              <Pixels
                data={plane}
                width={width}
                height={height}
                scale="signed"
                most={most}
                label={`${spatial ? `Channel ${c}` : 'All'}: ${inWords(plane)}`}
              />
            </li>
          );
        })}
      </ul>
    </figure>
  );
}

/** `from -0.2 to 1.3, 40 percent zero`. */
function inWords(plane: Float32Array): string {
  let [low, high, zeros] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const v of plane) {
    low = Math.min(low, v);
    high = Math.max(high, v);
    if (v === 0) zeros++;
  }
  const share = Math.round((zeros / plane.length) * 100);
  return `from ${brief(low)} to ${brief(high)}${share > 0 ? `, ${share} percent are 0` : ''}`;
}
