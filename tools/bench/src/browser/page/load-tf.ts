import type { TfModule } from '../../peers/tfjs-kernels.js';

/** TensorFlow.js with all gradients, its webgl backend chosen. */
export async function loadTf(): Promise<TfModule> {
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-core/dist/register_all_gradients.js');
  await import('@tensorflow/tfjs-backend-webgl');
  tf.enableProdMode();
  if (!(await tf.setBackend('webgl'))) throw new Error('tfjs could not start its webgl backend');
  await tf.ready();
  return tf;
}
