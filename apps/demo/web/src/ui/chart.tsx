import { useState } from 'preact/hooks';

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** 0 ... 5: which of the six line styles; each has a dash pattern of its own beside its colour. */
  readonly style: number;
}

export interface ChartProps {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly series: readonly Series[];
  /** Powers of ten on the y axis. */
  readonly log?: boolean;
  /** Vertical lines with a word at their feet. */
  readonly marks?: readonly { readonly x: number; readonly text: string }[];
}

const WIDTH = 600;
const HEIGHT = 220;
const LEFT = 46;
const BOTTOM = 26;
const TOP = 10;
const RIGHT = 10;

/** Round numbers from `low` to `high`, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? 10 * power;
  const out: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9; k++) out.push(k * step);
  return out;
}

const short = (x: number): string =>
  x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5) ? x.toExponential(0) : String(Number(x.toPrecision(3)));

/** Lines over a number, as SVG, with the same numbers as a table behind a button. */
export function Chart({ title, xName, yName, series, log = false, marks = [] }: ChartProps) {
  const [open, setOpen] = useState(false);
  const map = (y: number): number => (log ? Math.log10(Math.max(y, 1e-12)) : y);
  const all = series.flatMap((s) => s.points);
  const xs = all.map(([x]) => x);
  const ys = all.map(([, y]) => map(y)).filter(Number.isFinite);
  const x0 = Math.min(...xs, Number.POSITIVE_INFINITY);
  const [low, high] = [Number.isFinite(x0) ? x0 : 0, Math.max(...xs, 1)];
  const bottom = log ? Math.floor(Math.min(...ys, 0)) : Math.min(0, ...ys);
  const top = log ? Math.ceil(Math.max(...ys, bottom + 1)) : Math.max(...ys, 1e-9);
  const px = (x: number): number => LEFT + ((x - low) / Math.max(high - low, 1e-9)) * (WIDTH - LEFT - RIGHT);
  const py = (y: number): number => HEIGHT - BOTTOM - ((y - bottom) / Math.max(top - bottom, 1e-9)) * (HEIGHT - BOTTOM - TOP);
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}: ${summary(series, yName)}`}>
        {ticks(bottom, top, 4).map((y) => (
          <g key={y}>
            <line class="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={py(y)} y2={py(y)} />
            <text class="tick" x={LEFT - 6} y={py(y) + 4} text-anchor="end">
              {log ? `1e${y}` : short(y)}
            </text>
          </g>
        ))}
        {ticks(low, high, 6).map((x) => (
          <text key={x} class="tick" x={px(x)} y={HEIGHT - 8} text-anchor="middle">
            {short(x)}
          </text>
        ))}
        {marks.map(({ x, text }, i) => (
          <g key={`${x} ${text}`}>
            <line class="mark" x1={px(x)} x2={px(x)} y1={TOP} y2={HEIGHT - BOTTOM} />
            {/* Neighbours' words stand at different heights; near the right end they stand before their line. */}
            <text class="tick" x={px(x) + (px(x) > 480 ? -4 : 4)} y={TOP + 10 + (i % 4) * 14} text-anchor={px(x) > 480 ? 'end' : 'start'}>
              {text}
            </text>
          </g>
        ))}
        {series.map((s) => (
          <path key={s.name} class={`line line-${s.style % 6}`} d={path(s.points, px, (y) => py(map(y)))} />
        ))}
      </svg>
      <figcaption>
        {series.map((s) => (
          <span key={s.name} class="legend">
            <svg viewBox="0 0 24 6" aria-hidden="true">
              <path class={`line line-${s.style % 6}`} d="M0 3H24" />
            </svg>
            {s.name}
          </span>
        ))}
        <span class="axes">
          {yName} over {xName}
        </span>
        <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Hide' : 'Show'} as a table
        </button>
      </figcaption>
      {open && <Table title={title} xName={xName} series={series} />}
    </figure>
  );
}

function path(points: Series['points'], px: (x: number) => number, py: (y: number) => number): string {
  let d = '';
  for (const [x, y] of points) if (Number.isFinite(y)) d += `${d === '' ? 'M' : 'L'}${px(x).toFixed(1)} ${py(y).toFixed(1)}`;
  return d;
}

function summary(series: readonly Series[], yName: string): string {
  const said = series
    .filter((s) => s.points.length > 0)
    .map(({ name, points }) => `${name} from ${points[0][1].toPrecision(3)} to ${points[points.length - 1][1].toPrecision(3)}`);
  return said.length === 0 ? `no ${yName} yet` : said.join('; ');
}

/** At most 20 rows: the numbers of a long line at equal distances. */
function Table({ title, xName, series }: { title: string; xName: string; series: readonly Series[] }) {
  const all = [...new Set(series.flatMap((s) => s.points.map(([x]) => x)))].sort((a, b) => a - b);
  const stride = Math.max(1, Math.ceil(all.length / 20));
  const rows = all.filter((_, i) => i % stride === 0 || i === all.length - 1);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{xName}</th>
            {series.map((s) => (
              <th key={s.name} scope="col">
                {s.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((x) => (
            <tr key={x}>
              <th scope="row">{short(x)}</th>
              {series.map((s) => (
                <td key={s.name}>{s.points.find(([at]) => at === x)?.[1].toPrecision(4) ?? ''}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A long line thinned to about `most` points: means of neighbours. */
export function thin(values: ArrayLike<number>, from: number, to: number, most = 300): (readonly [number, number])[] {
  const width = Math.max(1, Math.ceil((to - from) / most));
  const out: (readonly [number, number])[] = [];
  for (let i = from; i < to; i += width) {
    const end = Math.min(to, i + width);
    let sum = 0;
    for (let k = i; k < end; k++) sum += values[k];
    out.push([(i + end - 1) / 2 + 1, sum / (end - i)]);
  }
  return out;
}
