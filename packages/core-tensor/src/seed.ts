import { abi } from './abi.js';
import type { Generator } from './random/generator.js';
import type { GeneratorState } from './random/state.js';

/** Seeds the global generator: `rand`, initialisation, dropout and shuffling then repeat PyTorch's. Source: torch.manual_seed. */
export function manualSeed(seed: number | bigint): Generator {
  return abi.generator.manualSeed(seed);
}

/** The global generator. Source: torch.default_generator. */
export function defaultGenerator(): Generator {
  return abi.generator;
}

/** The whole state of the global generator. Source: torch.get_rng_state. */
export function getRngState(): GeneratorState {
  return abi.generator.getState();
}

/** Goes back to a state. Errors: `FormatError` for anything else. Source: torch.set_rng_state. */
export function setRngState(state: GeneratorState): void {
  abi.generator.setState(state);
}

/** With `debug(true)` a non-finite value is reported at the next read. */
export function debug(on: boolean): void {
  abi.debug = on;
}
