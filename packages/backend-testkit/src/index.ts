export { type DeferringCounts, deferringBackend } from './backends/deferring-backend.js';
export { nullBackend } from './backends/null-backend.js';
export { poisoned } from './backends/poisoned.js';
export { strangerBackend } from './backends/stranger-backend.js';
export { withoutOptional } from './backends/without-optional.js';
export { conformance, type ConformanceOptions } from './conformance.js';
export { type Deviation, deviations } from './deviations.js';
export { ConformanceError } from './harness/assert.js';
export type { Skip, TestBody, TestFramework } from './harness/suite.js';
export {
  type FloatDType,
  promises,
  type Stage,
  type Tolerance,
  type ToleranceOverrides,
  tolerances,
  type ToleranceTable,
} from './tolerances.js';
export { opFixtures } from './fixtures/all.js';
export { layerName, type LayerDescription, type ModuleFixtureCase, type ModuleFixtureFile } from './fixtures/module-types.js';
export { moduleFixtures } from './fixtures/modules/all.js';
export type { FixtureCase, FixtureFile, FixtureTensor } from './fixtures/types.js';
