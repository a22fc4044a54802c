import { render } from 'preact';
import './styles.css';
import { App } from './app.js';
import { begin } from './ui/store.js';
import { readSaved } from './ui/saving.js';

render(<App />, document.getElementById('app') as HTMLElement);
void readSaved()
  .then(begin)
  .then(async () => (await import('./ui/later.js')).startLater());
