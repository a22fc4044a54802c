import type { Array as JaxArray } from '@jax-js/jax';
import { type Contender, numbers } from '../contender.js';
import { oneImage, outSize, type Task } from '../tasks.js';
import type { Runner } from '../timing.js';

type Jax = typeof import('@jax-js/jax');

/** jax-js on WebAssembly: one compiled program for each task. Functions consume their arguments, `.ref` keeps one for the next run. */
export async function jaxJs(): Promise<Contender> {
  const jax = await import('@jax-js/jax');
  // Without arguments it asks for a GPU by `navigator`, which Node 20 lacks.
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  return {
    name: 'jax-js',
    about: 'jax-js, wasm, compiled by jit; large convolutions on one image, times the batch',
    kinds: ['gemm', 'conv'],
    prepare: (task) => {
      if (task.kind === 'gemm') return gemm(jax, task);
      return task.kind === 'conv' ? conv(jax, task) : null;
    },
  };
}

function operand(jax: Jax, shape: number[]): JaxArray {
  return jax.numpy.array(numbers(shape.reduce((a, b) => a * b, 1))).reshape(shape);
}

function runner(operands: readonly JaxArray[], program: (...operands: JaxArray[]) => JaxArray, times = 1): Runner {
  return {
    run: async () => {
      const start = performance.now();
      const y = program(...operands.map((a) => a.ref));
      await y.blockUntilReady();
      const ms = performance.now() - start;
      y.dispose();
      return ms;
    },
    dispose: () => {
      for (const a of operands) a.dispose();
    },
    times,
  };
}

function gemm(jax: Jax, { size, transposeA, transposeB }: Task & { kind: 'gemm' }): Runner {
  const np = jax.numpy;
  const turned = (x: JaxArray, transpose: boolean): JaxArray => (transpose ? np.transpose(x) : x);
  const program = jax.jit((a: JaxArray, b: JaxArray) => np.matmul(turned(a, transposeA), turned(b, transposeB)));
  return runner([operand(jax, [size, size]), operand(jax, [size, size])], program);
}

function conv(jax: Jax, whole: Task & { kind: 'conv' }): Runner {
  const { task, times } = oneImage(whole) as { task: typeof whole; times: number };
  const { shape: s, op } = task;
  const forward = (x: JaxArray, w: JaxArray): JaxArray =>
    jax.lax.convGeneralDilated(
      x,
      w,
      [s.stride, s.stride],
      [
        [s.padding, s.padding],
        [s.padding, s.padding],
      ],
      { featureGroupCount: s.groups },
    );
  const x = operand(jax, [s.batch, s.inChannels, s.size, s.size]);
  const w = operand(jax, [s.outChannels, s.inChannels / s.groups, s.kernel, s.kernel]);
  if (op === 'forward') return runner([x, w], jax.jit(forward), times);
  const dy = operand(jax, [s.batch, s.outChannels, outSize(s), outSize(s)]);
  // The gradient of sum(conv(x, w) dy) is the gradient that dy brings back.
  const weighted = (x: JaxArray, w: JaxArray, dy: JaxArray): JaxArray => forward(x, w).mul(dy).sum();
  const gradient = jax.grad(weighted, { argnums: op === 'input gradient' ? 0 : 1 });
  return runner(
    [x, w, dy],
    jax.jit((x: JaxArray, w: JaxArray, dy: JaxArray) => gradient(x, w, dy) as JaxArray),
    times,
  );
}
