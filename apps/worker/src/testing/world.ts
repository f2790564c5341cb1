import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterTiming, createTiming, placeSession } from '@wa-gate/cluster';
import { createLogger, newId, type Redis } from '@wa-gate/kit';
import { createMediaStore, createWorkFolder, type MediaStore } from '@wa-gate/media';
import { type AcceptedMessage, acceptMessage, newWaMessageId, notifySession } from '@wa-gate/messaging';
import {
  createTestDatabase,
  createTestRedis,
  type FaultProxy,
  seedSession,
  type TestDatabase,
  waitFor,
} from '@wa-gate/testkit';
import type { SessionHost } from '../compose/hosting.ts';
import type { ControlPort } from '../control/control-stream.ts';
import type { EgressSettings } from '../egress/routes.ts';
import type { GapAuditPace } from '../history/gap-audit.ts';
import type { HistoryPace } from '../history/history-intake.ts';
import type { DownloadPace } from '../media/downloads.ts';
import type { SessionActor } from '../session/session-actor.ts';
import { LIVENESS_TIMING, type LivenessTiming } from '../whatsapp/liveness.ts';
import { sandboxNetwork, type WhatsAppNetwork } from '../whatsapp/network.ts';
import { startTestSandbox, type TestSandbox } from './sandbox.ts';
import { createTestWorker, type TestWorker } from './test-worker.ts';

export interface MessageRow {
  state: string;
  errorCode: string | null;
  errorMessage: string | null;
  type: string;
  text: string | null;
  content: Record<string, unknown> | null;
  chatJid: string;
  fromMe: boolean;
  senderName: string | null;
}

/**
 * Workers in this process, with a real PostgreSQL, Redis and sandbox. The gateway's part (placing, accepting) is
 * done by the same functions that the gateway calls.
 */
export interface World {
  database: TestDatabase;
  sandbox: TestSandbox;
  databaseLine: FaultProxy;
  redis: Redis;
  /** The media store of all workers: a folder that goes with the world. */
  media: MediaStore;
  workers: readonly TestWorker[];
  /** The host of the first worker, like `databaseLine` and `control`. */
  host: SessionHost;
  control: ControlPort;
  masterKeys: Buffer[];
  /** A session placed on a worker, which starts it. */
  createSession(settings?: object): Promise<string>;
  /** A session linked to a new phone, connected. */
  createPaired(): Promise<{ sessionId: string; number: string }>;
  /** Links a session to a phone, and waits until it is connected. */
  link(sessionId: string, number: string): Promise<void>;
  actor(sessionId: string): Promise<SessionActor>;
  session(
    sessionId: string,
  ): Promise<{ state: string; reason: string | null; code: string | null; phoneNumber: string | null }>;
  waitForState(sessionId: string, state: string): Promise<void>;
  send(sessionId: string, to: string, text?: string): Promise<{ messageId: string; waMessageId: string }>;
  /** The same for any kind of message, maybe with its parts. */
  accept(
    sessionId: string,
    to: string,
    message: Pick<AcceptedMessage, 'request' | 'parts'>,
  ): Promise<{ messageId: string; waMessageId: string }>;
  message(messageId: string): Promise<MessageRow>;
  /** Waits for this state or a later one. */
  waitForMessage(messageId: string, state: string): Promise<MessageRow>;
  events(sessionId: string, prefix?: string): Promise<{ seq: number; type: string; data: Record<string, unknown> }[]>;
  /** Restarts the first worker with an orderly shutdown. */
  restartHost(): Promise<void>;
  stop(): Promise<void>;
}

/** Far above any duration, and below the timeout of a test. */
const PATIENCE = { timeoutMs: 25_000 };
/** The states of a sent message, in their order. */
const STEPS = ['SENT', 'DELIVERED', 'READ', 'PLAYED'];

const hasReached = (state: string, wanted: string): boolean =>
  state === wanted || (STEPS.includes(wanted) && STEPS.indexOf(state) > STEPS.indexOf(wanted));

const jid = (number: string): string => `${number}@s.whatsapp.net`;

export interface WorldOptions {
  /** The network, in place of the sandbox. */
  network?: (sandboxUrl: string) => WhatsAppNetwork;
  /** @default 1 */
  workers?: number;
  timing?: ClusterTiming;
  liveness?: LivenessTiming;
  /** @default DOWNLOAD_PACE */
  downloads?: DownloadPace;
  /** @default HISTORY_PACE */
  history?: HistoryPace;
  /** @default GAP_AUDIT_PACE */
  gaps?: GapAuditPace;
  /** What the operator sets about proxies, devices and versions. @default none of it */
  egress?: EgressSettings;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const logger = createLogger({ service: 'worker', level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const database = await createTestDatabase({ max: 16 });
  const masterKeys = [randomBytes(32)];
  const redis = await createTestRedis();
  const sandbox = await startTestSandbox();
  const { pool } = database;
  const folder = await mkdtemp(join(tmpdir(), 'wag-world-'));
  const media = createMediaStore({ store: 'local', folder: join(folder, 'media') });
  const workFolder = await createWorkFolder(join(folder, 'work'));
  const timing = options.timing ?? createTiming({ convergeEveryMs: 200 });
  const workers = await Promise.all(
    Array.from({ length: options.workers ?? 1 }, (_, index) =>
      createTestWorker({
        workerId: `worker-${index + 1}`,
        pool,
        databaseUrl: database.url,
        redis,
        network: () => (options.network ?? sandboxNetwork)(sandbox.url),
        masterKeys,
        media,
        workFolder,
        ...(options.downloads && { downloadPace: options.downloads }),
        ...(options.gaps && { gapPace: options.gaps }),
        ...(options.history && { historyPace: options.history }),
        ...(options.egress && { egress: options.egress }),
        timing,
        liveness: options.liveness ?? LIVENESS_TIMING,
        logger,
      }),
    ),
  );
  const [first] = workers;
  if (!first) throw new Error('A world has a worker.');
  for (const worker of workers) await worker.start();

  const world: World = {
    database,
    sandbox,
    redis,
    media,
    workers,
    masterKeys,
    databaseLine: first.databaseLine,
    get host() {
      return first.host;
    },
    get control() {
      return first.control;
    },
    async createSession(settings = {}) {
      const { sessionId } = await seedSession(pool);
      await pool.query('UPDATE sessions SET settings = $2 WHERE id = $1', [sessionId, JSON.stringify(settings)]);
      const placed = await placeSession(pool, sessionId, { timing });
      await workers.find(({ workerId }) => workerId === placed?.workerId)?.supervisor?.converge();
      return sessionId;
    },
    async createPaired() {
      const sessionId = await world.createSession();
      const number = await sandbox.createPhone();
      await world.link(sessionId, number);
      return { sessionId, number };
    },
    async link(sessionId, number) {
      let scanned = '';
      // As a user does, scans another code when the session has moved meanwhile.
      await waitFor(
        async () => {
          if ((await world.session(sessionId)).state === 'CONNECTED') return true;
          const { qr } = await (await world.actor(sessionId)).qr(10_000);
          if (qr !== scanned) await sandbox.scan(number, qr);
          scanned = qr;
          return false;
        },
        { timeoutMs: 45_000, what: 'a linked session' },
      );
    },
    actor: (sessionId) =>
      waitFor(() => workers.map(({ supervisor }) => supervisor?.find(sessionId)).find(Boolean), {
        ...PATIENCE,
        what: 'the actor',
      }),
    async session(sessionId) {
      const { rows } = await pool.query(
        'SELECT state, state_reason AS reason, state_code AS code, phone_number AS "phoneNumber" FROM sessions WHERE id = $1',
        [sessionId],
      );
      return rows[0];
    },
    async waitForState(sessionId, state) {
      await waitFor(async () => (await world.session(sessionId)).state === state, {
        ...PATIENCE,
        what: `session state ${state}`,
      });
    },
    send: (sessionId, to, text = 'hello') => world.accept(sessionId, to, { request: { type: 'text', text } }),
    async accept(sessionId, to, message) {
      const ids = { messageId: newId(), waMessageId: newWaMessageId() };
      const chatJid = to.includes('@') ? to : jid(to);
      await acceptMessage(pool, { ...ids, sessionId, chatJid, ...message });
      notifySession(redis, sessionId);
      return ids;
    },
    async message(messageId) {
      const { rows } = await pool.query<MessageRow>(
        `SELECT state, error_code AS "errorCode", error_message AS "errorMessage", type, text, content, chat_jid AS "chatJid",
           from_me AS "fromMe", sender_name AS "senderName" FROM messages WHERE id = $1`,
        [messageId],
      );
      return rows[0]!;
    },
    waitForMessage: (messageId, state) =>
      waitFor(
        async () => {
          const row = await world.message(messageId);
          return hasReached(row.state, state) ? row : false;
        },
        { ...PATIENCE, what: `message state ${state}` },
      ) as Promise<MessageRow>,
    async events(sessionId, prefix = '') {
      const { rows } = await pool.query(
        'SELECT seq, type, data FROM events WHERE session_id = $1 AND type LIKE $2 ORDER BY seq',
        [sessionId, `${prefix}%`],
      );
      return rows;
    },
    async restartHost() {
      await first.stop();
      await first.start();
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.close()));
      await sandbox.stop();
      redis.disconnect();
      await rm(folder, { recursive: true, force: true });
      await database.drop();
    },
  };
  return world;
}
