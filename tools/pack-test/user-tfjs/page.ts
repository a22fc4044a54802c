// Where the .wasm files of TensorFlow.js are, is what every page of its users says.
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { train } from './train.js';

setWasmPaths('./wasm/');
const shown = document.createElement('pre');
train('wasm')
  .then(
    (losses) => JSON.stringify({ isolated: crossOriginIsolated, losses }),
    (error) => JSON.stringify({ error: String(error) }),
  )
  .then((text) => {
    shown.textContent = text;
    document.body.append(shown);
  });
