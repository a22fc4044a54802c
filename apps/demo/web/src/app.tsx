import { Alive } from './sections/alive.js';
import { LazySection, type LazySectionProps } from './ui/lazy-section.js';
import { ThemeButton } from './ui/theme-button.js';
import { latest, problem } from './ui/store.js';

const sections: readonly LazySectionProps[] = [
  {
    id: 'kernel',
    title: 'What a kernel sees',
    lead: 'A kernel slides over a picture; at each place it multiplies, adds, and writes one number.',
    load: async () => (await import('./sections/kernel-view.js')).KernelView,
  },
  {
    id: 'learn',
    title: 'Learn the kernel',
    lead: 'Nobody has to find the numbers of a kernel by hand: ten steps of gradient descent find [1, −1].',
    load: async () => (await import('./sections/learn-kernel.js')).LearnKernel,
  },
  {
    id: 'unit',
    title: 'Click any unit',
    lead: 'Every number in the network above, and its gradient, as the sum that makes it.',
    load: async () => (await import('./sections/unit.js')).Unit,
  },
  {
    id: 'knobs',
    title: 'Turn the knobs',
    lead: 'Change the network, the optimizer or the backend while it trains; the curve goes on.',
    load: async () => (await import('./sections/knobs.js')).Knobs,
  },
  {
    id: 'understand',
    title: 'Understand what it has learned',
    lead: 'What its maps show, what it confuses, what it gets most wrong, and how it came there.',
    load: async () => (await import('./sections/understand.js')).Understand,
  },
  {
    id: 'compare',
    title: 'Compare backends',
    lead: 'The same training step on every backend of this browser, and on TensorFlow.js.',
    load: async () => (await import('./sections/compare.js')).Compare,
  },
  {
    id: 'home',
    title: 'Take it home',
    lead: 'The weights as a file, the program as twenty lines, your own weights back in.',
    load: async () => (await import('./sections/take-home.js')).TakeHome,
  },
];

export function App() {
  return (
    <>
      <header>
        <p class="brand">konv</p>
        <nav aria-label="Sections">
          <a href="#alive">Training</a>
          {sections.map(({ id, title }) => (
            <a key={id} href={`#${id}`}>
              {title}
            </a>
          ))}
        </nav>
        <ThemeButton />
      </header>
      <main id="main">
        <Alive />
        {(latest.value?.notes ?? []).length > 0 && (
          <p class="notes" role="note">
            {latest.value?.notes.join(' ')}
          </p>
        )}
        {sections.map((section) => (
          <LazySection key={section.id} {...section} />
        ))}
      </main>
      <footer>
        <p>
          Everything runs in this page: no picture and no number leaves it. Images: Fashion-MNIST by Zalando Research, MIT (
          <a href="./data/LICENSE">licence</a>).
        </p>
      </footer>
      <div class="problem" role="alert">
        {problem.value}
        {problem.value && (
          <button
            type="button"
            onClick={() => {
              problem.value = '';
            }}
          >
            Dismiss
          </button>
        )}
      </div>
    </>
  );
}
