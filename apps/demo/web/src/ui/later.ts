import { keep } from './keeping.js';
import { keepOffline } from './offline.js';

/** What can wait until the training has begun. */
export function startLater(): void {
  keep();
  void keepOffline();
}
