import type { ConnectionHealth } from '@wa-gate/contracts';
import type { Clock } from '@wa-gate/kit';
import type { Pulse } from '../whatsapp/liveness.ts';
import type { ActorState } from './transition.ts';

export interface HealthSigns {
  state: ActorState;
  pulse: Pulse | undefined;
  recycles: number;
  clock: Clock;
}

/** The health of a connection, with wall-clock times. */
export function measureHealth({ state, pulse, recycles, clock }: HealthSigns): ConnectionHealth {
  const now = clock.monotonic();
  const wall = (at: number | undefined): string | null =>
    at === undefined ? null : new Date(clock.now() - (now - at)).toISOString();
  const age = pulse?.lastFrameAt === undefined ? null : Math.round(now - pulse.lastFrameAt);
  return {
    connectedSince: state.name === 'connected' ? wall(state.since) : null,
    lastFrameAt: wall(pulse?.lastFrameAt),
    lastFrameAgeMs: age,
    keepAliveMs: pulse?.roundTripMs === undefined ? null : Math.round(pulse.roundTripMs),
    lastProbeAt: wall(pulse?.lastAnswerAt),
    recycles,
  };
}
