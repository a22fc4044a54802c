import { useEffect, useState } from 'preact/hooks';
import type { Arithmetic, Term } from '../../model/protocol.js';
import { agrees } from '../../worker/explain/terms.js';
import { brief, exact } from './numbers.js';
import { reading } from './state.js';

const FEW = 12;
/** Rows that are added at once: a long table comes in pieces, so that the page stays quick. */
const PIECE = 100;

interface SumProps {
  readonly title: string;
  /** Of the hooks: `unit-sum`. */
  readonly sumFact: string;
  readonly valueFact: string;
  readonly arithmetic: Arithmetic;
  /** Said where the value is 0. */
  readonly zero: string;
}

/** A number as the sum that makes it. */
export function Sum({ title, sumFact, valueFact, arithmetic, zero }: SumProps) {
  const { formula, terms, sum, value, tolerance } = arithmetic;
  const good = agrees(arithmetic);
  return (
    <div class="card sum">
      <h3>{title}</h3>
      <p class="formula">{formula}</p>
      <dl class="facts">
        <div>
          <dt>Sum of the terms</dt>
          <dd data-fact={sumFact}>{exact(sum)}</dd>
        </div>
        <div>
          <dt>In the tensor</dt>
          <dd data-fact={valueFact}>{exact(value)}</dd>
        </div>
        <div>
          <dt>Difference</dt>
          <dd>{brief(Math.abs(sum - value))}</dd>
        </div>
      </dl>
      <p class={good ? 'hint' : 'error'} data-fact={`${sumFact}-verdict`}>
        {good ? '✓ They agree' : '✗ They do not agree'}: rounding allows {brief(tolerance)}.
      </p>
      {value === 0 && <p class="hint">{zero}</p>}
      <Terms title={title} terms={terms} />
    </div>
  );
}

function Terms({ title, terms }: { title: string; terms: readonly Term[] }) {
  const [open, setOpen] = useState(false);
  const [count, setCount] = useState(FEW);
  useEffect(() => {
    if (!open || count >= terms.length) return;
    const frame = requestAnimationFrame(() => setCount(count + PIECE));
    return () => cancelAnimationFrame(frame);
  }, [open, count, terms.length]);
  useEffect(() => {
    openTables.set(title, open);
    reading.value = isReading();
    return () => {
      openTables.delete(title);
      reading.value = isReading();
    };
  }, [open]);
  const long = terms.length > FEW;
  const sorted = long ? [...terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)) : terms;
  const rows = sorted.slice(0, open ? count : FEW);
  const name = `${title}: ${terms.length === 1 ? 'one term' : `${terms.length} terms`}`;
  if (terms.length === 0) return <p class="hint">No term: nothing that comes after takes this number in.</p>;
  return (
    <>
      <div class="scroll terms" tabIndex={0} role="region" aria-label={name} onFocusIn={onFocus} onFocusOut={onBlur}>
        <table>
          <caption>
            {long && !open ? `The ${FEW} largest of ${terms.length} terms` : long ? `All ${terms.length} terms, the largest first` : name}
          </caption>
          <thead>
            <tr>
              <th scope="col">Term</th>
              <th scope="col">Numbers</th>
              <th scope="col">Product</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((t) => (
              <tr key={t.what}>
                <th scope="row">{t.what}</th>
                <td>{t.factors.map(brief).join(' × ')}</td>
                <td>{brief(t.product)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {long && (
        <button
          type="button"
          aria-expanded={open}
          onClick={() => {
            setOpen(!open);
            setCount(FEW);
          }}
        >
          {open ? `Show the ${FEW} largest` : `Show all ${terms.length}`}
        </button>
      )}
    </>
  );
}

/** Tables that are shown whole, by their titles. */
const openTables = new Map<string, boolean>();
let focused = false;
const isReading = (): boolean => focused || [...openTables.values()].includes(true);
function onFocus(): void {
  focused = true;
  reading.value = true;
}
function onBlur(): void {
  focused = false;
  reading.value = isReading();
}
