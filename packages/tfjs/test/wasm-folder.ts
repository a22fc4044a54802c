/** The address of a folder, given relative to this one: from the test server in a browser, where a spec file itself has none. */
const folder = (path: string): string => new URL(path, import.meta.url).href;

/** Where TensorFlow.js's .wasm files are. */
export const wasmFolder: string = folder('../node_modules/@tensorflow/tfjs-backend-wasm/dist/');
