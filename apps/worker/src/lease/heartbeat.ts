import type { LoadGauges } from '@wa-gate/cluster';
import type { Clock, Logger } from '@wa-gate/kit';
import type { HeldLease } from './held-lease.ts';
import type { ControlPlane, Heartbeat } from './registration.ts';

export interface HeartbeatDependencies {
  clock: Clock;
  logger: Logger;
  controlPlane: Pick<ControlPlane, 'heartbeat'>;
  workerId: string;
  /** What a heartbeat reports beside the load. */
  counts: () => Pick<Heartbeat, 'sessionCount' | 'messageCount'>;
}

const EVERY_MS = 30_000;

/** Figures for the dashboards, over the gateway. They extend no lease; a lost one costs a point in a chart. */
export function createHeartbeat(deps: HeartbeatDependencies): (lease: HeldLease, load: LoadGauges) => void {
  const { clock, logger, controlPlane, workerId, counts } = deps;
  let next = 0;
  return ({ token }, { cpuUsage, memoryUsage }) => {
    if (clock.monotonic() < next) return;
    next = clock.monotonic() + EVERY_MS;
    const metrics = { ...counts(), cpuUsage, memoryUsage, uptimeSeconds: Math.round(process.uptime()) };
    controlPlane
      .heartbeat(workerId, token, metrics)
      .catch((error: unknown) => logger.debug({ err: error }, 'heartbeat not delivered'));
  };
}
