import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { type Contender, numbers } from '../contender.js';
import type { Runner } from '../timing.js';
import { withoutTraces } from './emscripten.js';
import { convModel, gemmModel } from './onnx-model.js';

/** onnxruntime-web on WebAssembly, one thread. It cannot train: forward only. */
export async function onnxRuntimeWeb(): Promise<Contender> {
  const ort = await import('onnxruntime-web/wasm');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const operand = (shape: number[]): Tensor => new ort.Tensor('float32', numbers(shape.reduce((a, b) => a * b, 1)), shape);
  const runner = async (model: Uint8Array, feeds: InferenceSession.FeedsType): Promise<Runner> => {
    const session = await withoutTraces(() => ort.InferenceSession.create(model, { executionProviders: ['wasm'], intraOpNumThreads: 1 }));
    return {
      run: async () => {
        const start = performance.now();
        const { y } = await session.run(feeds);
        const ms = performance.now() - start;
        y.dispose();
        return ms;
      },
      dispose: () => session.release(),
    };
  };
  return {
    name: 'ort-web',
    about: `onnxruntime-web ${ort.env.versions.web ?? ''}, wasm, one thread; models of one node, weights as an input`,
    kinds: ['gemm', 'conv'],
    prepare: (task) => {
      if (task.kind === 'gemm') {
        const square = [task.size, task.size];
        return runner(gemmModel(task.size, task.transposeA, task.transposeB), { a: operand(square), b: operand(square) });
      }
      if (task.kind !== 'conv' || task.op !== 'forward') return null;
      const s = task.shape;
      return runner(convModel(s), {
        x: operand([s.batch, s.inChannels, s.size, s.size]),
        w: operand([s.outChannels, s.inChannels / s.groups, s.kernel, s.kernel]),
      });
    },
  };
}
