import { computed, effect, signal } from '@preact/signals';

const KEY = 'konv.theme';
type Theme = 'light' | 'dark';

/** Storage may be forbidden: the theme then lasts as long as the page. */
function stored<T>(use: () => T): T | null {
  try {
    return use();
  } catch {
    return null;
  }
}

const system = matchMedia('(prefers-color-scheme: dark)');
const ofSystem = signal<Theme>(system.matches ? 'dark' : 'light');
system.addEventListener('change', () => {
  ofSystem.value = system.matches ? 'dark' : 'light';
});
const found = stored(() => localStorage.getItem(KEY));
const chosen = signal<Theme | null>(found === 'light' || found === 'dark' ? found : null);

/** The visitor's choice; the system's before there is one. */
export const theme = computed<Theme>(() => chosen.value ?? ofSystem.value);
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

export function chooseTheme(to: Theme): void {
  chosen.value = to;
  stored(() => localStorage.setItem(KEY, to));
}

export function forgetTheme(): void {
  stored(() => localStorage.removeItem(KEY));
}
