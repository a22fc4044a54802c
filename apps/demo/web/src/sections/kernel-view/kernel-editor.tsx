import type { Signal } from '@preact/signals';
import type { Values } from '../../model/protocol.js';
import { resized } from './arithmetic.js';
import { NumberCell } from './controls.js';
import { kernels2d, LARGEST_SIDE, same } from './presets.js';

/** The kernel's numbers, its sides, and some kernels to start from. */
export function KernelEditor({ kernel }: { kernel: Signal<Values> }) {
  const { shape, data } = kernel.value;
  const [rows, columns] = shape;
  const side = (name: string, value: number, set: (n: number) => void) => (
    <label>
      {name}
      <select value={value} onChange={(e) => set(Number(e.currentTarget.value))}>
        {Array.from({ length: LARGEST_SIDE }, (_, i) => (
          <option key={i} value={i + 1}>
            {i + 1}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div>
      <div
        class="number-grid"
        role="group"
        aria-label="Numbers of the kernel"
        style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 4rem))` }}
      >
        {Array.from(data, (value, i) => (
          <NumberCell
            key={`${shape} ${i}`}
            value={value}
            label={`Kernel, row ${Math.floor(i / columns) + 1}, column ${(i % columns) + 1}`}
            set={(v) => {
              kernel.value = { shape, data: data.map((old, k) => (k === i ? v : old)) };
            }}
          />
        ))}
      </div>
      <div class="row">
        {side('Rows', rows, (n) => {
          kernel.value = resized(kernel.value, n, columns);
        })}
        {side('Columns', columns, (n) => {
          kernel.value = resized(kernel.value, rows, n);
        })}
      </div>
      <div class="row tight" role="group" aria-label="Kernels to start from">
        {kernels2d.map((preset) => (
          <button
            key={preset.name}
            type="button"
            aria-pressed={same(preset.kernel, kernel.value)}
            onClick={() => {
              kernel.value = preset.kernel;
            }}
          >
            {preset.name}
          </button>
        ))}
      </div>
    </div>
  );
}
