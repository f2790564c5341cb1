import type { ChildProcess } from 'node:child_process';

/**
 * Kills the children of this process at its end: at its exit, at a signal, and when the test runner that forked it is
 * gone (the IPC channel closes). They are killed by pid, never by name.
 */
const children = new Set<ChildProcess>();
let installed = false;

export function guardOrphan(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
  if (installed) return;
  installed = true;
  process.once('exit', killAll);
  process.once('disconnect', killAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killAll();
      process.exit(1);
    });
  }
}

function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}
