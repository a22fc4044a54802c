import { effect, signal } from '@preact/signals';
import { classNames, SIDE } from '../model/layers.js';
import type { LabelledPicture } from '../model/protocol.js';
import { Pixels } from './pixels.js';
import { latest, picture } from './store.js';
import { trainer } from './workers.js';

/** The pixels of the picture that is looked at, once they are there. */
export const picked = signal<LabelledPicture | null>(null);

let begun = false;

function follow(): void {
  if (begun) return;
  begun = true;
  effect(() => {
    const wanted = picture.value;
    trainer()
      .picture(wanted)
      .then(
        (found) => {
          if (picture.peek() === wanted) picked.value = found;
        },
        () => {},
      );
  });
}

export function PickedPicture() {
  if (latest.value) follow();
  const found = picked.value;
  if (!found) return <p class="wait">On its way.</p>;
  const name = found.label === null ? 'your own picture' : classNames[found.label];
  return (
    <figure class="picked">
      <Pixels data={found.pixels} width={SIDE} height={SIDE} label={`The picture: ${name}`} />
      <figcaption>{found.label === null ? 'Your own' : `It is: ${name}`}</figcaption>
    </figure>
  );
}
