import type { Ownership } from '@wa-gate/cluster';
import { notifyWorker } from '@wa-gate/messaging';
import { createDoorbells } from '../control/doorbells.ts';
import { createRoutes } from '../egress/routes.ts';
import { answerFromMemory } from '../live/session-operations.ts';
import { createWorkerMetrics, type WorkerMetrics } from '../metrics.ts';
import { SessionWatch } from '../session/session-watch.ts';
import { createFleetLimit } from '../supervisor/fleet-limit.ts';
import { createHandoverBatcher } from '../supervisor/handover-batcher.ts';
import { HostedSessions } from '../supervisor/hosted-sessions.ts';
import { createStartGate } from '../supervisor/start-gate.ts';
import { StartRamp } from '../supervisor/start-ramp.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { createKeyWriter } from '../whatsapp/key-writer.ts';
import { LIVENESS_TIMING } from '../whatsapp/liveness.ts';
import { createAnnouncer } from '../writers/announcer.ts';
import { createActors } from './actors.ts';
import type { SessionHostDependencies } from './session-host-dependencies.ts';
import { composeTraffic } from './traffic.ts';

const HANDOVER_BURST = 2;

/** The components that run sessions. */
export interface SessionHost {
  supervisor: Supervisor;
  metrics: WorkerMetrics;
  start(): void;
  /**
   * For a shutdown: hands sessions over to other workers, as far as they have room, within `graceMs`. The others keep
   * running.
   */
  leave(graceMs: number): Promise<void>;
  /**
   * Stops the sessions without a logout and flushes the queued writes. Messages in flight get `graceMs` to be
   * acknowledged.
   */
  stop(graceMs: number): Promise<void>;
}

/**
 * Builds in the order of dependencies: metrics, traffic, the watch over connections, the supervisor, the doorbells.
 */
export function createSessionHost(deps: SessionHostDependencies): SessionHost {
  const { workerId, pool, redis, subscriber, webhooks, network, masterKeys, clock, logger, timing, pace, control } =
    deps;
  const now = () => clock.monotonic();

  const sessions = new HostedSessions();
  const states = () => sessions.actors.map((actor) => actor.state.name);
  const metrics = createWorkerMetrics({ version: deps.version, states });
  const announce = createAnnouncer({ redis, webhooks, control });
  const keyWriter = createKeyWriter({
    pool,
    clock,
    onWritten: (milliseconds) => metrics.keyWriteSeconds.observe(milliseconds / 1000),
  });
  /** Fences the actor of exactly this epoch. */
  const onStale = ({ sessionId, epoch }: Ownership): void => {
    const actor = sessions.find(sessionId);
    if (actor?.owner.epoch === epoch) actor.fence();
  };
  const routes = createRoutes({ pool, network, masterKeys, settings: deps.egress });
  const { traffic, dispatcher, contacts, downloads, history, gaps, settings, flush } = composeTraffic(deps, {
    sessions,
    metrics,
    announce,
    onStale,
    routes,
  });

  const watch = new SessionWatch({
    db: pool,
    clock,
    logger,
    timing: deps.liveness ?? LIVENESS_TIMING,
    recyclesPerSweep: pace.perSecond,
    actors: () => sessions.actors,
    onStale,
    onRoundTrip: (milliseconds) => metrics.keepAliveSeconds.observe(milliseconds / 1000),
  });

  const ramp = new StartRamp({ ...pace, now });
  const supervisor: Supervisor = new Supervisor({
    pool,
    clock,
    logger,
    workerId,
    timing,
    sessions,
    handOver: createHandoverBatcher({ pool, timing, strategy: deps.strategy }),
    gate: createStartGate(ramp, createFleetLimit({ ...pace.fleet, redis, clock, logger })),
    ramp: new StartRamp({ perSecond: pace.handoversPerSecond, burst: HANDOVER_BURST, now }),
    steps: {
      settle: (owner, settleMs) => dispatcher.drain(owner, settleMs),
      flush: ({ sessionId }) => flush(sessionId),
    },
    onMoved: ({ workerId: newOwner }) => notifyWorker(redis, newOwner),
    createActor: createActors(deps, { metrics, announce, keyWriter, routes, traffic, liveness: watch.liveness, ramp }),
  });
  metrics.watchHost({ longestSilenceMs: () => watch.liveness.longestSilenceMs, counts: () => supervisor.counts });
  const onSessionDoorbell = (sessionId: string): void => {
    dispatcher.notify(sessionId);
    downloads.notify(sessionId);
  };
  const doorbells = createDoorbells({
    subscriber,
    workerId,
    onWorkerDoorbell: () => supervisor.convergeSoon(),
    onSessionDoorbell,
  });
  supervisor.onHosting(doorbells);

  return {
    supervisor,
    metrics,
    start() {
      doorbells.start();
      control.listen({
        onSessionDoorbell(sessionId) {
          onSessionDoorbell(sessionId);
          return sessions.has(sessionId);
        },
        onConverge: () => supervisor.convergeSoon(),
        sessionCount: () => sessions.count,
        onOffer: (message, decline) => dispatcher.offer(message, decline),
        onWithdraw: (message) => dispatcher.withdraw(message),
        onQuestion: (question) => answerFromMemory({ workerId, supervisor }, question),
      });
      dispatcher.start();
      contacts.start();
      settings.start();
      downloads.start();
      history.start();
      gaps.start();
      watch.start();
    },
    leave: (graceMs) => supervisor.leave(graceMs),
    async stop(graceMs) {
      watch.stop();
      contacts.stop();
      settings.stop();
      await Promise.all([dispatcher.stop(graceMs), downloads.stop(), history.stop(), gaps.stop()]);
      await supervisor.end();
      await flush();
      await keyWriter.idle();
    },
  };
}
