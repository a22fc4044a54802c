import { type Backend, backends, ready, registerBackend, type Unavailable, unavailableBackends, webgl } from 'konv';

/** Backends that are loaded only when they are asked for by name. */
const onDemand: Readonly<Record<string, () => Promise<Backend | Unavailable>>> = {
  'tfjs-wasm': async () => (await import('@konv/tfjs/backend')).tfjs('wasm'),
  webgl,
};

/**
 * Makes a backend ready: the named one, or without a name the fastest here. Returns what there is to say of it: its name,
 * and why it is not the one that was asked for. Errors: `BackendError` for a name that nobody knows.
 */
export async function chooseBackend(wanted: string | null): Promise<string> {
  if (wanted === null) return ready();
  if (Object.hasOwn(onDemand, wanted) && !backends().includes(wanted)) registerBackend(await onDemand[wanted]());
  const got = await ready({ prefer: wanted });
  return got === wanted ? got : `${got} ("${wanted}" does not run here: ${unavailableBackends()[wanted]})`;
}
