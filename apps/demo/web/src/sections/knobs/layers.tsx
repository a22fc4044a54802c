import { parametersOf } from '../../model/costs.js';
import { type PlannedLayer, planOf, SIDE } from '../../model/layers.js';
import type { Settings } from '../../model/settings.js';

const words: Readonly<Record<PlannedLayer['kind'], string>> = {
  Conv2d: 'kernels slide over it',
  BatchNorm2d: 'mean 0, spread 1',
  ReLU: 'negatives become 0',
  MaxPool2d: 'the greatest of each 2 × 2',
  AdaptiveAvgPool2d: 'the mean of each channel',
  Flatten: 'all in one row',
  Linear: 'weighted sums of all',
};

const shapeText = (shape: readonly number[]): string => shape.join(' × ');
const count = (n: number): string => n.toLocaleString('en');

/** The network of the settings, layer by layer: what each gives, and how many numbers it learns. */
export function Layers({ settings }: { settings: Settings }) {
  const plan = planOf(settings);
  const all = plan.reduce((sum, layer) => sum + parametersOf(layer), 0);
  return (
    <>
      <ol class="layers" aria-label="The network, layer by layer">
        <li>
          <Shape shape={[1, SIDE, SIDE]} learns={false} />
          <b>Picture</b>
          <span class="layer-shape">1 × 28 × 28</span>
        </li>
        {plan.map((layer, i) => (
          <li key={i} class={parametersOf(layer) > 0 ? 'learns' : ''}>
            <Shape shape={layer.shape} learns={parametersOf(layer) > 0} />
            <b>
              {layer.kind}
              {layer.kind === 'Conv2d' ? ` ${layer.args[2]} × ${layer.args[2]}` : ''}
            </b>
            <span class="layer-shape">{shapeText(layer.shape)}</span>
            <span class="layer-words">{words[layer.kind]}</span>
            {parametersOf(layer) > 0 && <span class="layer-learns">learns {count(parametersOf(layer))} numbers</span>}
          </li>
        ))}
      </ol>
      <p class="hint">
        Under each name stands the shape of what the layer gives: channels × height × width, or one row of numbers. All in all the network
        learns <strong data-fact="parameters">{count(all)}</strong> numbers.
      </p>
    </>
  );
}

const WIDE = 64;
const SHEETS = 5;

/** Maps as sheets one behind the other, as large as they are; a row of numbers as a strip. */
function Shape({ shape, learns }: { shape: readonly number[]; learns: boolean }) {
  return (
    <svg viewBox={`0 0 ${WIDE} ${WIDE}`} aria-hidden="true" class={learns ? 'shape shape-learns' : 'shape'}>
      {shape.length === 3 ? sheets(shape) : strip(shape[0])}
    </svg>
  );
}

function sheets([channels, height, width]: readonly number[]) {
  const shown = Math.min(SHEETS, channels);
  const scale = (WIDE - 4 * SHEETS) / SIDE;
  const [w, h] = [Math.max(2, width * scale), Math.max(2, height * scale)];
  const left = (WIDE - w - 4 * (shown - 1)) / 2;
  const top = (WIDE - h - 4 * (shown - 1)) / 2;
  return Array.from({ length: shown }, (_, i) => <rect key={i} x={left + 4 * (shown - 1 - i)} y={top + 4 * i} width={w} height={h} />);
}

function strip(features: number) {
  // 10 numbers or 12544: by the logarithm.
  const height = Math.min(WIDE - 4, 10 + 13 * Math.log10(Math.max(1, features)));
  return <rect x={WIDE / 2 - 4} y={(WIDE - height) / 2} width={8} height={height} />;
}
