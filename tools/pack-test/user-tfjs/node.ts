import { train } from './train.js';

train('wasm').then((losses) => console.log(losses.join(' ')));
