import { createPool, type Pool } from '@wa-gate/db';
import { runFrom } from '../../harness/checkout.ts';
import { addPhone, pairSession, type Tenant } from '../../harness/pair-session.ts';
import type { Services } from '../../harness/services.ts';
import { type System, startSystem } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { fillHistory } from '../history/fill.ts';
import { type DatabaseWork, watchDatabase } from '../measure/database-work.ts';
import { makeInParallel } from '../measure/in-parallel.ts';
import { pairMany } from '../measure/pair-many.ts';
import { type WatchedProcess, watchCpu } from '../measure/process-cpu.ts';
import { createUnlinkedSessions } from '../measure/unlinked-sessions.ts';
import { GatewayMix } from '../mixed/gateway-mix.ts';
import { watchBackends } from './backend-cpu.ts';
import { fillEvents } from './fill-events.ts';
import type { Dimension, GrowthOptions } from './options.ts';

/** Nobody waits longer for the filling: half an hour. */
const FILL_TIMEOUT_MS = 1_800_000;
const CHATS = 5_000;
/** A worker that is nearly full would hand sessions over. */
const SPARE_ROOM = 40;
/** Nothing listens there. */
const DEAD_URL = 'http://127.0.0.1:9/';
const WAITING_FOR_DEAD = 50;

/** What one run of a level took. Milliseconds are of processor time, divided by the messages of both directions. */
export interface LevelRun {
  messages: number;
  /** Messages per second, both directions, until the last was sent or at its webhook. */
  rate: number;
  /** Until the answer `sent`, and until a message that came is at the webhook. */
  latencies: { send: readonly number[]; inbound: readonly number[] };
  /** Of gateways, workers, connections to PostgreSQL, Redis, and the sandbox. */
  cpuMs: { gateway: number; worker: number; postgres: number; redis: number; sandbox: number };
  database: DatabaseWork;
}

/** An installation with one size of the dimension that grows, on a database of its own. */
export class Level {
  readonly size: number;
  private readonly system: System;
  private readonly mix: GatewayMix;
  private readonly services: Services;
  private readonly redis: WatchedProcess;
  private dead: { phone: string; friend: string } | undefined;

  private constructor(
    size: number,
    { system, services, redis }: { system: System; services: Services; redis: WatchedProcess },
  ) {
    this.size = size;
    this.system = system;
    this.services = services;
    this.redis = redis;
    this.mix = new GatewayMix(system);
  }

  static async open(
    dimension: Dimension,
    size: number,
    options: GrowthOptions,
    { services, redis }: { services: Services; redis: WatchedProcess },
  ): Promise<Level> {
    const system = await startSystem({
      services,
      workers: dimension === 'workers' ? size : 1,
      maxSessions: options.busy + (dimension === 'sessions' ? size : 0) + SPARE_ROOM,
      logLevel: 'error',
      adapt: runFrom(options.checkout),
      env: { sandbox: { SANDBOX_DECRYPT: 'false' } },
    });
    const level = new Level(size, { system, services, redis });
    try {
      await level.prepare(dimension, options.busy);
      return level;
    } catch (error) {
      await level.close();
      throw error;
    }
  }

  private async prepare(dimension: Dimension, busy: number): Promise<void> {
    const { size } = this;
    // As many sessions a worker: one with fewer writes fewer messages with each statement.
    const withTraffic = dimension === 'workers' ? busy * size : busy;
    const tenant = await this.mix.pair(withTraffic, async (slugs) => {
      if (size === 0) return;
      if (dimension === 'messages') await this.fill((pool) => storeMessages(pool, slugs, size));
      if (dimension === 'events') await this.fill((pool) => fillEvents(pool, slugs, size));
    });
    if (dimension === 'sessions') await pairMany(this.system, tenant, size - busy);
    if (dimension === 'endpoints' && size > busy) await this.openEndpoints(tenant, size - busy);
  }

  private async fill(work: (pool: Pool) => Promise<void>): Promise<void> {
    const pool = createPool({
      url: this.services.databaseUrl,
      name: 'load-growth',
      max: 1,
      statementTimeoutMs: FILL_TIMEOUT_MS,
      silenceTimeoutMs: FILL_TIMEOUT_MS,
    });
    try {
      await work(pool);
      await pool.query('VACUUM ANALYZE');
      await pool.query('CHECKPOINT');
    } finally {
      await pool.end();
    }
  }

  /** Webhooks of sessions without traffic, and one with traffic whose receiver is dead. */
  private async openEndpoints(tenant: Tenant, count: number): Promise<void> {
    const { sessionId, phone } = await pairSession(this.system, tenant);
    const friend = await addPhone(this.system, 'Friend');
    await tenant.api.setWebhook(sessionId, { url: DEAD_URL });
    this.dead = { phone: phone.number, friend: friend.number };
    for (let sent = 0; sent < WAITING_FOR_DEAD; sent += 1) await this.writeToDead();
    const sessions = await createUnlinkedSessions(this.system, { workspaces: 10, sessions: count - 1 });
    await makeInParallel(0, sessions.length, async (index) => {
      const session = sessions[index]!;
      await session.tenant.api.setWebhook(session.sessionId, { url: `${DEAD_URL}${index}` });
    });
  }

  private async writeToDead(): Promise<void> {
    if (this.dead) await this.system.sandbox.sendText(this.dead.friend, this.dead.phone, 'nobody is told of this');
  }

  /** @throws {Error} when a message fails or does not come: its figures would mean nothing */
  async run(each: number): Promise<LevelRun> {
    await this.writeToDead();
    const processes = this.system.processes.map(({ name, pid }) => ({ name, pid }));
    const database = await watchDatabase(this.services.pool);
    const backends = await watchBackends(this.services.pool);
    const cpu = watchCpu([...processes, this.redis]);
    const { sent, received, failures, firstFailure, latencies, seconds } = await this.mix.runEach(each);
    const spent = cpu();
    const postgres = await backends();
    if (failures > 0) throw new Error(`${failures} messages failed, the first with: ${firstFailure}`);
    if (this.mix.badSignatures > 0) throw new Error(`${this.mix.badSignatures} events without a valid signature`);
    const messages = sent + received;
    const of = (kind: string) =>
      Object.entries(spent).reduce((sum, [name, ms]) => sum + (name.startsWith(kind) ? ms : 0), 0) / messages;
    return {
      messages,
      rate: messages / seconds,
      latencies: { send: latencies.send ?? [], inbound: latencies.inbound ?? [] },
      cpuMs: {
        gateway: of('gateway'),
        worker: of('worker'),
        postgres: postgres / messages,
        redis: of('redis'),
        sandbox: of('sandbox'),
      },
      database: await database(),
    };
  }

  /** Ends the system; its database is dropped. */
  async close(): Promise<void> {
    await this.mix.close();
    await this.system.stop();
  }
}

/** Messages with their events and outbox; waits until the jobs of the gateway have filled search and chats. */
async function storeMessages(pool: Pool, slugs: readonly string[], messages: number): Promise<void> {
  await fillHistory(pool, { slugs, messages, chats: CHATS });
  await pool.query(
    `INSERT INTO outbox (message_id, session_id, state, wa_message_id, chat_jid, request, attempts, epoch)
     SELECT id, session_id, 'SENT', wa_message_id, chat_jid, '{"type":"text"}', 1, 1 FROM messages
     WHERE direction = 'OUTBOUND' ON CONFLICT DO NOTHING`,
  );
  await waitFor(
    async () => {
      const { rows } = await pool.query<{ isFilled: boolean }>(
        `SELECT coalesce(bool_and(coalesce(p.seq, 0) >= c.last_seq), true) AS "isFilled"
         FROM session_counters c LEFT JOIN message_index_progress p USING (session_id)`,
      );
      return rows[0]!.isFilled;
    },
    { what: 'search and chats to be filled', timeoutMs: FILL_TIMEOUT_MS, everyMs: 500 },
  );
}
