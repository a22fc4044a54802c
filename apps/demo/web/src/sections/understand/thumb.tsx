import { useEffect, useState } from 'preact/hooks';
import { SIDE } from '../../model/layers.js';
import { Pixels } from '../../ui/pixels.js';
import { look, picture } from '../../ui/store.js';
import { testPicture } from './state.js';

const blank = new Float32Array(SIDE * SIDE);

export interface ThumbProps {
  readonly index: number;
  /** What it is and what it was taken for. */
  readonly text: string;
  /** Written below the picture, too. */
  readonly caption?: boolean;
}

/** A test picture that is looked at everywhere when it is pressed. */
export function Thumb({ index, text, caption = false }: ThumbProps) {
  const [pixels, setPixels] = useState<Float32Array>(blank);
  useEffect(() => {
    let gone = false;
    testPicture(index).then(
      (found) => {
        if (!gone) setPixels(found.pixels);
      },
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [index]);
  const now = picture.value;
  const pressed = 'set' in now && now.set === 'test' && now.index === index;
  return (
    <button type="button" class="thumb" aria-pressed={pressed} data-index={index} onClick={() => look({ set: 'test', index })}>
      <Pixels data={pixels} width={SIDE} height={SIDE} label={`Test picture ${index}`} />
      <span class={caption ? 'thumb-text' : 'visually-hidden'}>{text}</span>
    </button>
  );
}
