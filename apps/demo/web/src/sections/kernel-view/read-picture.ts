import type { Values } from '../../model/protocol.js';
import { fitted, greyOf } from './grey.js';
import { cameraProblem } from './problems.js';

/** A picture of a file, shrunk and grey. Errors: in words, where it is none. */
export async function pictureOfFile(file: File): Promise<Values> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`“${file.name}” is not a picture that this browser can read. Take a PNG, JPEG or WebP file. Nothing has been changed.`);
  });
  return pictureOf(bitmap, bitmap.width, bitmap.height);
}

/** What a camera shows now. */
export async function pictureOfVideo(video: HTMLVideoElement): Promise<Values> {
  if (video.videoWidth === 0) throw new Error('The camera shows nothing yet. Wait a moment and take the picture again.');
  return pictureOf(await createImageBitmap(video), video.videoWidth, video.videoHeight);
}

async function pictureOf(bitmap: ImageBitmap, width: number, height: number): Promise<Values> {
  const [w, h] = fitted(width, height);
  // Shrinking is left to the browser: a photograph would keep the page busy.
  const small = await createImageBitmap(bitmap, { resizeWidth: w, resizeHeight: h, resizeQuality: 'high' });
  bitmap.close();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('This browser gives no canvas to read pictures with. Choose one of the samples.');
  context.drawImage(small, 0, 0);
  small.close();
  return greyOf(context.getImageData(0, 0, w, h).data, w, h);
}

/** Opens the camera. Errors: in words, where there is none or it may not be used. */
export async function openCamera(): Promise<MediaStream> {
  // Without https the browser does not even offer it.
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  if (!devices?.getUserMedia)
    throw new Error('This browser offers no camera to this page (it needs https or localhost). Upload a picture instead.');
  try {
    return await devices.getUserMedia({ video: { width: 320, height: 240 } });
  } catch (e) {
    throw new Error(`${cameraProblem(e instanceof Error ? e.name : '')} You can upload a picture instead.`);
  }
}

export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
