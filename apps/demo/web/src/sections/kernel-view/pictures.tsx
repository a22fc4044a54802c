import { useEffect, useRef, useState } from 'preact/hooks';
import { edgeImage, transposed } from '../../model/edges.js';
import { type classNames, SIDE } from '../../model/layers.js';
import type { Values } from '../../model/protocol.js';
import { Drawing } from '../../ui/drawing.js';
import { trainer } from '../../ui/workers.js';
import { gradient } from './grey.js';
import { closeCamera, openCamera, pictureOfFile, pictureOfVideo } from './read-picture.js';

/** Test pictures of the data, by their indices. */
const samples = [0, 1, 2, 8, 9];
const sampleNames = ['boot', 'pullover', 'trouser', 'sandal', 'sneaker'] as const satisfies readonly (typeof classNames)[number][];

/** Where the picture comes from. `use` is only called with one that is whole. */
export function Pictures({ name, use }: { name: string; use: (name: string, picture: Values) => void }) {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const attempt = async (title: string, read: () => Promise<Values>): Promise<boolean> => {
    setBusy(true);
    try {
      use(title, await read());
      setProblem('');
      return true;
    } catch (e) {
      setProblem(e instanceof Error ? e.message : String(e));
      return false;
    } finally {
      setBusy(false);
    }
  };
  const choice = (title: string, read: () => Promise<Values>) => (
    <button key={title} type="button" aria-pressed={name === title} disabled={busy} onClick={() => void attempt(title, read)}>
      {title}
    </button>
  );
  return (
    <div class="card" data-fact="pictures">
      <h3>The picture</h3>
      <div class="row tight" role="group" aria-label="Pictures to look at">
        {choice('Edge image', async () => edgeImage())}
        {choice('Edge image, turned', async () => transposed(edgeImage()))}
        {choice('Gradient', async () => gradient())}
        {samples.map((index, i) =>
          choice(sampleNames[i], async () => ({ shape: [SIDE, SIDE], data: (await trainer().picture({ set: 'test', index })).pixels })),
        )}
      </div>
      <div class="row ends">
        <label>
          Your own file (it stays here)
          <input
            type="file"
            accept="image/*"
            data-fact="upload"
            onChange={(e) => {
              const file = e.currentTarget.files?.[0];
              e.currentTarget.value = '';
              if (file) void attempt('your file', () => pictureOfFile(file));
            }}
          />
        </label>
        <Camera attempt={(read) => attempt('camera picture', read)} refuse={setProblem} />
        <Drawing onDraw={(pixels) => use('drawing', { shape: [SIDE, SIDE], data: pixels })} />
      </div>
      <p class="error" role="status" data-fact="picture-problem">
        {problem}
      </p>
    </div>
  );
}

function Camera({ attempt, refuse }: { attempt: (read: () => Promise<Values>) => Promise<boolean>; refuse: (why: string) => void }) {
  const [stream, setStream] = useState<MediaStream | null>(null);
  const [asking, setAsking] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (!stream) return;
    if (video.current) video.current.srcObject = stream;
    return () => closeCamera(stream);
  }, [stream]);
  const open = async (): Promise<void> => {
    setAsking(true);
    try {
      setStream(await openCamera());
      refuse('');
    } catch (e) {
      refuse(e instanceof Error ? e.message : String(e));
    }
    setAsking(false);
  };
  if (!stream)
    return (
      <button type="button" disabled={asking} onClick={() => void open()}>
        {asking ? 'Asking for the camera' : 'Use the camera'}
      </button>
    );
  const take = async (): Promise<void> => {
    if (await attempt(() => pictureOfVideo(video.current as HTMLVideoElement))) setStream(null);
  };
  return (
    <div class="camera">
      {/* A live picture without sound: there is nothing to caption. */}
      <video ref={video} autoplay muted playsInline aria-label="What the camera shows" />
      <div class="row">
        <button type="button" class="strong" onClick={() => void take()}>
          Take the picture
        </button>
        <button type="button" onClick={() => setStream(null)}>
          Close the camera
        </button>
      </div>
    </div>
  );
}
