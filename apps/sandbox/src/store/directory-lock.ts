import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The start time of a process on Linux, so that a recycled pid does not count as the holder. Elsewhere unknown. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Locks the directory, because two sandboxes that append to one journal would destroy it. The lock is a file with the
 * pid of its holder. A lock left by `kill -9` is taken over, because its pid is dead or began at another time.
 *
 * @returns the function that releases the lock
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'sandbox.lock');
  let holder: { pid: number; start: string } | null = null;
  try {
    holder = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; start: string };
  } catch {
    // no lock, or a truncated one: free
  }
  if (holder && holder.pid !== process.pid && isAlive(holder.pid) && startOf(holder.pid) === holder.start) {
    throw new Error(`The data directory ${directory} is in use by another sandbox (process ${holder.pid}).`);
  }
  writeFileSync(path, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }), { mode: 0o600 });
  return () => {
    try {
      unlinkSync(path);
    } catch {
      // already gone
    }
  };
}
