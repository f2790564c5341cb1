import { setTimeout as sleep } from 'node:timers/promises';
import { EVENTS } from '@wa-gate/contracts';
import { createPool, type Pool } from '@wa-gate/db';
import { createLogger, createRedis, type Redis } from '@wa-gate/kit';
import {
  APPEND_EVENTS,
  APPENDED_COLUMNS,
  type Appended,
  hintsOf,
  publishDeliveries,
  publishHints,
} from '@wa-gate/messaging';
import { NOT_COUNTED } from './database-work.ts';

/** Events of one statement come so long after one another. */
const STEP_MS = 20;

const EXAMPLE = JSON.stringify(EVENTS['message.received'].example);

const APPEND = {
  name: 'load-append-events',
  text: `${NOT_COUNTED} WITH new_events AS (
    SELECT t.session_id, NULL::bigint AS epoch, t.ord, 'message.received'::text AS type,
      $3::jsonb || jsonb_build_object('waMessageId', t.name) AS data
    FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS t(session_id, name, ord)
  ), ${APPEND_EVENTS}
  SELECT ${APPENDED_COLUMNS}`,
};

/**
 * Appends `message.received` to sessions that no worker hosts, at a steady rate, and gives the hints that their owner
 * would give over Redis. So the processes that read and deliver events have the machine without those that make them.
 * The `waMessageId` of an event is its number.
 */
export class EventSource {
  /** When each event was planned (`performance.now()`), by its number. */
  readonly plannedAt: number[] = [];
  private readonly pool: Pool;
  private readonly redis: Redis;

  private constructor(pool: Pool, redis: Redis) {
    this.pool = pool;
    this.redis = redis;
  }

  static async open({ databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string }): Promise<EventSource> {
    const logger = createLogger({ service: 'load', level: 'silent' });
    const redis = createRedis({ url: redisUrl, logger, name: 'load-events' });
    await redis.connect();
    return new EventSource(createPool({ url: databaseUrl, name: 'load-events', max: 1 }), redis);
  }

  /** @param sessionOf the id of the session of an event, by its number in this run, from 0 on */
  async run(options: { rate: number; seconds: number; sessionOf: (n: number) => string }): Promise<number> {
    const { rate, seconds, sessionOf } = options;
    const total = Math.round(rate * seconds);
    const begun = performance.now();
    for (let made = 0; made < total; ) {
      const due = Math.min(total, Math.ceil(((performance.now() - begun) * rate) / 1_000));
      if (due > made) await this.append(made, due, begun, options.rate, sessionOf);
      made = Math.max(made, due);
      await sleep(STEP_MS);
    }
    return total;
  }

  private async append(from: number, to: number, begun: number, rate: number, sessionOf: (n: number) => string) {
    const sessions: string[] = [];
    const names: string[] = [];
    for (let n = from; n < to; n += 1) {
      sessions.push(sessionOf(n));
      names.push(String(this.plannedAt.length));
      this.plannedAt.push(begun + (n * 1_000) / rate);
    }
    const { rows } = await this.pool.query<Appended>({ ...APPEND, values: [sessions, names, EXAMPLE] });
    const hints = hintsOf(rows[0]!);
    publishHints(this.redis, hints);
    publishDeliveries(this.redis, hints);
  }

  async close(): Promise<void> {
    this.redis.disconnect();
    await this.pool.end();
  }
}
