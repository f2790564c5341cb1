import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxClient } from '../../harness/sandbox-client.ts';

/** Who writes to whom. */
export interface Line {
  from: string;
  to: string;
}

export interface Written {
  /** Messages that arrived within the time. */
  count: number;
  /** Messages that were written, all of which have arrived. */
  written: number;
}

/** Messages that one line may be ahead of what has arrived: as fast as possible, and not into a backlog without end. */
const WINDOW = 20;
const TEXT = 'A message of ordinary length, as people write them.';

/**
 * Lets every phone write as fast as what it wrote arrives, for so long.
 *
 * @param arrived how many messages of a line have arrived where they count
 */
export async function writeFor(
  seconds: number,
  lines: readonly Line[],
  sandbox: SandboxClient,
  arrived: (line: number) => number,
): Promise<Written> {
  const total = () => lines.reduce((sum, _, line) => sum + arrived(line), 0);
  const base = lines.map((_, line) => arrived(line));
  const before = total();
  const begun = performance.now();
  const end = begun + seconds * 1_000;
  const written = lines.map(() => 0);
  let within = 0;
  // Lines that wait share one timer: the machine's time is for what is measured.
  let moment: Promise<void> | undefined;
  const aMoment = () =>
    (moment ??= sleep(1).then(() => {
      moment = undefined;
    }));
  const timer = setTimeout(() => {
    within = total() - before;
  }, seconds * 1_000);

  await Promise.all(
    lines.map(async ({ from, to }, line) => {
      while (performance.now() < end) {
        if (written[line]! - (arrived(line) - base[line]!) >= WINDOW) {
          await aMoment();
          continue;
        }
        written[line]!++;
        await sandbox.sendText(from, to, TEXT);
      }
    }),
  );
  clearTimeout(timer);
  const count = within || total() - before;
  await untilArrived(() => lines.every((_, line) => arrived(line) - base[line]! >= written[line]!));
  return { count, written: written.reduce((sum, one) => sum + one, 0) };
}

/** Everything that was written has to arrive, or the rate means nothing. */
async function untilArrived(isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!isDone()) {
    if (performance.now() > deadline) throw new Error('Messages did not arrive within a minute of the run');
    await sleep(20);
  }
}
