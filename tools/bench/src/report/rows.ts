import type { Timing } from '../timing.js';

/** Another's figure beside ours, measured in turns with it. */
export interface PeerFigure {
  name: string;
  ms: Timing | null;
  gflops: number | null;
  /** Its time over ours: above 1 we are faster. */
  ratio: number | null;
  /** Why there is no figure. */
  failed?: string;
  note?: string;
}

/** The register-only loop, measured in turns with the row. */
export interface LimitFigure {
  name: string;
  gflops: number;
  /** Our GFLOP/s over the loop's; null where the row counts no arithmetic. */
  reached: number | null;
}

/** One line of a result table. */
export interface Row {
  suite: string;
  op: string;
  shape: string;
  backend: string;
  ms: Timing;
  gflops: number | null;
  /** The last one is the limit that counts here: fused where the engine has it. */
  limits: LimitFigure[];
  peers: PeerFigure[];
  note: string;
}

export const limitOf = (row: Row): LimitFigure | undefined => row.limits.at(-1);
export const peerOf = (row: Row, name: string): PeerFigure | undefined => row.peers.find((p) => p.name === name);
