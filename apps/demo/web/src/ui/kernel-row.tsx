import type { Values } from '../model/protocol.js';
import { Pixels } from './pixels.js';

/** The kernels [out, in, height, width] of a layer, the first input channel of each. */
export function KernelRow({ kernels: { shape, data } }: { kernels: Values }) {
  const [out, channels, h, w] = shape;
  const size = h * w;
  return (
    <ul class="kernels">
      {Array.from({ length: out }, (_, i) => (
        <li key={i}>
          <Pixels
            data={data.subarray(i * channels * size, i * channels * size + size)}
            width={w}
            height={h}
            scale="signed"
            label={`Kernel ${i + 1} of ${out}`}
          />
        </li>
      ))}
    </ul>
  );
}
