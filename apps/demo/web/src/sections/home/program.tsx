import { computed } from '@preact/signals';
import { snippet } from '../../model/snippet.js';
import { defaults, toQuery } from '../../model/settings.js';
import { CopyButton } from '../../ui/copy-button.js';
import { latest } from '../../ui/store.js';

// Texts rather than settings: updates come twenty times a second, these rarely change.
const program = computed(() => snippet(latest.value?.settings ?? defaults));
const link = computed(() => {
  const { origin, pathname } = location;
  return `${origin}${pathname}${toQuery(latest.value?.settings ?? defaults)}`;
});

/** The same training as a program and as an address. */
export function Program() {
  return (
    <div class="card">
      <h3>The program</h3>
      <p>
        What trains above, written down with the settings of now. From this seed it gets the same losses, up to the rounding of another
        engine, on the same backend. It needs the package <code>konv</code>, and Fashion-MNIST’s four files in a folder <code>data</code>.
      </p>
      <pre tabIndex={0} role="region" aria-label="The program" data-fact="program">
        <code>{program.value}</code>
      </pre>
      <div class="row">
        <CopyButton text={() => program.peek()}>Copy the program</CopyButton>
      </div>
      <h3>A link to these settings</h3>
      <div class="row ends">
        <label class="share">
          Whoever opens it sees this network begin from the same seed.
          <input id="share-link" type="text" readOnly value={link.value} onFocus={(e) => e.currentTarget.select()} />
        </label>
        <CopyButton text={() => link.peek()}>Copy the link</CopyButton>
      </div>
    </div>
  );
}
