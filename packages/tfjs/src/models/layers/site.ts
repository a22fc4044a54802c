import type { Config } from '../config.js';
import type { Site, Value } from '../plan.js';
import type { FactoryOptions } from '@konv/layers';

/** Plans one call of a layer of one class: checks its config, names its modules and weights, and says what comes out. */
export type Planner = (config: Config, inputs: readonly Value[], at: Site, make: MakeOptions) => Value;

/** How parameters are made: their values are read from the file, so nothing is drawn from the global generator. */
export interface MakeOptions extends FactoryOptions {}

/** The planners of one family of layers, by class name. */
export type Planners = Readonly<Record<string, Planner>>;
