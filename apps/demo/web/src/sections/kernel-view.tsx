import { computed, signal } from '@preact/signals';
import { edgeImage, edgeKernel, transposed } from '../model/edges.js';
import { number, outputSize, sizeText } from './kernel-view/arithmetic.js';
import { SlideKnobs } from './kernel-view/controls.js';
import './kernel-view.css';
import { Pictures } from './kernel-view/pictures.js';
import { SignalView } from './kernel-view/signal-view.js';
import { Sliding } from './kernel-view/sliding.js';
import { atRest, correlation } from './kernel-view/state.js';

const state = correlation(edgeImage(), edgeKernel, ['height', 'width']);
const pictureName = signal('Edge image');
const playing = signal(false);

/** What the kernel finds in this picture, in a sentence. */
const verdict = computed(() => {
  const output = state.result.value?.output;
  if (!output) return '';
  const most = output.data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const found = output.data.reduce((n, v) => n + (Math.abs(v) > 1e-6 ? 1 : 0), 0);
  if (found === 0) return `All ${output.data.length} numbers of the output are 0: this kernel sees nothing in this picture.`;
  return `${found} of ${output.data.length} numbers of the output are not 0; the strongest has the size ${number(most)}.`;
});

function turn(): void {
  state.image.value = transposed(state.image.value);
  const turned = ', turned';
  const name = pictureName.value;
  pictureName.value = name.endsWith(turned) ? name.slice(0, -turned.length) : name + turned;
}

/** A kernel that slides over pictures and signals, with the sum written out at every place. */
export function KernelView() {
  const { image, kernel, slide } = { image: state.image.value, kernel: state.kernel.value, slide: state.slide.value };
  return (
    <div class="kernel-view">
      <Sliding
        state={state}
        playing={playing}
        pictureName={pictureName.value}
        verdict={verdict.value}
        turnPicture={turn}
        startOver={() => {
          [state.image.value, state.kernel.value, state.slide.value, state.position.value] = [edgeImage(), edgeKernel, atRest, 0];
          pictureName.value = 'Edge image';
        }}
      />
      <Pictures
        name={pictureName.value}
        use={(name, picture) => {
          pictureName.value = name;
          state.image.value = picture;
        }}
      />
      <div class="card">
        <h3>Stride, padding, dilation</h3>
        <SlideKnobs slide={state.slide} of="the picture" />
        <p class="formula">⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1</p>
        <p class="formula" data-fact="height-formula">
          height: {sizeText(image.shape[0], kernel.shape[0], slide)}
        </p>
        <p class="formula" data-fact="width-formula">
          width: {sizeText(image.shape[1], kernel.shape[1], slide)}
        </p>
        <p class="hint">n: size of the picture, k: of the kernel, p: padding, s: stride, d: dilation. ⌊ ⌋ rounds down.</p>
        {outputSize(image.shape[0], kernel.shape[0], slide) < 1 || outputSize(image.shape[1], kernel.shape[1], slide) < 1 ? (
          <p class="error">{state.why.value}</p>
        ) : null}
      </div>
      <SignalView />
    </div>
  );
}
