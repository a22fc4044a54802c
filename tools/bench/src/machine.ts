import { cpus, loadavg, totalmem } from 'node:os';

/** Where figures come from. */
export function machine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
  };
}

/** Processes that want to run, over the cores that there are. Other programs' work would be in our figures. */
export const busy = (): number => loadavg()[0] / cpus().length;

export function sayBusy(share: number, say: (line: string) => void): void {
  if (share > 0.5) say(`NOTE: other programs keep ${Math.round(share * 100)} % of the cores busy: these figures will not be firm`);
}
