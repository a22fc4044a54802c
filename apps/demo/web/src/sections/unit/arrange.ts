/** How a layer's output is laid out to be seen: maps as they are, a row of features in rows of equal length. */
export interface Layout {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** False for a row of features. */
  readonly spatial: boolean;
}

export function layoutOf(shape: readonly number[]): Layout {
  if (shape.length === 3) return { channels: shape[0], height: shape[1], width: shape[2], spatial: true };
  const width = rowLength(shape[0]);
  return { channels: 1, height: Math.ceil(shape[0] / width), width, spatial: false };
}

/** Of `n` features: the least divisor that makes the picture no taller than wide; short ones stay one row. */
function rowLength(n: number): number {
  if (n <= 12) return n;
  for (let width = Math.ceil(Math.sqrt(n)); width <= Math.min(n, 40); width++) if (n % width === 0) return width;
  return Math.ceil(Math.sqrt(n));
}

/** A row and column of what is seen, as an index of the output; null past its end. */
export function indexAt(shape: readonly number[], channel: number, row: number, column: number): readonly number[] | null {
  const { height, width, spatial } = layoutOf(shape);
  if (row < 0 || column < 0 || row >= height || column >= width) return null;
  if (spatial) return [channel, row, column];
  const k = row * width + column;
  return k < shape[0] ? [k] : null;
}

export function placeOf(shape: readonly number[], index: readonly number[]): { channel: number; row: number; column: number } {
  const { width, spatial } = layoutOf(shape);
  return spatial
    ? { channel: index[0], row: index[1], column: index[2] }
    : { channel: 0, row: Math.floor(index[0] / width), column: index[0] % width };
}

/** One channel's values, padded with 0 to full rows. */
export function planeOf(shape: readonly number[], data: Float32Array, channel: number): Float32Array {
  const { height, width } = layoutOf(shape);
  const size = height * width;
  const part = data.subarray(channel * size, channel * size + size);
  if (part.length === size) return part;
  const padded = new Float32Array(size);
  padded.set(part);
  return padded;
}

export function greatest(data: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) if (Math.abs(data[i]) > most) most = Math.abs(data[i]);
  return most;
}
