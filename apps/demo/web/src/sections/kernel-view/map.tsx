import { useMemo } from 'preact/hooks';
import type { Values } from '../../model/protocol.js';
import { Pixels } from '../../ui/pixels.js';
import { number } from './arithmetic.js';

/** A cell in units of the drawing. */
const CELL = 20;
/** Numbers stand in the cells of pictures up to this wide and high, and in their padding. */
const NUMBERED = 12;

export interface MapProps {
  readonly values: Values;
  readonly label: string;
  readonly scale: 'grey' | 'signed';
  readonly most?: number;
  /** Rings of zeros around it. */
  readonly padding?: number;
  /** Places, also in the padding, that are framed. */
  readonly framed?: readonly (readonly number[])[];
  /** Cells from this index on are not there yet. */
  readonly known?: number;
  /** Decimals of the numbers in the cells, and how wide a numbered cell may become. */
  readonly decimals?: number;
  readonly cellRem?: number;
  /** Columns of the widest map beside this one: cells are equally large in both. */
  readonly columns?: number;
  readonly onPick?: (place: readonly [number, number], pressed: boolean) => void;
}

/** A picture out of numbers with its window framed, and the numbers themselves where there is room. */
export function Map2d({
  values,
  label,
  scale,
  most,
  padding = 0,
  framed = [],
  known,
  decimals = 2,
  cellRem = 3,
  columns,
  onPick,
}: MapProps) {
  const [h, w] = values.shape;
  const [rows, cols] = [h + 2 * padding, w + 2 * padding];
  const percent = (part: number, whole: number): string => `${(part / whole) * 100}%`;
  const widest = Math.max(columns ?? cols, cols);
  const numbered = Math.max(h, w) <= NUMBERED;
  const greatest = useMemo(() => most ?? values.data.reduce((m, v) => Math.max(m, Math.abs(v)), 0), [most, values]);
  // Painted anew only when they change, not whenever the window moves.
  const pixels = useMemo(
    () => <Pixels data={values.data} width={w} height={h} scale={scale} most={greatest} label="" />,
    [values, scale, greatest],
  );
  const numbers = useMemo(
    () => numbered && <Numbers values={values} padding={padding} scale={scale} most={greatest} decimals={decimals} />,
    [values, padding, scale, greatest, decimals],
  );
  const pick = (e: PointerEvent, pressed: boolean): void => {
    const box = (e.currentTarget as Element).getBoundingClientRect();
    const along = (at: number, length: number, cells: number) => Math.min(cells - 1, Math.max(0, Math.floor((at / length) * cells)));
    onPick?.([along(e.clientY - box.top, box.height, rows) - padding, along(e.clientX - box.left, box.width, cols) - padding], pressed);
  };
  return (
    <div
      class="map"
      style={{ width: percent(cols, widest), maxWidth: `${cols * (numbered ? cellRem : 1.4)}rem`, aspectRatio: `${cols} / ${rows}` }}
      onPointerMove={(e) => pick(e, false)}
      onPointerDown={(e) => pick(e, true)}
    >
      <div
        class="map-pixels"
        aria-hidden="true"
        style={{ left: percent(padding, cols), top: percent(padding, rows), width: percent(w, cols), height: percent(h, rows) }}
      >
        {pixels}
      </div>
      <svg class={numbered ? undefined : 'fine'} viewBox={`0 0 ${cols * CELL} ${rows * CELL}`} role="img" aria-label={label}>
        {numbers}
        {padding > 0 && <rect class="map-edge" x={padding * CELL} y={padding * CELL} width={w * CELL} height={h * CELL} />}
        {known !== undefined && known < h * w && <path class="map-unknown" d={restOf(known, h, w)} />}
        {framed.map(([r, c]) => (
          <rect key={`${r} ${c}`} class="map-frame" x={(c + padding) * CELL} y={(r + padding) * CELL} width={CELL} height={CELL} />
        ))}
        {framed.map(([r, c]) => (
          <rect key={`in ${r} ${c}`} class="map-frame-inner" x={(c + padding) * CELL} y={(r + padding) * CELL} width={CELL} height={CELL} />
        ))}
      </svg>
    </div>
  );
}

/** The cells from an index on. */
function restOf(known: number, h: number, w: number): string {
  const [row, column] = [Math.floor(known / w), known % w];
  const [x, y, right, low] = [column * CELL, row * CELL, w * CELL, h * CELL];
  return `M${x} ${y}H${right}V${low}H0V${y + CELL}H${x}Z`;
}

interface NumbersProps {
  readonly values: Values;
  readonly padding: number;
  readonly scale: 'grey' | 'signed';
  readonly most: number;
  readonly decimals: number;
}

/** White numbers are read better than black ones where the cell, as `Pixels` paints it, has a luminance below 0.18. */
function isDark(v: number, scale: 'grey' | 'signed', most: number): boolean {
  if (scale === 'grey') return v < 0.46;
  return v > most * 0.94 || v < -most * 0.82;
}

function Numbers({ values, padding, scale, most, decimals }: NumbersProps) {
  const [h, w] = values.shape;
  const texts = Array.from(values.data, (v) => number(v, decimals));
  const size = Math.min(10, (CELL * 1.55) / Math.max(...texts.map((t) => t.length)));
  const out = [];
  for (let r = -padding; r < h + padding; r++) {
    for (let c = -padding; c < w + padding; c++) {
      const inside = r >= 0 && r < h && c >= 0 && c < w;
      const v = inside ? values.data[r * w + c] : 0;
      // The padding has the card's colours.
      const dark = (scale === 'grey' || most > 0) && isDark(v, scale, most);
      out.push(
        <text
          key={`${r} ${c}`}
          class={inside ? (dark ? 'on-dark' : 'on-light') : 'on-card'}
          x={(c + padding + 0.5) * CELL}
          y={(r + padding + 0.5) * CELL}
          font-size={size}
        >
          {inside ? texts[r * w + c] : '0'}
        </text>,
      );
    }
  }
  return <g class="map-numbers">{out}</g>;
}
