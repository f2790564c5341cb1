import type { FleetLimit } from './fleet-limit.ts';
import type { StartRamp } from './start-ramp.ts';

/** Until the fleet's next second has begun. */
const FLEET_RETRY_MS = 250;

/** Who may connect now: the worker's own ramp, and then the limit of the fleet. */
export interface StartGate {
  /** The right to start `granted` of `wanted` sessions now, and in how many milliseconds to ask for the rest. */
  enter(wanted: number): Promise<{ granted: number; retryInMs: number }>;
}

export function createStartGate(ramp: StartRamp, fleet: FleetLimit, random = Math.random): StartGate {
  return {
    async enter(wanted) {
      const own = ramp.takeUpTo(wanted);
      if (own === 0) return { granted: 0, retryInMs: ramp.retryInMs() };
      const granted = await fleet(own);
      if (granted === own) return { granted, retryInMs: ramp.retryInMs() };
      ramp.giveBack(own - granted);
      return { granted, retryInMs: FLEET_RETRY_MS * (1 + random()) };
    },
  };
}
