import type { BenchRow } from '../../model/protocol.js';
import type { Settings } from '../../model/settings.js';

export async function available(): Promise<readonly { name: string; unavailable: string | null }[]> {
  throw new Error('not written yet');
}

export async function bench(library: 'konv' | 'TensorFlow.js', backend: string, settings: Settings): Promise<readonly BenchRow[]> {
  throw new Error('not written yet');
}
