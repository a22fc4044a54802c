// Loaded before everything else by the page that counts.
import { countCalls } from '../counting/count-calls.js';

globalThis.konvBenchCounts = countCalls(WebGL2RenderingContext.prototype);
