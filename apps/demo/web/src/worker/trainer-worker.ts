import { expose } from 'comlink';
import type { TrainerApi, Update } from '../model/protocol.js';
import { plainError, Session } from './session.js';
import { pictureOf } from './look.js';
import { serializeSafetensors } from '@konv/formats';
import { prepare } from './training.js';

let session: Session | null = null;

function now(): Session {
  if (session === null) throw new Error('The training has not begun yet.');
  return session;
}

/** Parts that are wanted only when a visitor asks. */
const explain = () => import('./explain.js');

const api: TrainerApi = {
  async start(settings, saved, tell) {
    session?.end();
    session = new Session(settings, tell as (update: Update) => void);
    try {
      await session.begin(saved);
    } catch (e) {
      throw plainError(e);
    }
  },
  pause: () => now().run(() => now().setPhase('paused')),
  resume: () => now().run(() => now().setPhase('running')),
  step: () => now().run(() => now().oneStep()),
  stop: () => now().run(() => now().setPhase('stopped')),
  restart: () => now().run(() => now().restart()),
  async change(settings) {
    const prepared = await prepare(settings).catch((e: unknown) => {
      throw plainError(e);
    });
    return now().run(() => now().change(prepared));
  },
  look: (picture) => now().run(() => now().look(picture)),
  picture: (picture) => pictureOf(picture),
  unit: (unit, picture) => now().run(async () => (await explain()).explainUnit(now(), unit, picture)),
  maps: (picture) => now().run(async () => (await explain()).mapsOf(now(), picture)),
  evaluate: () => now().run(async () => (await import('./evaluation.js')).evaluate(now())),
  agreement: () => now().run(async () => (await import('./agreement.js')).agreement(now())),
  show: (step) => now().run(() => now().show(step)),
  rewind: () => now().run(() => now().rewind()),
  weights: () => now().run(async () => serializeSafetensors(await now().training.weights(), { format: 'pt' })),
  loadWeights: (bytes) => now().run(() => now().loadWeights(bytes)),
  save: () => now().run(() => now().save()),
};

expose(api);
