import type { Contender, LoadPeer } from '../contender.js';

/** Each in a file of its own, and loaded only when asked for: some take a second. */
const loaders: Readonly<Record<string, LoadPeer>> = {
  'tfjs-wasm': async () => (await import('./tfjs-wasm.js')).tfjsWasm(),
  'tfjs-nchw': async () => (await import('./tfjs-wasm.js')).tfjsWasmNchw(),
  'tfjs-cpu': async () => (await import('./tfjs-cpu.js')).tfjsCpu(),
  'ort-web': async () => (await import('./onnxruntime.js')).onnxRuntimeWeb(),
  'jax-js': async () => (await import('./jax.js')).jaxJs(),
  torch: async () => (await import('./torch.js')).torch(),
  'torch-avx2': async () => (await import('./torch.js')).torchAvx2(),
};

export const peerNames: readonly string[] = Object.keys(loaders);

/** Loads the peers of these names. One that does not load is told to `say` and left out. */
export async function loadPeers(names: readonly string[], say: (line: string) => void): Promise<Contender[]> {
  const peers: Contender[] = [];
  for (const name of names) {
    try {
      peers.push(await loaders[name]());
    } catch (e) {
      say(`${name.padEnd(10)}  left out: ${(e as Error).message.split('\n')[0]}`);
    }
  }
  return peers;
}
