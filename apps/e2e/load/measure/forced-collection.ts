import { waitFor } from '@wa-gate/testkit';
import type { ManagedProcess } from '../../harness/managed-process.ts';

const COLLECTED = '"msg":"collected"';

/** Flags of a process whose memory is to be read without garbage; its signals are then for {@link forceCollection}. */
export const COLLECTABLE = ['--expose-gc', '--import', new URL('../preload/gc-on-signal.js', import.meta.url).href];

/** Forces a collection in a process with the flags {@link COLLECTABLE}. Returns what is in use after it, in bytes. */
export async function forceCollection(of: ManagedProcess): Promise<{ heapUsed: number; external: number }> {
  const count = (output: string): number => output.split(COLLECTED).length;
  const before = count(await of.log.everything());
  process.kill(of.pid, 'SIGWINCH');
  const lines = await waitFor(async () => {
    const output = await of.log.everything();
    return count(output) > before && output.split('\n').filter((line) => line.includes(COLLECTED));
  });
  return JSON.parse(lines.at(-1)!) as { heapUsed: number; external: number };
}
