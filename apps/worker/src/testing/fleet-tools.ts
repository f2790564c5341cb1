import { setWorkerAdminState } from '@wa-gate/cluster';
import { waitFor } from '@wa-gate/testkit';
import type { World } from './world.ts';

export interface Linked {
  sessionId: string;
  number: string;
}

interface Stream {
  device: string | null;
  kind: string;
  openedAt: number;
  closedAt: number | null;
}

/** Links at once: more would only wait for each other. */
const PAIRINGS_AT_ONCE = 6;

/** Short words for what tests of several workers do all the time. */
export function fleetTools(world: World) {
  const { pool } = world.database;
  const setOthers = async (workerId: string, state: 'ACTIVE' | 'CORDONED'): Promise<void> => {
    for (const other of world.workers)
      if (other.workerId !== workerId) await setWorkerAdminState(pool, other.workerId, state);
  };
  return {
    /** Linked and connected sessions, on one worker, or wherever they are placed. */
    async link(count: number, workerId?: string): Promise<Linked[]> {
      if (workerId) await setOthers(workerId, 'CORDONED');
      const linked: Linked[] = [];
      while (linked.length < count) {
        const batch = Math.min(PAIRINGS_AT_ONCE, count - linked.length);
        linked.push(...(await Promise.all(Array.from({ length: batch }, () => world.createPaired()))));
      }
      if (workerId) await setOthers(workerId, 'ACTIVE');
      return linked;
    },
    async placement(sessionId: string) {
      const { rows } = await pool.query<{ workerId: string | null; epoch: number; state: string; reason: string }>(
        `SELECT worker_id AS "workerId", epoch, state, reason FROM session_placements WHERE session_id = $1`,
        [sessionId],
      );
      return rows[0]!;
    },
    /** The one worker that hosts it, connected, is this one, if it is named. Resolves with its id. */
    hostedOnce: (sessionId: string, workerId?: string, timeoutMs = 20_000) =>
      waitFor(
        () => {
          const hosts = world.workers.filter(({ supervisor }) => supervisor?.find(sessionId));
          const [host] = hosts;
          const isConnected = host?.supervisor?.find(sessionId)?.state.name === 'connected';
          return hosts.length === 1 && isConnected && (!workerId || host.workerId === workerId) && host.workerId;
        },
        { timeoutMs, what: `${sessionId} at ${workerId ?? 'one worker'}` },
      ),
    /**
     * Milliseconds without a connection, for each change of connection of these phones since then, in the eyes of the
     * sandbox.
     */
    async gaps(numbers: readonly string[], since: number): Promise<number[]> {
      const { streams } = await world.sandbox.recorder<{ streams: Stream[] }>('logins?limit=1000');
      return numbers.flatMap((number) => {
        const logins = streams
          .filter(({ device, kind }) => kind === 'login' && device?.startsWith(`${number}:`))
          .toSorted((a, b) => a.openedAt - b.openedAt);
        return logins.slice(1).flatMap(({ openedAt }, index) => {
          const { closedAt } = logins[index]!;
          return openedAt >= since ? [openedAt - (closedAt ?? openedAt)] : [];
        });
      });
    },
    /** Open connections at the sandbox. */
    async openConnections(): Promise<number> {
      const { streams } = await world.sandbox.recorder<{ streams: Stream[] }>('logins?limit=1000');
      return streams.filter(({ closedAt }) => closedAt === null).length;
    },
  };
}

export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

/** CPU time that tells enough, however the machine shares itself out. */
const SAMPLE_MS = 100;

/** How many times as long as on a machine that does nothing else things take here at present; 1 or more. */
export function slowness(): number {
  const began = performance.now();
  const start = process.cpuUsage();
  const usedMs = (): number => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  };
  while (usedMs() < SAMPLE_MS);
  return Math.max(1, (performance.now() - began) / usedMs());
}
