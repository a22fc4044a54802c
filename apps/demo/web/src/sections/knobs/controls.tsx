import { useEffect, useState } from 'preact/hooks';
import type { Settings } from '../../model/settings.js';
import { type Read, rateOfSlider, slider, sliderOfRate } from './numbers.js';
import { turn, turning } from './turning.js';

export interface Choice {
  readonly value: string;
  readonly text: string;
  /** Cannot be chosen. */
  readonly off?: boolean;
}

interface KnobProps {
  readonly id: string;
  readonly name: string;
  /** A sentence under the control. */
  readonly hint?: string | undefined;
}

/** Beside a knob: whether what was asked for is still on its way. */
function State({ name }: { name: string }) {
  return turning.value.includes(name) ? <span class="knob-state">on its way…</span> : null;
}

export interface SelectProps extends KnobProps {
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly part: (value: string, now: Settings) => Partial<Settings>;
}

export function SelectKnob({ id, name, hint, value, choices, part }: SelectProps) {
  const [asked, setAsked] = useState<string | null>(null);
  const busy = turning.value.includes(name);
  return (
    <div class="dial">
      <label for={id}>{name}</label>
      <select
        id={id}
        value={busy && asked !== null ? asked : value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(e) => {
          const chosen = e.currentTarget.value;
          setAsked(chosen);
          turn(name, (settings) => part(chosen, settings));
        }}
      >
        {choices.map((c) => (
          <option key={c.value} value={c.value} disabled={c.off}>
            {c.text}
          </option>
        ))}
      </select>
      <State name={name} />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export interface NumberProps extends KnobProps {
  readonly value: number;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number | 'any';
  readonly disabled?: boolean;
  readonly read: (text: string) => Read;
  readonly part: (value: number, now: Settings) => Partial<Settings>;
}

/** Takes what was typed when it is done (Enter, or the next control); until then, and when it is no number, nothing changes. */
export function NumberKnob({ id, name, hint, value, min, max, step = 1, disabled = false, read, part }: NumberProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const busy = turning.value.includes(name);
  // What has come into force replaces what was typed.
  useEffect(() => setDraft(null), [value]);
  const found = draft === null ? null : read(draft);
  const error = found && 'error' in found ? found.error : '';
  const described = [error ? `${id}-error` : '', hint ? `${id}-hint` : ''].filter(Boolean).join(' ');
  return (
    <div class="dial">
      <label for={id}>{name}</label>
      <input
        id={id}
        type="number"
        value={draft ?? String(value)}
        min={min}
        max={max}
        step={step}
        disabled={disabled}
        aria-invalid={error !== ''}
        aria-describedby={described || undefined}
        onInput={(e) => setDraft(e.currentTarget.value)}
        onChange={(e) => {
          const now = read(e.currentTarget.value);
          if ('value' in now && now.value !== value) turn(name, (settings) => part(now.value, settings));
          else if ('value' in now) setDraft(null);
        }}
        onBlur={() => {
          if (!busy && found && 'value' in found) setDraft(null);
        }}
      />
      <State name={name} />
      {error && (
        <p class="error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** The learning rate on a logarithmic slider; its number stands beside it. */
export function RateSlider({ value }: { value: number }) {
  const name = 'Learning rate slider';
  const [draft, setDraft] = useState<number | null>(null);
  useEffect(() => setDraft(null), [value]);
  const shown = draft === null ? value : rateOfSlider(draft);
  return (
    <div class="dial">
      <label for="knob-lr-slider">{name}</label>
      <input
        id="knob-lr-slider"
        type="range"
        min={slider.low}
        max={slider.high}
        step={slider.step}
        value={draft ?? sliderOfRate(value)}
        aria-valuetext={String(shown)}
        onInput={(e) => setDraft(Number(e.currentTarget.value))}
        onChange={(e) => {
          const lr = rateOfSlider(Number(e.currentTarget.value));
          if (lr === value) setDraft(null);
          else turn(name, () => ({ lr }));
        }}
      />
      <State name={name} />
      <p class="hint">Now {shown}. A sixth of the slider’s way is a factor of ten.</p>
    </div>
  );
}
