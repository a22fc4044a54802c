import type { EpochRecord } from '../history.js';
import type { Callback, Progress } from '../callback.js';

/** Where lines go: `process.stderr`, or anything alike. */
export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ProgressBarOptions {
  /** Default: `process.stderr` in Node, the console elsewhere. */
  stream?: Terminal;
  /** Redrawings a second at most. Default 10. */
  fps?: number;
}

const BAR_WIDTH = 24;

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '--:--';
  const s = Math.max(0, Math.round(seconds));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

function percentOrNumber(name: string, value: number): string {
  return name === 'accuracy' ? `${(100 * value).toFixed(1)} %` : value.toFixed(4);
}

/** `loss 0.5213  accuracy 81.2 %` */
function values(loss: number, metrics: Record<string, number>): string {
  const named = Object.entries({ loss, ...metrics });
  return named.map(([name, v]) => `${name} ${Number.isNaN(v) ? '-' : percentOrNumber(name, v)}`).join('  ');
}

function bar(p: Progress): string {
  const rate = p.samples / p.seconds;
  const speed = Number.isFinite(rate) ? `${Math.round(rate)} images/s` : '';
  const head = `epoch ${p.epoch}/${p.epochs}`;
  if (p.steps === null) return `${head}  step ${p.step}  ${values(p.loss, p.metrics)}  ${speed}`;
  const share = p.steps === 0 ? 1 : p.step / p.steps;
  const filled = Math.round(share * BAR_WIDTH);
  const left = share === 0 ? Number.NaN : (p.seconds / share) * (1 - share);
  const drawn = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  return `${head} ${drawn} ${p.step}/${p.steps}  ${values(p.loss, p.metrics)}  ${speed}  ${duration(left)} left`;
}

function summary(p: Progress, record: EpochRecord): string {
  const train = `${values(record.loss, record.metrics)}`;
  const test = record.validation ? `  |  validation ${values(record.validation.loss, without(record.validation, 'loss'))}` : '';
  const rate = Math.round(record.samples / record.seconds);
  const where = record.complete ? '' : ` stopped at step ${p.step}${p.steps === null ? '' : `/${p.steps}`}`;
  return `epoch ${record.epoch}/${p.epochs}${where}  ${train}${test}  |  ${record.seconds.toFixed(1)} s, ${rate} images/s`;
}

function without(record: Record<string, number>, key: string): Record<string, number> {
  const { [key]: _, ...rest } = record;
  return rest;
}

function defaultTerminal(): Terminal {
  const stderr = (globalThis as { process?: { stderr?: Terminal } }).process?.stderr;
  return stderr ?? { write: (text) => console.log(text.trimEnd()) };
}

/**
 * A bar with loss, metrics, images/s and time left while an epoch runs, and one line an epoch that stays. Where the
 * stream is no terminal, only the lines: nothing is overwritten.
 */
export function progressBar(options: ProgressBarOptions = {}): Callback {
  const { stream = defaultTerminal(), fps = 10 } = options;
  const live = stream.isTTY === true;
  let drawnAt = 0;
  const draw = (text: string): void => {
    // One column is left free: a full line would wrap and could not be overwritten.
    const width = (stream.columns ?? 80) - 1;
    stream.write(`\r${text.length > width ? text.slice(0, width) : text}\x1b[K`);
  };
  return {
    onStep: (p) => {
      if (!live) return;
      const now = performance.now();
      if (now - drawnAt < 1000 / fps) return;
      drawnAt = now;
      draw(bar(p));
    },
    onEpochEnd: (p, record) => {
      if (live) stream.write('\r\x1b[K');
      stream.write(`${summary(p, record)}\n`);
    },
    onFitEnd: (p) => {
      if (live && p.history.epochs.length < p.epoch) stream.write('\r\x1b[K');
    },
  };
}
