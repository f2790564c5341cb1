import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Assignment, placeSession, releaseSession } from '@wa-gate/cluster';
import { RATE_LIMITS, type SessionEvent } from '@wa-gate/contracts';
import { createPool, createPrisma, type SessionState } from '@wa-gate/db';
import { createLogger, createRedis, type Redis, readConfig, systemClock } from '@wa-gate/kit';
import { createMediaStore, createWorkFolder, type MediaStore, mediaConfigOf, type WorkFolder } from '@wa-gate/media';
import { type Appended, updateSessionState } from '@wa-gate/messaging';
import {
  createFaultProxy,
  createTestDatabase,
  createTestRedis,
  type FaultProxy,
  type TestDatabase,
  testRedisUrl,
} from '@wa-gate/testkit';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { composeGateway, type Gateway } from '../compose/gateway.ts';
import { ConfigSchema } from '../config.ts';
import { rememberHashes } from './remembered-hashes.ts';
import { startWorkerStandIn, type WorkerStandIn } from './worker-stand-in.ts';

rememberHashes();

/** Shown by who reads `/metrics`. */
export const METRICS_TOKEN = 'token-of-the-scrapes';
export const JOIN_TOKEN = 'join-token-of-the-tests';
export const ADMIN = { email: 'admin@example.test', password: 'the password of the admin' };

/** An answer of the API, read. */
export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  body: any;
  headers: Record<string, unknown>;
  raw: Buffer;
}

export interface TestUser {
  token: string;
  apiKey: string;
  email: string;
}

export interface TestSession {
  slug: string;
  /** Internal id. */
  id: string;
  key: string;
}

export interface GatewayFixture {
  gateway: Gateway;
  app: FastifyInstance;
  database: TestDatabase;
  /** The gateway's own way to the database, which tests may cut that ask for it. */
  readonly databaseLine: FaultProxy;
  redis: Redis;
  masterKey: Buffer;
  /** Beside it all gateways of a test use the same one. */
  media: MediaStore;
  mediaFolder: string;
  workFolder: WorkFolder;
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, options?: CallOptions): Promise<Answer>;
  /** A person with an account of the tier MAX. */
  register(): Promise<TestUser>;
  adminToken(): Promise<string>;
  /** A worker that is registered and answers. */
  startWorker(workerId: string): Promise<WorkerStandIn>;
  createSession(user: TestUser, body?: Record<string, unknown>): Promise<TestSession>;
  /** As if its owner had written it. */
  setState(session: TestSession, state: SessionState, isPaired?: boolean): Promise<void>;
  /** Appends an event of the session, as its owner does and under the epoch of its placement. Its state stays. */
  appendEvent(session: Pick<TestSession, 'id'>, event: SessionEvent): Promise<Appended>;
  /** Gives the session to another worker that has room, as a reconciler would. */
  move(session: TestSession): Promise<Assignment>;
  close(): Promise<void>;
}

export interface CallOptions {
  /** For `Authorization: Bearer`. */
  as?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface FixtureOptions {
  /** Another way to Redis, such as a proxy: for tests that take Redis away. */
  redis?: string;
  /** Puts a proxy before its database, `databaseLine`. Each statement takes longer by it. @default false */
  cutsDatabase?: boolean;
  /** When a silent PostgreSQL is given up. */
  silenceTimeoutMs?: number;
  /**
   * `raised`: limits so high, sessions of the tier MAX included, that no test meets them by accident. Requests are
   * counted all the same. @default 'raised'
   */
  rateLimits?: 'raised' | 'default';
  /** As in {@link Resources}: tests have sessions without an owner for other reasons. @default 200 */
  movingWaitMs?: number;
  /** One more gateway of the same installation: on its database, with its keys. Close it first. */
  beside?: GatewayFixture;
}

/** By the settings table, as an administrator would. */
async function raiseRateLimits(database: TestDatabase): Promise<void> {
  for (const [bucket, { windowSeconds }] of Object.entries(RATE_LIMITS)) {
    await database.pool.query('INSERT INTO rate_limits (bucket, max, window_seconds) VALUES ($1, 1000000, $2)', [
      bucket,
      windowSeconds,
    ]);
  }
  await database.pool.query(`UPDATE tiers SET max_sessions = 1000 WHERE tier = 'MAX'`);
}

/** A gateway on real PostgreSQL and Redis, without its own loops unless the test starts them. */
export async function createGatewayFixture(
  env: Record<string, string> = {},
  {
    redis: ownLine,
    cutsDatabase = false,
    silenceTimeoutMs = 15_000,
    rateLimits = 'raised',
    movingWaitMs = 200,
    beside,
  }: FixtureOptions = {},
): Promise<GatewayFixture> {
  const database = beside?.database ?? (await createTestDatabase());
  if (rateLimits === 'raised' && !beside) await raiseRateLimits(database);
  const redis = await createTestRedis();
  const redisUrl = ownLine ?? testRedisUrl();
  const logger = createLogger({ service: 'test', level: 'silent' });
  const masterKey = beside?.masterKey ?? randomBytes(32);
  const folder = beside?.mediaFolder ?? (await mkdtemp(join(tmpdir(), 'wag-gateway-')));
  const databaseLine = cutsDatabase ? await createFaultProxy(database.url) : undefined;
  const databaseUrl = databaseLine?.url ?? database.url;
  const config = readConfig(ConfigSchema, {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    WAG_MASTER_KEY: masterKey.toString('base64'),
    WORKER_AUTH_TOKEN: JOIN_TOKEN,
    METRICS_TOKEN,
    DEFAULT_NETWORK: 'sandbox',
    MEDIA_DIR: join(folder, 'media'),
    ...env,
  });
  // On a busy machine a statement, or its turn, may take seconds.
  const patient = { url: databaseUrl, silenceTimeoutMs, connectTimeoutMs: silenceTimeoutMs };
  const media = createMediaStore(mediaConfigOf(config));
  const workFolder = await createWorkFolder(join(folder, 'work'));
  const pool = createPool({ ...patient, name: 'gateway-test' });
  const watchPool = createPool({ ...patient, name: 'gateway-test-revocations', max: 1 });
  const prisma = createPrisma(pool);
  const own = createRedis({ url: redisUrl, logger, name: 'gateway-test', batching: true });
  const subscriber = createRedis({ url: redisUrl, logger, name: 'gateway-test-subscriber' });
  await Promise.all([own.connect().catch(() => undefined), subscriber.connect().catch(() => undefined)]);
  const gateway = await composeGateway(
    {
      pool,
      watchPool,
      prisma,
      redis: own,
      subscriber,
      masterKeys: [masterKey],
      media,
      workFolder,
      logger,
      clock: systemClock,
      version: '0.0.0-test',
      movingWaitMs,
      // A Redis that a busy machine holds up for a moment is not away: what is counted here is counted exactly.
      ...(ownLine === undefined && { countingPatienceMs: 20_000 }),
    },
    config,
  );
  await gateway.app.ready();
  const { app } = gateway;
  const workers: WorkerStandIn[] = [];
  let users = 0;
  let sessions = 0;

  async function call(method: string, url: string, { as, body, headers = {} }: CallOptions = {}): Promise<Answer> {
    const options: InjectOptions = {
      method: method as 'GET',
      url,
      headers: { ...(as && { authorization: `Bearer ${as}` }), ...headers },
      ...(body !== undefined && { payload: body as object }),
    };
    const response = await app.inject(options);
    const isJson = /^application\/(?:problem\+)?json/.test(String(response.headers['content-type']));
    return {
      status: response.statusCode,
      body: isJson ? JSON.parse(response.body) : response.body,
      headers: response.headers,
      raw: response.rawPayload,
    };
  }

  return {
    gateway,
    app,
    database,
    get databaseLine() {
      if (!databaseLine) throw new Error('Only a gateway with `cutsDatabase: true` has a line to cut.');
      return databaseLine;
    },
    redis,
    masterKey,
    media,
    mediaFolder: folder,
    workFolder,
    call,
    async register() {
      users += 1;
      const email = `user${users}@example.test`;
      const { body } = await call('POST', '/api/auth/register', { body: { email, password: 'correct horse' } });
      // Nothing of this account is in any gateway's memory yet.
      await database.pool.query(`UPDATE users SET tier = 'MAX' WHERE email = $1`, [email]);
      return { email, token: body.data.token, apiKey: body.data.apiKey };
    },
    async adminToken() {
      await gateway.services.auth.ensureAdministrator(ADMIN.email, ADMIN.password);
      return (await call('POST', '/api/auth/login', { body: ADMIN })).body.data.token;
    },
    async startWorker(workerId) {
      const worker = await startWorkerStandIn(masterKey, workerId);
      workers.push(worker);
      const { body } = await call('POST', '/api/admin/workers/register', {
        as: JOIN_TOKEN,
        body: { workerId, endpoint: worker.endpoint },
      });
      worker.be({ incarnation: body.data.incarnation });
      // Nobody renews it here, and a busy machine takes longer for a file of tests than a lease lasts.
      await database.pool.query(
        `UPDATE worker_leases SET expires_at = now() + interval '1 hour' WHERE worker_id = $1`,
        [workerId],
      );
      return worker;
    },
    async createSession(user, body = {}) {
      sessions += 1;
      const sessionId = `session-${sessions}`;
      const answer = await call('POST', '/api/sessions', {
        as: user.token,
        body: { name: 'Test', sessionId, ...body },
      });
      const slug = answer.body.data.sessionId;
      const { rows } = await database.pool.query<{ session_id: string }>(
        'SELECT session_id FROM api_keys k JOIN sessions s ON s.id = k.session_id WHERE s.slug = $1 ORDER BY k.id DESC LIMIT 1',
        [slug],
      );
      return { slug, id: rows[0]!.session_id, key: answer.body.data.apiKey };
    },
    async setState(session, state, isPaired = true) {
      await database.pool.query(
        'UPDATE sessions SET state = $2, paired_at = CASE WHEN $3 THEN now() END WHERE id = $1',
        [session.id, state, isPaired],
      );
    },
    async appendEvent({ id: sessionId }, event) {
      const { rows } = await database.pool.query<{ epoch: number; state: SessionState }>(
        'SELECT p.epoch, s.state FROM session_placements p JOIN sessions s ON s.id = p.session_id WHERE s.id = $1',
        [sessionId],
      );
      const { epoch, state } = rows[0]!;
      return updateSessionState(database.pool, { sessionId, epoch: Number(epoch) }, { state }, [event]);
    },
    async move(session) {
      const { rows } = await database.pool.query<{ worker_id: string }>(
        'SELECT worker_id FROM session_placements WHERE session_id = $1',
        [session.id],
      );
      await database.pool.query(`UPDATE workers SET admin_state = 'CORDONED' WHERE id = $1`, [rows[0]!.worker_id]);
      await releaseSession(database.pool, session.id, 'test');
      const placed = await placeSession(database.pool, session.id);
      return placed!;
    },
    async close() {
      await gateway.stop();
      await Promise.all(workers.map((worker) => worker.close()));
      own.disconnect();
      subscriber.disconnect();
      redis.disconnect();
      await prisma.close();
      await pool.end();
      await watchPool.end();
      await databaseLine?.close();
      await media.close();
      await workFolder.close();
      if (beside) return;
      await rm(folder, { recursive: true, force: true });
      await database.drop();
    },
  };
}
