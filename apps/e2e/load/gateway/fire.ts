import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { CannonJob, CannonResult } from './cannon.ts';

const CANNON = fileURLToPath(new URL('./cannon.js', import.meta.url));

/** Runs a job of the callers, pinned to one core. */
export async function fire(job: CannonJob, core: number): Promise<CannonResult> {
  const child = spawn('taskset', ['-c', String(core), process.execPath, CANNON], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const stopped = once(child, 'exit');
  child.stdin.end(JSON.stringify(job));
  const answer = await text(child.stdout);
  const [code] = (await stopped) as [number | null];
  if (code !== 0) throw new Error(`the callers ended with code ${code}`);
  return JSON.parse(answer) as CannonResult;
}
