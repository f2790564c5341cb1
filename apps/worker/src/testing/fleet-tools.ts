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

/** Parallel pairings. More would wait for each other. */
const PAIRINGS_AT_ONCE = 6;

/** Steps that tests of several workers share. */
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
    /**
     * Resolves with the id of the only worker that hosts the session, connected; with `workerId`, only when it is that
     * one.
     */
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
     * Milliseconds without a connection, by the clock of the sandbox, for each reconnect of these phones after `since`.
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

/** CPU milliseconds of a sample. */
const SAMPLE_MS = 100;

/** The factor by which this machine is slower than an idle one at present; 1 or more. */
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
