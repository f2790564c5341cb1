import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@wa-gate/testkit';
import type { ManagedProcess } from '../../harness/managed-process.ts';
import { AcceptedSends } from './accepted-sends.ts';
import { BusyCores } from './busy-cores.ts';
import type { Sample, Stage } from './stage.ts';
import { gapsAfter, loginsAfter, type PlacementRow, placements, untilAllConnected } from './watch.ts';

const CONNECT_MS = 120_000;
const PAUSE_MS = 30_000;
/** Sends and busy programs are in full swing after this time. */
const BEFORE_MS = 1_000;
const AFTER_MS = 1_000;
const { max, min } = Math;

const idOf = ({ spec }: ManagedProcess): string => spec.env.WORKER_ID!;

/** Moves all sessions to one worker, which has the only room. The others are empty and ready afterwards. */
export async function gatherOn({ fleet, subjects }: Stage, name: string): Promise<PlacementRow[]> {
  const { system } = fleet;
  const target = system.process(name);
  const others = system.workers.filter((worker) => worker !== target);
  const { pool } = system.services;
  const rows = await placements(pool);
  if (rows.some(({ workerId }) => workerId !== idOf(target))) {
    // The sessions of a worker that ends go to the one that has room.
    for (const other of others) {
      await pool.query(`UPDATE workers SET admin_state = 'CORDONED' WHERE id = ANY($1)`, [others.map(idOf)]);
      await fleet.end(other.name, 'SIGKILL');
      await untilAllConnected(system, subjects.all.length, CONNECT_MS);
      await fleet.start(other.name);
    }
  }
  await pool.query(`UPDATE workers SET admin_state = 'ACTIVE'`);
  await untilAllConnected(system, subjects.all.length, CONNECT_MS);
  return (await placements(pool)).filter(({ workerId }) => workerId === idOf(target));
}

export interface Beside {
  /** Percent of each core that other programs want. 0: none do. */
  busyPercent: number;
  /** Sends per second over all sessions, accepted from a second before until a second after. 0: none are sent. */
  sendRate: number;
}

/** Kill: first placement change, first and last login of another incarnation; what accepted sends waited. */
export async function killCase(stage: Stage, name: string, { busyPercent, sendRate }: Beside): Promise<Sample> {
  const { fleet, subjects } = stage;
  const moved = await gatherOn(stage, name);
  const busy = new BusyCores(busyPercent);
  const sends = sendRate > 0 ? new AcceptedSends(stage, sendRate) : null;
  try {
    if (busyPercent > 0 || sends) await sleep(BEFORE_MS);
    const sample = await killed(stage, name, moved);
    if (!sends) return sample;
    await sleep(AFTER_MS);
    return { ...sample, ...(await sends.end()) };
  } finally {
    sends?.abort();
    await busy.end();
    await fleet.start(name);
    await untilAllConnected(fleet.system, subjects.all.length, CONNECT_MS);
  }
}

async function killed(stage: Stage, name: string, moved: PlacementRow[]): Promise<Sample> {
  const { fleet, subjects } = stage;
  const at = Date.now();
  await fleet.end(name, 'SIGKILL');
  // Right after the kill all sessions still look connected.
  const changes = await waitFor(() => changesAfter(stage, moved, at), { timeoutMs: CONNECT_MS, what: 'the takeover' });
  await untilAllConnected(fleet.system, subjects.all.length, CONNECT_MS);
  const logins = [...(await loginsAfter(fleet.system, at)).values()].map((login) => login - at);
  return {
    sessions: moved.length,
    'first placement': min(...changes),
    'last placement': max(...changes),
    'first login': min(...logins),
    'last login': max(...logins),
  };
}

/** Milliseconds from `at` to the placement change of each session; `false` while some have not changed. */
async function changesAfter({ fleet }: Stage, moved: PlacementRow[], at: number): Promise<number[] | false> {
  const after = new Map((await placements(fleet.system.services.pool)).map((row) => [row.slug, row]));
  const changes = moved.map(({ slug }) => after.get(slug)!.changedAt - at);
  return changes.every((change) => change >= 0) && changes;
}

/** SIGTERM: the milliseconds without a connection of each session, and of the whole end. */
export async function endCase(stage: Stage, name: string, graceMs: number): Promise<Sample> {
  const { fleet, subjects } = stage;
  const moved = await gatherOn(stage, name);
  const at = Date.now();
  await fleet.end(name, 'SIGTERM', graceMs);
  const ended = Date.now();
  await untilAllConnected(fleet.system, subjects.all.length, CONNECT_MS);
  const gaps = [...(await gapsAfter(fleet.system, at)).values()].sort((a, b) => a - b);
  const logins = [...(await loginsAfter(fleet.system, at)).values()];
  await fleet.start(name);
  return {
    sessions: moved.length,
    'gap median': gaps[Math.floor(gaps.length / 2)] ?? Number.NaN,
    'gap p95': gaps[Math.floor(gaps.length * 0.95)] ?? Number.NaN,
    'gap max': gaps.at(-1) ?? Number.NaN,
    'process gone': ended - at,
    'last login': max(...logins) - at,
  };
}

/** SIGSTOP beyond the lease: takeover by time, and the sends of the old process after SIGCONT. */
export async function pauseCase(stage: Stage, name: string): Promise<Sample> {
  const { fleet, subjects } = stage;
  const { system } = fleet;
  const moved = await gatherOn(stage, name);
  const { pid } = system.process(name);
  const before = (await system.sandbox.summary()).overlaps.olderSent;
  const at = Date.now();
  process.kill(pid, 'SIGSTOP');
  let logins: Map<string, number>;
  let changes: number[];
  try {
    await untilAllConnectedElsewhere(stage, name, at);
    const after = new Map((await placements(system.services.pool)).map((row) => [row.slug, row]));
    changes = moved.map(({ slug }) => after.get(slug)!.changedAt - at);
    logins = await loginsAfter(system, at);
    await sleep(max(0, PAUSE_MS - (Date.now() - at)));
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await untilAllConnected(system, subjects.all.length, CONNECT_MS);
  await system.process(name).waitUntilReady();
  return {
    sessions: moved.length,
    'first placement': min(...changes),
    'last login': max(...[...logins.values()].map((login) => login - at)),
    'streams on which the zombie sent (count)': (await system.sandbox.summary()).overlaps.olderSent - before,
  };
}

async function untilAllConnectedElsewhere({ fleet, subjects }: Stage, name: string, at: number): Promise<void> {
  const deadline = Date.now() + CONNECT_MS;
  const id = idOf(fleet.system.process(name));
  for (;;) {
    const rows = await placements(fleet.system.services.pool);
    const logins = await loginsAfter(fleet.system, at);
    const isDone =
      rows.every(({ workerId }) => workerId !== id) && subjects.all.every(({ device }) => logins.has(device));
    if (isDone) return;
    if (Date.now() > deadline) throw new Error('The sessions of the paused worker did not move');
    await sleep(200);
  }
}

/** Kills every worker and gateway at the same moment and starts them again. */
export async function wholeFleetCase({ fleet, subjects }: Stage): Promise<Sample> {
  const { system } = fleet;
  const names = [...system.gateways, ...system.workers].map(({ name }) => name);
  await untilAllConnected(system, subjects.all.length, CONNECT_MS);
  const at = Date.now();
  await Promise.all(names.map((name) => fleet.end(name, 'SIGKILL')));
  await Promise.all(system.gateways.map(({ name }) => fleet.start(name)));
  await Promise.all(system.workers.map(({ name }) => fleet.start(name)));
  const ready = Date.now();
  await untilAllConnected(system, subjects.all.length, CONNECT_MS);
  const logins = [...(await loginsAfter(system, at)).values()].map((login) => login - at);
  return {
    sessions: subjects.all.length,
    'processes ready': ready - at,
    'first login': min(...logins),
    'last login': max(...logins),
  };
}
