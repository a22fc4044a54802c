import { useState } from 'preact/hooks';
import type { Signal } from '@preact/signals';
import { number, type Slide } from './arithmetic.js';

export interface NumberCellProps {
  readonly value: number;
  readonly label: string;
  readonly set: (value: number) => void;
}

/** A number that can be typed: what is half typed stays as it is and changes nothing. */
export function NumberCell({ value, label, set }: NumberCellProps) {
  const [text, setText] = useState('');
  const typed = text.trim() !== '' && Math.fround(Number(text)) === value;
  return (
    <input
      class="number-cell"
      type="number"
      step="any"
      aria-label={label}
      value={typed ? text : number(value).replace('−', '-')}
      onInput={(e) => {
        const now = e.currentTarget.value;
        setText(now);
        const v = Math.fround(Number(now));
        if (now.trim() !== '' && Number.isFinite(v)) set(v);
      }}
    />
  );
}

const knobs: readonly { readonly name: keyof Slide; readonly least: number; readonly most: number; readonly says: string }[] = [
  { name: 'stride', least: 1, most: 4, says: 'cells from one place to the next' },
  { name: 'padding', least: 0, most: 4, says: 'zeros around the edge' },
  { name: 'dilation', least: 1, most: 4, says: 'distance between the numbers of the kernel' },
];

/** Sliders for stride, padding and dilation. */
export function SlideKnobs({ slide, of }: { slide: Signal<Slide>; of: string }) {
  return (
    <div class="row knobs" role="group" aria-label={`How the kernel slides over ${of}`}>
      {knobs.map(({ name, least, most, says }) => (
        <label key={name} class="knob">
          <span>
            {name[0].toUpperCase() + name.slice(1)}: <b>{slide.value[name]}</b>
          </span>
          <input
            type="range"
            min={least}
            max={most}
            value={slide.value[name]}
            onInput={(e) => {
              slide.value = { ...slide.value, [name]: Number(e.currentTarget.value) };
            }}
          />
          <span class="hint">{says}</span>
        </label>
      ))}
    </div>
  );
}

/** A sum written out, with what konv has computed beside it. */
export function WrittenSum({ terms, sum, value, tolerance }: { terms: string; sum: number; value: number; tolerance: number }) {
  const agree = Math.abs(sum - value) <= tolerance;
  return (
    <div class="sum">
      <p class="sum-terms">
        <span data-fact="terms">{terms}</span> = <b data-fact="sum">{number(sum, 6)}</b>
      </p>
      <p class="hint">
        konv’s output here: <b data-fact="konv">{number(value, 6)}</b>{' '}
        {agree ? '✓ the same' : '✗ not the same: this is a defect of the page, please report it'}
      </p>
    </div>
  );
}
