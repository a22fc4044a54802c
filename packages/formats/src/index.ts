export type { Entries, HostEntry } from './entries.js';
export type { StoredDType } from './safetensors/dtypes.js';
export type { Metadata } from './safetensors/header.js';
export { loadSafetensors } from './safetensors/load.js';
export { parseSafetensors, type SafetensorsEntry, type SafetensorsFile } from './safetensors/parse.js';
export { saveSafetensors, type SaveOptions, writeSafetensors } from './safetensors/save.js';
export { serializeSafetensors } from './safetensors/serialize.js';
export type { Source } from './source.js';
export { writeAtomically } from './write-atomically.js';
