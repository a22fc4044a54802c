import { useEffect, useRef } from 'preact/hooks';

export interface PixelsProps {
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  /** What is seen, in words. */
  readonly label: string;
  /** `grey`: 0 black, 1 white. `signed`: blue below 0, white 0, orange above, as far as the greatest magnitude. */
  readonly scale?: 'grey' | 'signed';
  /** The greatest magnitude of `signed`; default: that of the data. */
  readonly most?: number;
  readonly class?: string;
}

/** A picture out of numbers, a pixel each; CSS says how large. */
export function Pixels({ data, width, height, label, scale = 'grey', most, class: name }: PixelsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || width === 0 || height === 0) return;
    const image = context.createImageData(width, height);
    if (scale === 'grey') paintGrey(image.data, data);
    else paintSigned(image.data, data, most ?? greatest(data));
    context.putImageData(image, 0, 0);
  });
  return <canvas ref={canvas} width={width} height={height} class={`pixels ${name ?? ''}`} role="img" aria-label={label} />;
}

function greatest(data: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]));
  return most;
}

function paintGrey(out: Uint8ClampedArray, data: ArrayLike<number>): void {
  for (let i = 0; i < data.length; i++) out.set([data[i] * 255, data[i] * 255, data[i] * 255, 255], i * 4);
}

// Orange and blue: told apart with any kind of colour vision, and by lightness from zero.
const above = [180, 83, 9];
const below = [30, 90, 168];

function paintSigned(out: Uint8ClampedArray, data: ArrayLike<number>, most: number): void {
  for (let i = 0; i < data.length; i++) {
    const t = most > 0 ? Math.min(1, Math.abs(data[i]) / most) : 0;
    const end = data[i] < 0 ? below : above;
    for (let c = 0; c < 3; c++) out[i * 4 + c] = 246 + (end[c] - 246) * t;
    out[i * 4 + 3] = 255;
  }
}
