import { useRef, useState } from 'preact/hooks';
import { SIDE } from '../model/layers.js';

/** Pixels of the drawing area; its strokes are shrunk to 28x28. */
const AREA = 140;

/** A place to draw in, with a pointer or with the arrow keys. Tells 784 values, 0 black and 1 white, after every stroke. */
export function Drawing({ onDraw }: { onDraw: (pixels: Float32Array) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [open, setOpen] = useState(false);
  const pen = useRef({ x: AREA / 2, y: AREA / 2, down: false });

  const context = (): CanvasRenderingContext2D =>
    canvas.current?.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  const clear = (): void => {
    const c = context();
    c.fillStyle = '#000';
    c.fillRect(0, 0, AREA, AREA);
  };
  const line = (x: number, y: number): void => {
    const c = context();
    c.strokeStyle = '#fff';
    c.lineWidth = 14;
    c.lineCap = 'round';
    c.beginPath();
    c.moveTo(pen.current.x, pen.current.y);
    c.lineTo(x + 0.01, y);
    c.stroke();
    pen.current.x = x;
    pen.current.y = y;
  };
  const tell = (): void => {
    const small = document.createElement('canvas');
    small.width = SIDE;
    small.height = SIDE;
    const c = small.getContext('2d') as CanvasRenderingContext2D;
    c.drawImage(canvas.current as HTMLCanvasElement, 0, 0, SIDE, SIDE);
    const { data } = c.getImageData(0, 0, SIDE, SIDE);
    onDraw(Float32Array.from({ length: SIDE * SIDE }, (_, i) => data[i * 4] / 255));
  };
  const at = (e: PointerEvent): [number, number] => {
    const box = (canvas.current as HTMLCanvasElement).getBoundingClientRect();
    return [((e.clientX - box.left) / box.width) * AREA, ((e.clientY - box.top) / box.height) * AREA];
  };
  const key = (e: KeyboardEvent): void => {
    const step = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] }[e.key];
    if (!step) return;
    e.preventDefault();
    const clamp = (v: number): number => Math.min(AREA - 5, Math.max(5, v));
    const [x, y] = [clamp(pen.current.x + step[0]), clamp(pen.current.y + step[1])];
    if (e.shiftKey) [pen.current.x, pen.current.y] = [x, y];
    else line(x, y);
    tell();
  };
  if (!open)
    return (
      <button
        type="button"
        onClick={() => {
          setOpen(true);
          requestAnimationFrame(clear);
        }}
      >
        Draw one
      </button>
    );
  return (
    <div class="drawing">
      <canvas
        ref={canvas}
        width={AREA}
        height={AREA}
        tabIndex={0}
        role="application"
        aria-label="Drawing area: drag to draw, or use the arrow keys; with Shift they move without drawing"
        onPointerDown={(e) => {
          (e.currentTarget as HTMLCanvasElement).setPointerCapture(e.pointerId);
          [pen.current.x, pen.current.y] = at(e);
          pen.current.down = true;
          line(...at(e));
        }}
        onPointerMove={(e) => {
          if (pen.current.down) {
            line(...at(e));
          }
        }}
        onPointerUp={() => {
          pen.current.down = false;
          tell();
        }}
        onKeyDown={key}
      />
      <button
        type="button"
        onClick={() => {
          clear();
          tell();
        }}
      >
        Clear the drawing
      </button>
    </div>
  );
}
