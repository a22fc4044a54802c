import { chooseTheme, theme } from './theme.js';

/** Follows the system until it is pressed. */
export function ThemeButton() {
  const dark = theme.value === 'dark';
  return (
    <button type="button" class="quiet theme" onClick={() => chooseTheme(dark ? 'light' : 'dark')}>
      {dark ? 'Light' : 'Dark'} theme
    </button>
  );
}
