import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { placeOf } from './unit/arrange.js';
import { fieldsOf, nearest } from './unit/fields.js';
import { network, running, useFollowing } from './unit/following.js';
import { brief } from './unit/numbers.js';
import { Sum } from './unit/report.js';
import { nameOf, Stage } from './unit/stage.js';
import { chosen, follow, reading, refresh, seen, side, trouble } from './unit/state.js';
import { Strip } from './unit/strip.js';
import './unit/unit.css';

/** Every value and gradient of the network in training, as the sum that makes it. */
export function Unit() {
  const place = useRef<HTMLDivElement>(null);
  useFollowing(
    place,
    () => void refresh(),
    () => follow.value && !reading.value,
  );
  const found = seen.value;
  return (
    <div ref={place} class="unit">
      <p>
        Below is the network that is being trained, layer by layer, and what it makes of the picture chosen above. Choose a layer, then a
        point in its map. The frames show what that one number is made from.
      </p>
      <Toolbar />
      {trouble.value && (
        <p class="error" data-fact="unit-trouble">
          {trouble.value}
        </p>
      )}
      {found ? <Explained /> : <p class="wait">The network’s numbers are on their way.</p>}
    </div>
  );
}

function Toolbar() {
  const held = follow.value && running.value && reading.value;
  return (
    <div class="row">
      <fieldset class="choice">
        <legend>The maps show</legend>
        {(['values', 'gradients'] as const).map((what) => (
          <button key={what} type="button" aria-pressed={side.value === what} onClick={() => (side.value = what)}>
            {what === 'values' ? 'Values' : 'Gradients'}
          </button>
        ))}
      </fieldset>
      <button
        type="button"
        aria-pressed={follow.value}
        onClick={() => {
          follow.value = !follow.value;
        }}
      >
        Follow the training
      </button>
      <button type="button" onClick={() => void refresh()}>
        Refresh
      </button>
      <span class="hint">
        Numbers of step <span data-fact="unit-step">{seen.value?.report.step ?? '…'}</span>
        {held ? '; they wait while you read the table.' : ''}
      </span>
    </div>
  );
}

function Explained() {
  const found = seen.value;
  if (!found) return null;
  const { plan, report } = found;
  // Where another network is on its way the last one stays to be seen.
  const unit = network.value === found.network ? nearest(plan, chosen.value) : report.unit;
  const fields = fieldsOf(plan, unit);
  const { channel } = placeOf(plan[unit.layer].shape, unit.index);
  // Layers of the same number of channels show the same one; others what the frame says, or their first.
  const channels = plan.map(({ shape }, k) => fields[k + 1]?.channel ?? (shape.length === 3 && channel < shape[0] ? channel : 0));
  const fresh = String(report.unit.layer) === String(unit.layer) && String(report.unit.index) === String(unit.index);
  const name = nameOf(plan, report.unit);
  return (
    <>
      <Strip seen={found} unit={unit} fields={fields} channels={channels} />
      <Stage seen={found} unit={unit} fields={fields} />
      <div class="sums" aria-busy={!fresh}>
        <Sum
          title={`Value of ${name}`}
          sumFact="unit-sum"
          valueFact="unit-value"
          arithmetic={report.forward}
          zero="Zero: this picture has nothing here that the unit answers to."
        />
        <Sum
          title={`Gradient of ${name}`}
          sumFact="unit-gradient-sum"
          valueFact="unit-gradient-value"
          arithmetic={report.backward}
          zero="Zero: if this number changed a little, the loss would not."
        />
      </div>
      <p class="hint">
        x is what the layer takes in, w its weights, b its bias; dy is the gradient of what the next layer gives. The gradient says how much
        the loss would grow if this one number grew a little; the loss compares the ten scores with the picture’s class, or with the
        network’s own guess where a picture has none.
      </p>
      <Spoken name={name} value={report.forward.value} gradient={report.backward.value} />
    </>
  );
}

/** Said when another unit is chosen, not when its numbers change with the training. */
function Spoken({ name, value, gradient }: { name: string; value: number; gradient: number }) {
  const said = useSignal('');
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    // Keys that are held down are not read out one by one.
    const timer = setTimeout(() => {
      said.value = `${name}: value ${brief(value)}, gradient ${brief(gradient)}`;
    }, 400);
    return () => clearTimeout(timer);
  }, [name]);
  return (
    <p class="visually-hidden" aria-live="polite">
      {said.value}
    </p>
  );
}
