import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PNG } from 'pngjs';

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, bytes);
  await rename(part, path);
}

type Rgb = readonly [number, number, number];

/** An RGB picture that is drawn on. */
export class Canvas {
  readonly #png: PNG;

  constructor(width: number, height: number, background: Rgb) {
    this.#png = new PNG({ width, height });
    this.rect(0, 0, width, height, background);
  }
  get width(): number {
    return this.#png.width;
  }
  get height(): number {
    return this.#png.height;
  }
  rect(x: number, y: number, w: number, h: number, [r, g, b]: Rgb): void {
    for (let j = Math.max(0, y); j < Math.min(this.height, y + h); j++) {
      for (let i = Math.max(0, x); i < Math.min(this.width, x + w); i++) {
        const at = 4 * (j * this.width + i);
        this.#png.data.set([r, g, b, 255], at);
      }
    }
  }
  line(x0: number, y0: number, x1: number, y1: number, color: Rgb, thick = 2): void {
    const n = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
    for (let i = 0; i <= n; i++) {
      this.rect(Math.round(x0 + ((x1 - x0) * i) / n), Math.round(y0 + ((y1 - y0) * i) / n), thick, thick, color);
    }
  }
  encode(): Uint8Array {
    return PNG.sync.write(this.#png);
  }
}

const white: Rgb = [255, 255, 255];
const blue: Rgb = [33, 102, 172];
const red: Rgb = [178, 24, 43];

/** Blue below zero, white at it, red above; `top` is the greatest magnitude. */
function diverging(v: number, top: number): Rgb {
  const t = Math.max(-1, Math.min(1, v / (top || 1)));
  const end = t < 0 ? blue : red;
  const mix = (i: 0 | 1 | 2): number => Math.round(255 + (end[i] - 255) * Math.abs(t));
  return [mix(0), mix(1), mix(2)];
}

const KERNEL_SCALE = 20;
const MAP_SCALE = 4;
const GAP = 14;
const frame: Rgb = [64, 64, 64];

/** Draws `values`, rows of `w`, each as a square. */
function tile(
  canvas: Canvas,
  x0: number,
  y0: number,
  values: ArrayLike<number>,
  w: number,
  scale: number,
  color: (v: number) => Rgb,
): void {
  for (let i = 0; i < values.length; i++) {
    canvas.rect(x0 + (i % w) * scale, y0 + Math.floor(i / w) * scale, scale, scale, color(values[i]));
  }
}

/** A square picture or a stack of them, row-major. */
export interface Tiles {
  values: Float32Array;
  size: number;
}

/**
 * What the first layer sees: on the left a picture; then for each kernel [count, 1, size, size] the kernel (blue below
 * zero, red above) over its feature map of that picture (white: no answer, dark: a strong one).
 */
export function kernelPicture(kernels: Tiles, maps: Tiles, picture: Tiles): Uint8Array {
  const count = kernels.values.length / kernels.size ** 2;
  const mapSize = maps.size * MAP_SCALE;
  const kernelSize = kernels.size * KERNEL_SCALE;
  const width = GAP + (count + 1) * (mapSize + GAP);
  const canvas = new Canvas(width, 3 * GAP + kernelSize + mapSize, frame);
  const below = 2 * GAP + kernelSize;
  const grey = (v: number): Rgb => {
    const g = Math.round(255 * (1 - Math.max(0, Math.min(1, v))));
    return [g, g, g];
  };
  tile(canvas, GAP, below, picture.values, picture.size, MAP_SCALE, grey);
  const top = Math.max(...Array.from(kernels.values, Math.abs));
  const brightest = Math.max(...maps.values) || 1;
  for (let k = 0; k < count; k++) {
    const x = GAP + (k + 1) * (mapSize + GAP);
    const kernel = kernels.values.subarray(k * kernels.size ** 2, (k + 1) * kernels.size ** 2);
    const map = maps.values.subarray(k * maps.size ** 2, (k + 1) * maps.size ** 2);
    tile(canvas, x + ((mapSize - kernelSize) >> 1), GAP, kernel, kernels.size, KERNEL_SCALE, (v) => diverging(v, top));
    tile(canvas, x, below, map, maps.size, MAP_SCALE, (v) => grey(v / brightest));
  }
  return canvas.encode();
}

/** The loss of every step (grey) and its running mean (red), from 0 upwards; light lines are 0.5 apart. */
export function lossPicture(losses: readonly number[]): Uint8Array {
  const [width, height, margin] = [800, 400, 24];
  const canvas = new Canvas(width, height, white);
  const finite = losses.filter(Number.isFinite);
  const top = Math.max(0.5, ...finite) * 1.05;
  const px = (i: number): number => margin + (i / Math.max(1, losses.length - 1)) * (width - 2 * margin);
  const py = (v: number): number => height - margin - (v / top) * (height - 2 * margin);
  for (let v = 0.5; v < top; v += 0.5) canvas.line(margin, py(v), width - margin, py(v), [225, 225, 225], 1);
  canvas.line(margin, margin, margin, height - margin, [90, 90, 90]);
  canvas.line(margin, height - margin, width - margin, height - margin, [90, 90, 90]);
  let running = losses[0];
  for (let i = 1; i < losses.length; i++) {
    canvas.line(px(i - 1), py(losses[i - 1]), px(i), py(losses[i]), [185, 190, 200], 1);
  }
  for (let i = 1; i < losses.length; i++) {
    const next = 0.95 * running + 0.05 * losses[i];
    canvas.line(px(i - 1), py(running), px(i), py(next), red);
    running = next;
  }
  return canvas.encode();
}
