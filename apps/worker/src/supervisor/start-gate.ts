import type { FleetLimit } from './fleet-limit.ts';
import type { StartRamp } from './start-ramp.ts';

/** Milliseconds until the limit of the fleet is tried again. */
const FLEET_RETRY_MS = 250;

/** Grants starts by the ramp of the worker and the limit of the fleet. */
export interface StartGate {
  /** Resolves with how many of `wanted` sessions may start now, and in how many milliseconds to ask again. */
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
