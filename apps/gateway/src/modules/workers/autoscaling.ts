import { type ClusterTiming, type ScalingSignal, scalingSignal, surveyFleet } from '@wa-gate/cluster';
import type { Autoscaling } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';

/**
 * How many workers there should be, for whatever starts and ends them: an HPA or KEDA over the gauges, or a person.
 * Computed from the rows at each request, so that every gateway gives the same answer.
 */
export interface AutoscalingService {
  signals(): Promise<ScalingSignal[]>;
  describe(): Promise<Autoscaling>;
}

/** New workers are wanted soon; what ends hands its sessions over first, and each move costs a login. */
const HINTS: Autoscaling['hints'] = { scaleUpAfterSeconds: 30, scaleDownAfterSeconds: 300, workersPerStepDown: 1 };

const round = (value: number): number => Math.round(value * 1_000) / 1_000;

export function createAutoscaling({ db, timing }: { db: Queryable; timing: ClusterTiming }): AutoscalingService {
  const signals = async () => (await surveyFleet(db, timing)).map(scalingSignal);
  return {
    signals,
    describe: async () => ({ networks: (await signals()).map(present), hints: HINTS }),
  };
}

const present = (signal: ScalingSignal): Autoscaling['networks'][number] => ({
  network: signal.network === 'LIVE' ? 'live' : 'sandbox',
  workers: signal.workers,
  capacity: signal.capacity,
  sessions: signal.sessions,
  waitingSessions: signal.waiting,
  usage: round(signal.usage),
  avgCpuUsage: round(signal.avgCpuUsage),
  avgMemoryUsage: round(signal.avgMemoryUsage),
  desiredWorkers: signal.desired,
  advice: signal.advice,
  reasons: signal.reasons,
});
