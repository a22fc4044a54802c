import { signal } from '@preact/signals';

const chosen = signal(localStorage.getItem('konv.theme') ?? '');
const apply = (): void => {
  document.documentElement.dataset.theme = chosen.value;
};
apply();

/** Follows the system until it is pressed. */
export function ThemeButton() {
  const dark = chosen.value ? chosen.value === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const toggle = (): void => {
    chosen.value = dark ? 'light' : 'dark';
    localStorage.setItem('konv.theme', chosen.value);
    apply();
  };
  return (
    <button type="button" class="quiet theme" onClick={toggle}>
      {dark ? 'Light' : 'Dark'} theme
    </button>
  );
}
