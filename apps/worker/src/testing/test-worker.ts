import { type ClusterTiming, registerWorker } from '@wa-gate/cluster';
import { createPool, type Pool } from '@wa-gate/db';
import { type Logger, type Redis, systemClock } from '@wa-gate/kit';
import type { MediaStore, WorkFolder } from '@wa-gate/media';
import { createWebhookDoorbell } from '@wa-gate/messaging';
import { createFaultProxy, type FaultProxy, testRedisUrl, waitFor, workerRegistration } from '@wa-gate/testkit';
import { createSessionHost, type SessionHost } from '../compose/hosting.ts';
import { PACE } from '../compose/session-host-dependencies.ts';
import { type ControlPort, createControlPort } from '../control/control-stream.ts';
import type { EgressSettings } from '../egress/routes.ts';
import type { GapAuditPace } from '../history/gap-audit.ts';
import type { HistoryPace } from '../history/history-intake.ts';
import { LeaseKeeper } from '../lease/lease-keeper.ts';
import { createLeasePool, createLeaseStore } from '../lease/lease-store.ts';
import type { ControlPlane } from '../lease/registration.ts';
import type { DownloadPace } from '../media/downloads.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { LivenessTiming } from '../whatsapp/liveness.ts';
import type { WhatsAppNetwork } from '../whatsapp/network.ts';

export interface TestWorkerOptions {
  workerId: string;
  /** The gateway's connection to the database: no test cuts it. */
  pool: Pool;
  databaseUrl: string;
  redis: Redis;
  network: () => WhatsAppNetwork;
  masterKeys: Buffer[];
  media: MediaStore;
  workFolder: WorkFolder;
  downloadPace?: DownloadPace;
  historyPace?: HistoryPace;
  gapPace?: GapAuditPace;
  egress?: EgressSettings;
  timing: ClusterTiming;
  liveness: LivenessTiming;
  logger: Logger;
}

/** A worker in this process, as `main.ts` composes it but without the HTTP server. It can start again after an end. */
export interface TestWorker {
  readonly workerId: string;
  readonly host: SessionHost;
  readonly control: ControlPort;
  readonly lease: LeaseKeeper;
  /** `undefined` while it does not run. */
  readonly supervisor: Supervisor | undefined;
  /** The proxy before the database of this worker alone. */
  readonly databaseLine: FaultProxy;
  start(): Promise<void>;
  /** Shuts down in order. With `leaveMs` (milliseconds) its sessions are handed over first. */
  stop(options?: { leaveMs?: number }): Promise<void>;
  /** Ends it as `kill -9` does: the connections to the database are cut, and the lease expires. */
  kill(): Promise<void>;
  /** Stops it if it runs, and frees its ports and connections. */
  close(): Promise<void>;
}

const MESSAGE_KEY = Buffer.alloc(32, 7);
const NO_LOAD = { cpuUsage: 0, memoryUsage: 0, eventLoopDelayMs: 0 };

export async function createTestWorker(options: TestWorkerOptions): Promise<TestWorker> {
  const databaseLine = await createFaultProxy(options.databaseUrl);
  let running: Awaited<ReturnType<typeof startIncarnation>> | undefined;
  const present = () => {
    if (!running) throw new Error(`${options.workerId} does not run.`);
    return running;
  };
  async function end(how: 'stop' | 'kill', leaveMs?: number): Promise<void> {
    const ending = running;
    running = undefined;
    await ending?.[how](leaveMs);
    databaseLine.set('forward');
  }
  return {
    workerId: options.workerId,
    databaseLine,
    get host() {
      return present().host;
    },
    get control() {
      return present().control;
    },
    get lease() {
      return present().lease;
    },
    get supervisor() {
      return running?.host.supervisor;
    },
    async start() {
      running = await startIncarnation(options, databaseLine);
    },
    stop: ({ leaveMs } = {}) => end('stop', leaveMs),
    kill: () => end('kill'),
    async close() {
      await end('stop');
      await databaseLine.close();
    },
  };
}

async function startIncarnation(options: TestWorkerOptions, databaseLine: FaultProxy) {
  const { workerId, redis, timing, liveness, logger, masterKeys } = options;
  const subscriber = redis.duplicate();
  await subscriber.connect();
  const webhooks = createWebhookDoorbell({ redisUrl: testRedisUrl(), logger });
  const network = options.network();
  const pool = createPool({ url: databaseLine.url, name: workerId, max: 16, findsByKeys: true });
  const leasePool = createLeasePool(databaseLine.url, workerId, timing);
  const lease = new LeaseKeeper({
    store: createLeaseStore(leasePool, workerId, timing),
    clock: systemClock,
    logger,
    timing,
    controlPlane: controlPlaneOf(options),
    request: { workerId, endpoint: `http://${workerId}`, maxSessions: 1_000, network: 'sandbox', revision: 'test' },
    meter: { read: () => NO_LOAD, stop: () => undefined },
  });
  const control = createControlPort({ workerId, incarnation: () => lease.incarnation, load: () => NO_LOAD, logger });
  const host = createSessionHost({
    workerId,
    pool,
    redis,
    subscriber,
    webhooks,
    network,
    media: options.media,
    workFolder: options.workFolder,
    maxFileBytes: 1_000_000_000,
    ...(options.downloadPace && { downloadPace: options.downloadPace }),
    ...(options.gapPace && { gapPace: options.gapPace }),
    ...(options.historyPace && { historyPace: options.historyPace }),
    ...(options.egress && { egress: options.egress }),
    masterKeys,
    messageKey: MESSAGE_KEY,
    recordForm: 'split',
    clock: systemClock,
    logger,
    timing,
    liveness,
    strategy: 'least-loaded',
    pace: { ...PACE.sandbox, retry: { initialMs: 100, maxMs: 500 } },
    mayStart: () => lease.isHeld(),
    control,
  });
  async function free(): Promise<void> {
    control.close();
    await webhooks.close();
    await network.close();
    subscriber.disconnect();
    await Promise.all([pool.end(), leasePool.end()]);
  }
  host.start();
  lease.start({
    counts: () => ({ sessionCount: 0, messageCount: 0 }),
    onHeld: (incarnation) => host.supervisor.begin(incarnation),
    onLost: () => host.supervisor.cut(),
  });
  await waitFor(() => lease.isHeld(), { what: `the lease of ${workerId}` });

  return {
    host,
    control,
    lease,
    async stop(leaveMs?: number): Promise<void> {
      if (leaveMs !== undefined) {
        // A step that fails ends no shutdown: on a busy machine the short time-out of a renewal is over.
        await lease.beginDraining().catch(() => undefined);
        await host.leave(leaveMs);
      }
      await host.stop(2_000);
      // Fails when the test has cut the database: the lease then expires.
      await lease.stop().catch(() => undefined);
      await free();
    },
    async kill(): Promise<void> {
      databaseLine.set('refuse');
      host.supervisor.cut();
      await lease.stop().catch(() => undefined);
      // The proxy refuses its last writes, as a killed process would not make them.
      host.stop(0).catch(() => undefined);
      await free();
    },
  };
}

/** The gateway's part of a registration, by the function that the gateway calls. */
function controlPlaneOf({ pool, workerId, timing }: TestWorkerOptions): ControlPlane {
  return {
    async register({ maxSessions }) {
      const { incarnation } = await registerWorker(pool, workerRegistration(workerId, { maxSessions }), timing);
      return { incarnation, token: '' };
    },
    heartbeat: async () => undefined,
    rotateToken: async () => '',
  };
}
