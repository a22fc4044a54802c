import { type Remote, wrap } from 'comlink';
import type { LabApi, TrainerApi } from '../model/protocol.js';

// The name tells a worker where the page lies: its own file lies elsewhere.
let trainerApi: Remote<TrainerApi> | null = null;
let labApi: Remote<LabApi> | null = null;

/** The worker that trains. */
export function trainer(): Remote<TrainerApi> {
  trainerApi ??= wrap<TrainerApi>(
    new Worker(new URL('../worker/trainer-worker.ts', import.meta.url), { type: 'module', name: document.baseURI }),
  );
  return trainerApi;
}

/** A second worker, so that what a visitor tries out does not wait for the training. Made when it is first needed. */
export function lab(): Remote<LabApi> {
  labApi ??= wrap<LabApi>(new Worker(new URL('../worker/lab-worker.ts', import.meta.url), { type: 'module', name: document.baseURI }));
  return labApi;
}
