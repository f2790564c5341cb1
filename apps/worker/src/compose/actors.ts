import { SESSION_KEYS_BOX } from '@wa-gate/cluster';
import { createSecretBox } from '@wa-gate/kit';
import type { Routes } from '../egress/routes.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { SessionActor } from '../session/session-actor.ts';
import type { SessionTraffic } from '../session/session-traffic.ts';
import type { StartRamp } from '../supervisor/start-ramp.ts';
import type { SupervisorDependencies } from '../supervisor/supervisor.ts';
import type { KeyWriter } from '../whatsapp/key-writer.ts';
import type { Liveness } from '../whatsapp/liveness.ts';
import type { Announce } from '../writers/announcer.ts';
import type { SessionHostDependencies } from './session-host-dependencies.ts';

/** What all actors of a worker share. */
export interface ActorParts {
  metrics: WorkerMetrics;
  announce: Announce;
  keyWriter: KeyWriter;
  routes: Routes;
  traffic: SessionTraffic;
  liveness: Liveness;
  /** Reconnecting takes its turns with the starts. */
  ramp: StartRamp;
}

/** How the supervisor makes the actor of a placement. */
export function createActors(
  deps: Pick<SessionHostDependencies, 'pool' | 'clock' | 'logger' | 'masterKeys' | 'recordForm' | 'pace'>,
  { metrics, announce, keyWriter, routes, traffic, liveness, ramp }: ActorParts,
): SupervisorDependencies['createActor'] {
  const { pool, clock, logger, masterKeys, recordForm, pace } = deps;
  const box = createSecretBox(masterKeys, SESSION_KEYS_BOX);
  const reconnectTurn = (): number => {
    const turn = ramp.take();
    return turn.granted ? 0 : turn.retryInMs;
  };
  return ({ sessionId, epoch, reason }, { onFenced, stillOwned }) =>
    new SessionActor({
      owner: { sessionId, epoch },
      arrival: { reason },
      pool,
      clock,
      logger,
      box,
      recordForm,
      keyWriter,
      routes,
      traffic,
      retry: pace.retry,
      liveness,
      reconnectTurn,
      onStep: (step) => metrics.countStep(step),
      onRecycled: (why) => metrics.recycles.inc({ reason: why }),
      onAppended: announce,
      stillOwned,
      onFenced: (owner) => {
        metrics.fenceRefusals.inc();
        onFenced(owner);
      },
    });
}
