import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICK_MS = 1_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface Stat {
  parent: number;
  /** User and system time of the process itself. */
  ownMs: number;
  /** The same of its children that have ended and were waited for. */
  endedMs: number;
}

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; what follows it has fixed places: state is field 3.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ms = (index: number) => Number(fields[index]) * TICK_MS;
    return { parent: Number(fields[1]), ownMs: ms(11) + ms(12), endedMs: ms(13) + ms(14) };
  } catch {
    return undefined; // it has ended
  }
}

/** CPU time that a process and everything below it have used: PostgreSQL works in one process per connection. */
function cpuOfTree(root: number): number {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat) stats.set(pid, stat);
  }
  const belongs = (pid: number): boolean => {
    if (pid === root) return true;
    const parent = stats.get(pid)?.parent;
    return parent !== undefined && parent > 1 && belongs(parent);
  };
  let total = 0;
  for (const [pid, { ownMs, endedMs }] of stats) if (belongs(pid)) total += ownMs + endedMs;
  return total;
}

export interface WatchedProcess {
  name: string;
  pid: number;
  /** Without what it has started: for the measuring process, which has started everything. @default false */
  alone?: boolean;
}

/** CPU time of each process between two moments, in milliseconds. */
export function watchCpu(processes: readonly WatchedProcess[]): () => Record<string, number> {
  const read = ({ pid, alone }: WatchedProcess) => (alone ? (readStat(pid)?.ownMs ?? 0) : cpuOfTree(pid));
  const before = processes.map(read);
  return () =>
    Object.fromEntries(processes.map((process, index) => [process.name, read(process) - before[index]!] as const));
}

/** CPU time of one process so far, without what it has started; `undefined`: it has ended. In milliseconds. */
export const ownCpu = (pid: number): number | undefined => readStat(pid)?.ownMs;

/** Resident memory of one process, in bytes. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!match) throw new Error(`/proc/${pid}/status has no VmRSS`);
  return Number(match[1]) * 1_024;
}

/** Memory of one process, shared pages divided among those that share them, in bytes. */
export function proportionalBytes(pid: number): number {
  const match = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  if (!match) throw new Error(`/proc/${pid}/smaps_rollup has no Pss`);
  return Number(match[1]) * 1_024;
}

/** The processes that this one has started and that still run. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((candidate) => Number.isInteger(candidate) && readStat(candidate)?.parent === pid);
}
