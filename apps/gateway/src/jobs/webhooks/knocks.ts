import type { Clock } from '@wa-gate/kit';
import type { HeldWebhook } from './held-webhook.ts';
import type { Holds } from './holds.ts';

export interface KnocksDependencies {
  clock: Clock;
  holds: Holds;
  everyMs: number;
  /** What a stop waits for. */
  during: (work: Promise<void>) => void;
  /** The endpoint of this webhook has a connection again. */
  onHeard: (held: HeldWebhook) => void;
}

/** Looks whether endpoints that had no connection have one again, long before their next probes. */
export interface Knocks {
  start(): void;
  stop(): void;
}

/** Endpoints that are knocked at together, at most. */
const MAX_KNOCKS = 100;

export function createKnocks({ clock, holds, everyMs, during, onHeard }: KnocksDependencies): Knocks {
  let timer: NodeJS.Timeout | undefined;
  /** The endpoint that was knocked at last. */
  let last: string | undefined;

  function knock(): void {
    const names = holds.endpoints();
    const from = last === undefined ? 0 : names.indexOf(last) + 1;
    const now = clock.monotonic();
    let count = 0;
    for (const name of [...names.slice(from), ...names.slice(0, from)]) {
      const [held] = holds.ofEndpoint(name);
      if (!held?.channel.knock || !held.breaker.wantsKnock || held.breaker.probeAt - now < everyMs) continue;
      if (count === MAX_KNOCKS) break;
      count += 1;
      last = name;
      const { breaker } = held;
      const answered = held.channel.knock().then((isThere) => {
        if (!isThere || !breaker.wantsKnock) return;
        breaker.onKnockHeard(clock.monotonic());
        for (const its of holds.ofEndpoint(name)) onHeard(its);
      });
      during(answered);
    }
  }

  return {
    start() {
      timer = setInterval(knock, everyMs).unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
}
