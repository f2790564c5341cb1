import type { LoadGauges } from '@wa-gate/cluster';
import type { Clock, Logger } from '@wa-gate/kit';
import type { HeldLease } from './held-lease.ts';
import { type ControlPlane, type Heartbeat, RefusedError } from './registration.ts';

export interface HeartbeatDependencies {
  clock: Clock;
  logger: Logger;
  controlPlane: Pick<ControlPlane, 'heartbeat' | 'rotateToken'>;
  workerId: string;
  /** The figures of a heartbeat besides the load. */
  counts: () => Pick<Heartbeat, 'sessionCount' | 'messageCount'>;
  /** The gateway has refused the token of this lease several times in a row: an administrator has revoked it. */
  onTokenRefused: (lease: HeldLease) => void;
}

const EVERY_MS = 30_000;
const ROTATE_EVERY_MS = 12 * 3_600_000;
/** Refusals in a row. Registering again costs every session its connection, so one refusal is not enough. */
const REFUSALS = 3;
const UNAUTHORIZED = 401;

/** The state that belongs to one lease. */
interface Course {
  lease: HeldLease;
  rotateAt: number;
  refusals: number;
}

/**
 * Sends figures for the dashboards to the gateway, and rotates the token of the worker. A heartbeat extends no lease; a
 * lost one costs a point in a chart.
 */
export function createHeartbeat(deps: HeartbeatDependencies): (lease: HeldLease, load: LoadGauges) => void {
  const { clock, logger, controlPlane, workerId, counts, onTokenRefused } = deps;
  let next = 0;
  let course: Course | undefined;

  async function rotate(present: Course): Promise<void> {
    if (clock.monotonic() < present.rotateAt) return;
    // If the answer is lost, the old token stays valid for minutes, and the next heartbeat sends it again.
    present.lease.token = await controlPlane.rotateToken(workerId, present.lease.token);
    present.rotateAt = clock.monotonic() + ROTATE_EVERY_MS;
    logger.debug('token rotated');
  }

  async function beat(present: Course, { cpuUsage, memoryUsage }: LoadGauges): Promise<void> {
    await rotate(present);
    const metrics = { ...counts(), cpuUsage, memoryUsage, uptime: Math.round(process.uptime()) };
    await controlPlane.heartbeat(workerId, present.lease.token, metrics);
    present.refusals = 0;
  }

  function failed(present: Course, error: unknown): void {
    logger.debug({ err: error }, 'heartbeat not delivered');
    if (!(error instanceof RefusedError && error.status === UNAUTHORIZED)) return;
    present.refusals += 1;
    if (present.refusals === REFUSALS) onTokenRefused(present.lease);
  }

  return (lease, load) => {
    if (clock.monotonic() < next) return;
    next = clock.monotonic() + EVERY_MS;
    if (course?.lease !== lease) course = { lease, rotateAt: clock.monotonic() + ROTATE_EVERY_MS, refusals: 0 };
    const present = course;
    beat(present, load).catch((error: unknown) => failed(present, error));
  };
}
