/**
 * The geometry of convolutions and pools: frozen records, one per distinct set of numbers (interned), so a backend
 * may key what it derives (tables, plans, programs) by identity. 1-, 2- and 3-D are one case: every spatial field is
 * `[depth, height, width]`, with size 1, kernel 1, stride 1 in front where `rank` is less than 3.
 */

/** `[depth, height, width]` */
export type Spatial = readonly [number, number, number];

interface Windows {
  /** Spatial axes that the user sees: 1, 2 or 3. */
  readonly rank: 1 | 2 | 3;
  readonly batch: number;
  readonly inSize: Spatial;
  readonly outSize: Spatial;
  readonly kernel: Spatial;
  readonly stride: Spatial;
  readonly dilation: Spatial;
  /** Padding before the first element of each axis. */
  readonly padLow: Spatial;
  /** Padding after the last element of each axis (differs from `padLow` under 'same'). */
  readonly padHigh: Spatial;
}

/**
 * y[n, o, q] = b[o] + sum over c, k of x[n, g(o) * inChannels / groups + c, q * stride - padLow + k * dilation] * w[o, c, k].
 * x is `[batch, inChannels, *inSize]`, w `[outChannels, inChannels / groups, *kernel]`, y `[batch, outChannels, *outSize]`.
 */
export interface ConvGeometry extends Windows {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
}

/** x is `[batch, channels, *inSize]`, y `[batch, channels, *outSize]`. */
export interface PoolGeometry extends Windows {
  readonly channels: number;
  /** Average only: divide by the window clipped to the padded input (true) or to the input (false). */
  readonly countIncludePad: boolean;
}

/** How `resample` maps an output position to the input. */
export interface ResampleGeometry {
  readonly rank: 1 | 2 | 3;
  /** batch times channels */
  readonly planes: number;
  readonly inSize: Spatial;
  readonly outSize: Spatial;
  /** 'linear' only: corners map to corners (true) or pixel areas to pixel areas (false). */
  readonly alignCorners: boolean;
}

const MAX_INTERNED = 4096;

function interner<G extends object>(): (g: G) => G {
  const known = new Map<string, G>();
  return (g) => {
    const key = JSON.stringify(g);
    const old = known.get(key);
    if (old) return old;
    // A program with ever new shapes must not grow without bound; identity is an optimisation, never a promise.
    if (known.size >= MAX_INTERNED) known.delete(known.keys().next().value as string);
    for (const v of Object.values(g)) if (Array.isArray(v)) Object.freeze(v);
    known.set(key, Object.freeze(g));
    return g;
  };
}

export const internConv: (g: ConvGeometry) => ConvGeometry = interner<ConvGeometry>();
export const internPool: (g: PoolGeometry) => PoolGeometry = interner<PoolGeometry>();
export const internResample: (g: ResampleGeometry) => ResampleGeometry = interner<ResampleGeometry>();

/** `values` of the user's axes as `[depth, height, width]`, filled in front. */
export function toSpatial(values: readonly number[], fill: number): Spatial {
  const n = values.length;
  return [n > 2 ? values[n - 3] : fill, n > 1 ? values[n - 2] : fill, values[n - 1]];
}

/** The user's axes of a `[depth, height, width]`. */
export function fromSpatial(s: Spatial, rank: number): number[] {
  return s.slice(3 - rank);
}
