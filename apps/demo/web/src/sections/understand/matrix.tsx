import { useRef } from 'preact/hooks';
import { CLASSES, classNames } from '../../model/layers.js';
import { cell, confusion, evaluation } from './state.js';
import { Thumb } from './thumb.js';

const MOST_PICTURES = 48;

/** A share of the strongest shade: the numbers stay readable on it. */
const DARKEST = 35;

const keys: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** True classes by guesses; each cell opens its pictures. One stop for the Tab key, arrows go from cell to cell. */
export function Matrix() {
  const body = useRef<HTMLTableSectionElement>(null);
  const found = evaluation.value;
  if (!found) return <p class="wait">The test pictures have not been looked at yet.</p>;
  const open = cell.value;
  const [row0, column0] = open ? [open.label, open.guess] : [0, 0];
  const onKeyDown = (e: KeyboardEvent, label: number, guess: number): void => {
    const move = keys[e.key];
    if (!move) return;
    const [row, column] = [label + move[0], guess + move[1]];
    if (row < 0 || column < 0 || row >= CLASSES || column >= CLASSES) return;
    e.preventDefault();
    body.current?.rows[row]?.querySelectorAll('button')[column]?.focus();
  };
  return (
    <div class="matrix-grid">
      <div class="scroll matrix" tabIndex={0} role="region" aria-label="Confusion matrix">
        <table>
          <caption>Rows: what it is. Columns: what it is taken for.</caption>
          <thead>
            <tr>
              <th scope="col">
                is <span aria-hidden="true">↓</span> taken for <span aria-hidden="true">→</span>
              </th>
              {classNames.map((name) => (
                <th key={name} scope="col">
                  <span class="sideways">{name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {classNames.map((name, label) => {
              const counts = found.counts.subarray(label * CLASSES, (label + 1) * CLASSES);
              const all = counts.reduce((a, b) => a + b, 0);
              return (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {classNames.map((_, guess) => (
                    <td key={guess}>
                      <button
                        type="button"
                        class={`count ${label === guess ? 'right' : 'wrong'}`}
                        style={{ '--shade': `${all > 0 ? Math.round((counts[guess] / all) * DARKEST) : 0}%` }}
                        tabIndex={label === row0 && guess === column0 ? 0 : -1}
                        aria-pressed={open?.label === label && open.guess === guess}
                        aria-label={`${confusion(label, guess)}: ${counts[guess]}`}
                        data-fact={`count-${label}-${guess}`}
                        onKeyDown={(e) => onKeyDown(e, label, guess)}
                        onClick={() => {
                          cell.value = { label, guess };
                        }}
                      >
                        {counts[guess]}
                      </button>
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <CellPictures />
    </div>
  );
}

function CellPictures() {
  const [found, open] = [evaluation.value, cell.value];
  if (!found || !open) return <p class="hint">Press a number to see its pictures.</p>;
  const { label, guess } = open;
  const all: number[] = [];
  for (let i = 0; i < found.images; i++) if (found.labels[i] === label && found.guesses[i] === guess) all.push(i);
  const text = confusion(label, guess);
  const first = all.length > MOST_PICTURES ? `, the first ${MOST_PICTURES}` : '';
  return (
    <div class="cell-pictures" data-fact="cell-pictures">
      <h4>
        {text}: {all.length} of the {found.images} pictures{first}
      </h4>
      {all.length === 0 ? (
        <p class="hint">None.</p>
      ) : (
        <ul class="thumbs" aria-label={text}>
          {all.slice(0, MOST_PICTURES).map((index) => (
            <li key={index}>
              <Thumb index={index} text={text} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
