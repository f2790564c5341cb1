import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** A program ends by itself after so many milliseconds, whatever becomes of this one. */
const LONGEST_MS = 1_800_000;

/** Works for a share of each period and sleeps for the rest. */
const PROGRAM = `const [share, longest] = process.argv.slice(1).map(Number);
const PERIOD_MS = 20;
const wait = new Int32Array(new SharedArrayBuffer(4));
for (const end = Date.now() + longest; Date.now() < end; ) {
  const begun = performance.now();
  while (performance.now() - begun < PERIOD_MS * share);
  Atomics.wait(wait, 0, 0, PERIOD_MS * (1 - share));
}`;

/** Programs, one for each core, that want this share of it. */
export class BusyCores {
  private readonly children: ChildProcess[];

  /** @param percent of a core that each of the programs uses when nobody else wants it */
  constructor(percent: number) {
    const args = ['-e', PROGRAM, String(percent / 100), String(LONGEST_MS)];
    this.children = Array.from({ length: percent > 0 ? availableParallelism() : 0 }, () =>
      spawn(process.execPath, args, { stdio: 'ignore' }),
    );
  }

  async end(): Promise<void> {
    const running = this.children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(ended);
  }
}
