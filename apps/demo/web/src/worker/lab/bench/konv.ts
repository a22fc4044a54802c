import '@konv/autograd';
import { fromHost, getBackend, manualSeed, noGrad, Scope, scope, type Tensor, tensor } from '@konv/core-tensor';
import { functional, type Sequential } from '@konv/layers';
import { optim } from '@konv/trainer';
import { SIDE } from '../../../model/layers.js';
import type { BackendName, Settings } from '../../../model/settings.js';
import { openBackend } from '../../backends.js';
import { buildNetwork, freeOptimizer, unnoticed } from '../../network.js';
import { type Contender, RATE, type Start } from './contender.js';

/** The weights of the settings' seed, and the batch: what every contender starts from. */
export async function startOf(settings: Settings, pixels: Float32Array, labels: Int32Array): Promise<Start> {
  const net = unnoticed(await openBackend('cpu-js', 1), () => {
    manualSeed(settings.seed);
    return buildNetwork(settings);
  });
  try {
    const read = async (p: Tensor) => ({ shape: p.shape, data: Float32Array.from((await p.data()) as Float32Array) });
    return { weights: await Promise.all([...net.parameters()].map(read)), pixels, labels };
  } finally {
    net.dispose();
  }
}

/** konv on one of its backends. Errors: those of opening it, with the reason. */
export async function konvContender(
  name: BackendName,
  threads: number,
  label: string,
  settings: Settings,
  start: Start,
): Promise<Contender> {
  const backend = await openBackend(name, threads);
  const net: Sequential = unnoticed(backend, () => buildNetwork(settings));
  const data = new Scope();
  const params = [...net.parameters()];
  const [x, y] = data.run(() => {
    const { pixels, labels, weights } = start;
    const keys = Object.keys(net.stateDict());
    const own = weights.map(({ shape, data: values }) => fromHost(getBackend(backend), values.slice(), shape, 'float32'));
    net.loadStateDict(Object.fromEntries(keys.map((key, i) => [key, own[i]])));
    const n = labels.length;
    return [tensor(pixels, { shape: [n, 1, SIDE, SIDE], backend }), tensor(labels, { shape: [n], dtype: 'int32', backend })] as const;
  });
  const optimizer = new optim.SGD(params, RATE);
  return {
    library: 'konv',
    backend: label,
    step: async () => {
      using _ = scope();
      net.train();
      const loss = functional.crossEntropy(net.forward(x) as Tensor, y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return await loss.item();
    },
    forward: async () => {
      using _ = scope();
      net.eval();
      return (await noGrad(() => net.forward(x) as Tensor).data()) as Float32Array;
    },
    dispose: () => {
      freeOptimizer(optimizer);
      data.dispose();
      net.dispose();
    },
  };
}
