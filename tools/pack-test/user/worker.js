import { train } from './train.js';

onmessage = ({ data: prefer }) =>
  train(prefer).then(
    (result) => postMessage({ result }),
    (error) => postMessage({ error: String(error) }),
  );
