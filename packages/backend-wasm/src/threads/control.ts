/**
 * The control words of a pool, in the upper half of the heap's control area: int32 words (indices into an Int32Array over
 * the memory) and the description of the job (indices into a Float64Array). Words that one thread writes while others poll
 * them lie 128 bytes apart: two cache lines, since processors fetch them in pairs.
 *
 * The worker's code imports nothing, so it is sent this object.
 */
export interface Control {
  /** Number of the last job; incremented when one is opened. Idle workers wait for it to change. */
  readonly job: number;
  /** `OPEN` while work may be claimed, plus the number of workers inside. */
  readonly state: number;
  /** The next chunk to be claimed. */
  readonly next: number;
  /** Workers that sleep, or are about to, and need a notify. */
  readonly parked: number;
  /** 1 while the caller sleeps until `state` changes. */
  readonly waiting: number;
  /** 1: workers return from their loop. */
  readonly stop: number;
  /** 1 + the number of the first thread whose kernel failed; then the length of the reason, and its UTF-16 units. */
  readonly failed: number;
  readonly reasonLength: number;
  readonly reason: number;
  readonly reasonMax: number;
  /** In float64: kernel, items, grain, scratch address of thread 0, bytes between two scratch regions, count of arguments, arguments. */
  readonly description: number;
  readonly argumentsMax: number;
  readonly open: number;
  /** What `next` is set to when the rest of a job is to be left undone. */
  readonly exhausted: number;
}

const FIRST_BYTE = 32768;
const LINE_PAIR = 128;
const word = (pair: number) => (FIRST_BYTE + pair * LINE_PAIR) / Int32Array.BYTES_PER_ELEMENT;

export const control: Control = {
  job: word(0),
  state: word(1),
  next: word(2),
  parked: word(3),
  waiting: word(4),
  stop: word(5),
  failed: word(6),
  reasonLength: word(6) + 1,
  reason: word(6) + 2,
  reasonMax: 200,
  description: (FIRST_BYTE + 20 * LINE_PAIR) / Float64Array.BYTES_PER_ELEMENT,
  argumentsMax: 64,
  open: 1 << 16,
  exhausted: 1 << 30,
};

/** The part of `state` that counts workers. */
export const INSIDE: number = control.open - 1;

/** Threads of one pool, the caller's included: more than this many share out no op of a convolutional network. */
export const MAX_THREADS = 64;
