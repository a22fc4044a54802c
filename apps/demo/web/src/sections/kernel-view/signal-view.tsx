import { signal } from '@preact/signals';
import { Chart } from '../../ui/chart.js';
import { number, outputSize, resized, sizeText, sumOf, taps, tolerance, writtenSum } from './arithmetic.js';
import { NumberCell, SlideKnobs, WrittenSum } from './controls.js';
import { kernels1d, LENGTHS, same } from './presets.js';
import { heartbeats, signals } from './signals-1d.js';
import { correlation } from './state.js';

const state = correlation(heartbeats(), kernels1d[0].kernel, ['length']);
const chosen = signal<string>(signals[0].name);

/** The same in one dimension: a kernel slides over a line. */
export function SignalView() {
  const result = state.result.value;
  const { image, kernel, slide } = { image: state.image.value, kernel: state.kernel.value, slide: state.slide.value };
  const count = result?.output.data.length ?? 0;
  const index = Math.min(state.position.value, Math.max(0, count - 1));
  const seen = result ? taps(result.image, result.kernel, result.slide, result.output.shape, index) : [];
  const points = (data: ArrayLike<number>) => Array.from(data, (y, x) => [x + 1, y] as const);
  const size = outputSize(image.shape[0], kernel.shape[0], slide);
  return (
    <div class="card wide" data-fact="signal">
      <h3>The same over a line: Conv1d</h3>
      <p class="hint">A signal is a picture with one row. “Difference” answers where it rises or falls; the others calm it down.</p>
      <div class="row tight" role="group" aria-label="Signals">
        {signals.map(({ name, make }) => (
          <button
            key={name}
            type="button"
            aria-pressed={chosen.value === name}
            onClick={() => {
              chosen.value = name;
              state.image.value = make();
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <div class="row tight" role="group" aria-label="Kernels for signals">
        {kernels1d.map((preset) => (
          <button
            key={preset.name}
            type="button"
            aria-pressed={same(preset.kernel, kernel)}
            onClick={() => {
              state.kernel.value = preset.kernel;
            }}
          >
            {preset.name}
          </button>
        ))}
      </div>
      <div class="row ends">
        <div class="number-row" role="group" aria-label="Numbers of the signal’s kernel">
          {Array.from(kernel.data, (value, i) => (
            <NumberCell
              key={`${kernel.shape} ${i}`}
              value={value}
              label={`Signal kernel, number ${i + 1}`}
              set={(v) => {
                state.kernel.value = { ...kernel, data: kernel.data.map((old, k) => (k === i ? v : old)) };
              }}
            />
          ))}
        </div>
        <label>
          Numbers
          <select
            value={kernel.shape[0]}
            onChange={(e) => {
              const length = Number(e.currentTarget.value);
              state.kernel.value = { shape: [length], data: resized({ shape: [1, kernel.shape[0]], data: kernel.data }, 1, length).data };
            }}
          >
            {Array.from({ length: LENGTHS.most - LENGTHS.least + 1 }, (_, i) => (
              <option key={i} value={LENGTHS.least + i}>
                {LENGTHS.least + i}
              </option>
            ))}
          </select>
        </label>
      </div>
      <SlideKnobs slide={state.slide} of="the signal" />
      <p class="formula" data-fact="length-formula">
        length: {sizeText(image.shape[0], kernel.shape[0], slide)}
      </p>
      {size < 1 || !result ? (
        <p class={state.why.value ? 'error' : 'wait'} role="status">
          {state.why.value || 'On its way.'}
        </p>
      ) : (
        <>
          <div class="columns">
            <Chart
              title="Signal"
              xName="place"
              yName="input"
              series={[{ name: 'input', style: 0, points: points(result.image.data) }]}
              marks={windowMarks(seen)}
            />
            <Chart
              title="Output of Conv1d"
              xName="place"
              yName="output"
              series={[{ name: 'output', style: 1, points: points(result.output.data) }]}
              marks={[{ x: index + 1, text: number(result.output.data[index]) }]}
            />
          </div>
          <label class="knob long">
            <span>
              Place of the kernel: <b>{index + 1}</b> of {count}
            </span>
            <input
              type="range"
              min={1}
              max={count}
              value={index + 1}
              onInput={(e) => {
                state.position.value = Number(e.currentTarget.value) - 1;
              }}
            />
          </label>
          <WrittenSum terms={writtenSum(seen)} sum={sumOf(seen)} value={result.output.data[index]} tolerance={tolerance(seen)} />
        </>
      )}
    </div>
  );
}

/** Where the window begins and ends, as far as it lies on the signal. */
function windowMarks(seen: ReturnType<typeof taps>) {
  const inside = seen.filter((tap) => tap.inside).map((tap) => tap.at[0] + 1);
  if (inside.length === 0) return [];
  const [first, last] = [inside[0], inside[inside.length - 1]];
  return first === last
    ? [{ x: first, text: 'window' }]
    : [
        { x: first, text: '' },
        { x: last, text: 'window' },
      ];
}
