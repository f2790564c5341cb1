import { randomBytes } from 'node:crypto';
import { DEFAULT_TIMING, placeSession, registerWorker } from '@wa-gate/cluster';
import { createPool } from '@wa-gate/db';
import { createLogger, newId, type Redis, systemClock } from '@wa-gate/kit';
import { acceptMessage, createWebhookBell, newWaMessageId, ringSession, type WebhookBell } from '@wa-gate/messaging';
import {
  createFaultProxy,
  createTestDatabase,
  createTestRedis,
  type FaultProxy,
  seedSession,
  type TestDatabase,
  testRedisUrl,
  waitFor,
  workerRegistration,
} from '@wa-gate/testkit';
import { type ControlPort, createControlPort } from '../lease/control-stream.ts';
import type { SessionActor } from '../session/session-actor.ts';
import { createSessionHost, PACE, type SessionHost } from '../session-host.ts';
import { sandboxNetwork, type WhatsAppNetwork } from '../whatsapp/network.ts';
import { startTestSandbox, type TestSandbox } from './sandbox.ts';

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
 * A worker's session host in this process, with a real PostgreSQL, Redis and sandbox. The gateway's part (placing, accepting) is
 * done by the same functions that the gateway calls.
 */
export interface World {
  database: TestDatabase;
  sandbox: TestSandbox;
  databaseLine: FaultProxy;
  host: SessionHost;
  control: ControlPort;
  masterKeys: Buffer[];
  /** A session placed on this worker; it starts by itself. */
  createSession(): Promise<string>;
  /** A session linked to a new phone, connected. */
  createPaired(): Promise<{ sessionId: string; number: string }>;
  actor(sessionId: string): Promise<SessionActor>;
  session(
    sessionId: string,
  ): Promise<{ state: string; reason: string | null; code: string | null; phoneNumber: string | null }>;
  waitForState(sessionId: string, state: string): Promise<void>;
  send(sessionId: string, to: string, text?: string): Promise<{ messageId: string; waMessageId: string }>;
  message(messageId: string): Promise<MessageRow>;
  waitForMessage(messageId: string, state: string): Promise<MessageRow>;
  events(sessionId: string, prefix?: string): Promise<{ seq: number; type: string; data: Record<string, unknown> }[]>;
  /** Ends the host as a process end in good order would, and starts the next life of the same worker. */
  restartHost(): Promise<void>;
  stop(): Promise<void>;
}

const WORKER_ID = 'worker-test';
const jid = (number: string): string => `${number}@s.whatsapp.net`;

export interface WorldOptions {
  /** Where the sessions connect, instead of to the sandbox. */
  network?: () => WhatsAppNetwork;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const logger = createLogger({ service: 'worker', level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const database = await createTestDatabase({ max: 16 });
  const masterKeys = [randomBytes(32)];
  const redisUrl = testRedisUrl();
  const redis = await createTestRedis();
  const sandbox = await startTestSandbox();
  const { pool } = database;
  // The host's own way to the database, which tests may cut.
  const databaseLine = await createFaultProxy(database.url);
  const hostPool = createPool({ url: databaseLine.url, name: 'worker', max: 16 });

  let subscriber: Redis;
  let webhooks: WebhookBell;
  let network: WhatsAppNetwork;
  let host: SessionHost;
  let control: ControlPort;

  async function startHost(): Promise<void> {
    subscriber = redis.duplicate();
    await subscriber.connect();
    webhooks = createWebhookBell({ redisUrl, logger });
    network = options.network?.() ?? sandboxNetwork(sandbox.url);
    const { incarnation } = await registerWorker(pool, workerRegistration(WORKER_ID, { maxSessions: 1_000 }), {
      ...DEFAULT_TIMING,
      leaseTtlMs: 3_600_000,
    });
    control = createControlPort({
      workerId: WORKER_ID,
      incarnation: () => incarnation,
      load: () => ({ cpuUsage: 0, memoryUsage: 0, eventLoopDelayMs: 0, sessionCount: host.supervisor.actors.length }),
      logger,
    });
    host = createSessionHost({
      workerId: WORKER_ID,
      pool: hostPool,
      redis,
      subscriber,
      webhooks,
      network,
      masterKeys,
      clock: systemClock,
      logger,
      timing: { ...DEFAULT_TIMING, convergeEveryMs: 200 },
      strategy: 'least-loaded',
      pace: { ...PACE.sandbox, retry: { initialMs: 100, maxMs: 500 } },
      mayStart: () => true,
      control,
    });
    host.start();
    host.supervisor.begin(incarnation);
  }

  async function stopHost(): Promise<void> {
    await host.stop(2_000);
    control.close();
    await webhooks.close();
    await network.close();
    subscriber.disconnect();
  }

  await startHost();

  const world: World = {
    database,
    sandbox,
    databaseLine,
    masterKeys,
    get host() {
      return host;
    },
    get control() {
      return control;
    },
    async createSession() {
      const { sessionId } = await seedSession(pool);
      await placeSession(pool, sessionId);
      await host.supervisor.converge();
      return sessionId;
    },
    async createPaired() {
      const sessionId = await world.createSession();
      const number = await sandbox.createPhone();
      const { qr } = await (await world.actor(sessionId)).qr(10_000);
      await sandbox.scan(number, qr);
      await world.waitForState(sessionId, 'CONNECTED');
      return { sessionId, number };
    },
    actor: (sessionId) => waitFor(() => host.supervisor.find(sessionId), { what: 'the actor' }),
    async session(sessionId) {
      const { rows } = await pool.query(
        'SELECT state, state_reason AS reason, state_code AS code, phone_number AS "phoneNumber" FROM sessions WHERE id = $1',
        [sessionId],
      );
      return rows[0];
    },
    async waitForState(sessionId, state) {
      await waitFor(async () => (await world.session(sessionId)).state === state, {
        timeoutMs: 15_000,
        what: `session state ${state}`,
      });
    },
    async send(sessionId, to, text = 'hello') {
      const ids = { messageId: newId(), waMessageId: newWaMessageId() };
      const chatJid = to.includes('@') ? to : jid(to);
      await acceptMessage(pool, { ...ids, sessionId, chatJid, type: 'TEXT', request: { type: 'text', text } });
      ringSession(redis, sessionId);
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
          return row.state === state ? row : false;
        },
        { timeoutMs: 15_000, what: `message state ${state}` },
      ) as Promise<MessageRow>,
    async events(sessionId, prefix = '') {
      const { rows } = await pool.query(
        'SELECT seq, type, data FROM events WHERE session_id = $1 AND type LIKE $2 ORDER BY seq',
        [sessionId, `${prefix}%`],
      );
      return rows;
    },
    async restartHost() {
      await stopHost();
      await startHost();
    },
    async stop() {
      await stopHost();
      await sandbox.stop();
      redis.disconnect();
      await hostPool.end();
      await databaseLine.close();
      await database.drop();
    },
  };
  return world;
}
