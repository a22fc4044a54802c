import type { Signal } from '@preact/signals';
import { useMemo, useState } from 'preact/hooks';
import { transposed } from '../../model/edges.js';
import type { Values } from '../../model/protocol.js';
import { number, outputAt, ravel, sumOf, taps, tolerance, unravel, writtenSum } from './arithmetic.js';
import { WrittenSum } from './controls.js';
import { KernelEditor } from './kernel-editor.js';
import { Map2d } from './map.js';
import { moved } from './moves.js';
import { Player, usePlayWhenSeen } from './player.js';
import type { Correlation, Result } from './state.js';

export interface SlidingProps {
  readonly state: Correlation;
  readonly playing: Signal<boolean>;
  readonly pictureName: string;
  /** What the kernel finds, in a sentence. */
  readonly verdict: string;
  readonly turnPicture: () => void;
  readonly startOver: () => void;
}

/** Input, kernel and output side by side, the window and its cell framed, and the sum that joins them. */
export function Sliding({ state, playing, pictureName, verdict, turnPicture, startOver }: SlidingProps) {
  const place = usePlayWhenSeen(playing);
  const editor = useMemo(() => <KernelEditor kernel={state.kernel} />, [state]);
  const result = state.result.value;
  const output = result?.output;
  const count = output?.data.length ?? 0;
  const index = Math.min(state.position.value, Math.max(0, count - 1));
  const seen = result && output ? taps(result.image, result.kernel, result.slide, output.shape, index) : [];
  const pick = (to: number, pressed: boolean): void => {
    if (playing.value && !pressed) return;
    playing.value = false;
    state.position.value = to;
  };
  const padding = result?.slide.padding ?? 0;
  const columns = result && output ? Math.max(result.image.shape[1] + 2 * padding, output.shape[1]) : undefined;
  const image = result?.image ?? state.image.value;
  return (
    <div ref={place} class="card wide" data-fact="sliding">
      <div class="kernel-grid">
        <div>
          <h3>
            Input <span class="size">{image.shape.join(' × ')}</span>
          </h3>
          <Map2d
            values={image}
            label={`Input: ${pictureName}, ${image.shape[0]} rows, ${image.shape[1]} columns`}
            scale="grey"
            padding={padding}
            columns={columns}
            framed={seen.map((tap) => tap.at)}
            onPick={(at, pressed) => {
              if (result && output) pick(outputAt(at, output.shape, result.slide), pressed);
            }}
          />
          <p class="hint">0 is black, 1 is white.{padding > 0 ? ' Outside of the dashed line: padding, all zeros.' : ''}</p>
          <button type="button" class="turn" onClick={turnPicture}>
            Turn the picture
          </button>
        </div>
        <div>
          <h3>
            Kernel <span class="size">{state.kernel.value.shape.join(' × ')}</span>
          </h3>
          {editor}
          <button
            type="button"
            class="turn"
            onClick={() => {
              state.kernel.value = transposed(state.kernel.value);
            }}
          >
            Turn the kernel
          </button>
        </div>
        <div>
          <h3>
            Output <span class="size">{output ? output.shape.join(' × ') : ''}</span>
          </h3>
          {output ? (
            <Output output={output} index={index} columns={columns} playing={playing.value} pick={pick} />
          ) : (
            <p class={state.why.value ? 'error' : 'wait'} role="status" data-fact="no-output">
              {state.why.value || 'On its way.'}
            </p>
          )}
          <p class="verdict" data-fact="verdict" aria-live="polite">
            {verdict}
          </p>
        </div>
      </div>
      <Player position={state.position} playing={playing} count={count} columns={output?.shape[1] ?? 1} />
      {output && <WrittenSum terms={writtenSum(seen)} sum={sumOf(seen)} value={output.data[index]} tolerance={tolerance(seen)} />}
      <p class="hint">
        [1, −1] compares neighbours in a row, so it answers at vertical edges only. Turn the picture, and its edges lie flat: it sees
        nothing. Turn the kernel, too, and it finds them again.
      </p>
      <button type="button" onClick={startOver}>
        Back to the beginning
      </button>
      {result && <Numbers result={result} index={index} />}
    </div>
  );
}

interface OutputProps {
  readonly output: Values;
  readonly index: number;
  readonly columns: number | undefined;
  readonly playing: boolean;
  readonly pick: (to: number, pressed: boolean) => void;
}

function Output({ output, index, columns, playing, pick }: OutputProps) {
  const count = output.data.length;
  const [row, column] = unravel(index, output.shape);
  return (
    <>
      <div
        class="map-slider"
        role="slider"
        tabIndex={0}
        aria-label="Place in the output; arrow keys move the kernel"
        aria-valuemin={1}
        aria-valuemax={count}
        aria-valuenow={index + 1}
        aria-valuetext={`row ${row + 1}, column ${column + 1}: ${number(output.data[index])}`}
        onKeyDown={(e) => {
          const to = moved(e.key, index, count, output.shape[1]);
          if (to === null) return;
          e.preventDefault();
          pick(to, true);
        }}
      >
        <Map2d
          values={output}
          label={`Output, ${output.shape[0]} rows, ${output.shape[1]} columns`}
          scale="signed"
          columns={columns}
          framed={[[row, column]]}
          known={playing ? index + 1 : undefined}
          onPick={(at, pressed) => pick(ravel(at, output.shape), pressed)}
        />
      </div>
      <p class="hint">Blue is negative, orange positive, white zero.</p>
    </>
  );
}

/** Rows and columns of a table: as many as can be read. */
const SHOWN = 16;

function Numbers({ result, index }: { result: Result; index: number }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? 'Hide' : 'Show'} the numbers as tables
      </button>
      {open && (
        <div class="columns">
          <Table title="Input" values={result.image} around={[0, 0]} />
          <Table title="Output" values={result.output} around={unravel(index, result.output.shape)} />
        </div>
      )}
    </>
  );
}

function Table({ title, values, around }: { title: string; values: Values; around: readonly number[] }) {
  const [rows, columns] = values.shape.map((n, axis) => {
    const from = Math.max(0, Math.min(n - SHOWN, around[axis] - SHOWN / 2));
    return Array.from({ length: Math.min(n, SHOWN) }, (_, i) => from + i);
  });
  const whole = rows.length * columns.length === values.data.length;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
      <table>
        <caption>
          {title}
          {whole ? '' : `: ${rows.length} rows and ${columns.length} columns of ${values.shape.join(' × ')}`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Row</th>
            {columns.map((c) => (
              <th key={c} scope="col">
                {c + 1}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((r) => (
            <tr key={r}>
              <th scope="row">{r + 1}</th>
              {columns.map((c) => (
                <td key={c}>{number(values.data[ravel([r, c], values.shape)])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
