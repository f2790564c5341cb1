/**
 * Many endpoints of a workspace and of its sessions against a model: whatever they filter by, whenever they are made,
 * paused, resumed, and whoever delivers for them, each gets the events that it wants once, in order.
 */
import { CHAT_TYPES, type ChatType, EVENTS, type EventType } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase } from '@wa-gate/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended } from '../events/append-events.ts';
import { findViolations } from '../invariants/invariants.ts';
import { leaseWebhooks, readBacklogs, readUndelivered, writeDeliveries } from './deliveries.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ max: 4 });
});
afterAll(() => database?.drop());

const TYPES = [
  'message.received',
  'message.recovered',
  'message.delivered',
  'message.reaction',
  'session.status',
] as const;
type Type = (typeof TYPES)[number];

/** Chats by the name that filters have for them, with what their events tell of them. */
const CHATS: readonly { names: string[]; type: ChatType; tells: Record<string, unknown> }[] = [
  {
    names: ['15551234567@s.whatsapp.net', '212345678901234@lid'],
    type: 'user',
    tells: { chat: '15551234567@s.whatsapp.net', chatAlt: '212345678901234@lid' },
  },
  {
    names: ['4915112345678@s.whatsapp.net', '77@lid'],
    type: 'user',
    tells: {
      chat: '77@lid',
      identities: {
        chat: { contactId: null, phoneNumber: '+4915112345678', lid: '77@lid', jid: '77@lid', name: null },
      },
    },
  },
  { names: ['88@lid'], type: 'user', tells: { chat: '88@lid' } },
  { names: ['120363041234567890@g.us'], type: 'group', tells: { chat: '120363041234567890@g.us' } },
  { names: ['120363000000000000@newsletter'], type: 'channel', tells: { chat: '120363000000000000@newsletter' } },
  { names: ['status@broadcast'], type: 'status', tells: { chat: 'status@broadcast' } },
  { names: ['1234@broadcast'], type: 'broadcast', tells: { chat: '1234@broadcast' } },
];

interface Filters {
  events: string[];
  chatTypes: ChatType[] | null;
  chats: string[] | null;
}

type Step =
  | { does: 'append'; session: number; events: { type: Type; chat: number }[] }
  | { does: 'create'; where: 'primary' | 'session' | 'workspace'; session: number; filters: Filters }
  | { does: 'session' }
  | { does: 'pause' | 'resume' | 'off' | 'on'; endpoint: number }
  | { does: 'deliver'; endpoint: number; count: number; ends: 'release' | 'abandon' | 'die' };

const filters: fc.Arbitrary<Filters> = fc.record({
  events: fc.subarray([...TYPES, '*'], { minLength: 1 }),
  chatTypes: fc.option(fc.subarray([...CHAT_TYPES], { minLength: 1 })),
  chats: fc.option(
    fc.subarray(
      CHATS.flatMap(({ names }) => names),
      { minLength: 1 },
    ),
  ),
});
const session = fc.nat(3);
const endpoint = fc.nat(11);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('append' as const),
      session,
      events: fc.array(fc.record({ type: fc.constantFrom(...TYPES), chat: fc.nat(CHATS.length - 1) }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('create' as const),
      where: fc.constantFrom('primary' as const, 'session' as const, 'workspace' as const),
      session,
      filters,
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('session' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constantFrom('pause', 'resume', 'pause', 'resume', 'off', 'on'), endpoint }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('deliver' as const),
      endpoint,
      count: fc.nat(5),
      ends: fc.constantFrom('release' as const, 'abandon' as const, 'die' as const),
    }),
  },
) as fc.Arbitrary<Step>;

interface Endpoint {
  id: string;
  /** `null`: of all sessions. */
  session: string | null;
  isActive: boolean;
  isPaused: boolean;
  filters: Filters;
}

/** Whether the filters let the event through: the model. */
function wants({ events, chatTypes, chats }: Filters, type: Type, chat: (typeof CHATS)[number]): boolean {
  const names = [type, '*', ...(type === 'message.recovered' ? ['message.received'] : [])];
  if (!events.some((name) => names.includes(name))) return false;
  if (type === 'session.status') return true;
  if (chatTypes && !chatTypes.includes(chat.type)) return false;
  return !chats || chats.some((name) => chat.names.includes(name));
}

/** `data` of an event in a chat. A receipt names the chat `to`, and has no other name for it beside the identity. */
function dataOf(type: Type, { tells, names }: (typeof CHATS)[number]): Record<string, unknown> {
  if (type === 'session.status') return EVENTS[type].example;
  const { identities: _, chatAlt: __, ...example } = EVENTS[type].example as Record<string, unknown>;
  if (type !== 'message.delivered') return { ...example, ...tells };
  const [jid, other = null] = names;
  const identity = { contactId: null, jid, name: null };
  const known = jid!.endsWith('@s.whatsapp.net')
    ? { ...identity, phoneNumber: `+${jid!.split('@')[0]}`, lid: other }
    : { ...identity, phoneNumber: null, lid: jid!.endsWith('@lid') ? jid : null };
  return { ...example, to: jid, identities: { chat: known } };
}

const key = (id: string, sessionId: string) => `${id} ${sessionId}`;

class World {
  workspaceId = '';
  userId = '';
  readonly sessions: string[] = [];
  readonly endpoints: Endpoint[] = [];
  /** By endpoint and session: the wanted events, and those that were delivered, in order. */
  readonly wanted = new Map<string, number[]>();
  readonly delivered = new Map<string, number[]>();

  async open(): Promise<this> {
    const seeded = await seedSession(database.pool);
    this.workspaceId = seeded.workspaceId;
    this.userId = seeded.userId;
    this.sessions.push(seeded.sessionId);
    return this;
  }

  async take(now: Step): Promise<void> {
    const chosen = 'endpoint' in now ? this.endpoints[now.endpoint % Math.max(1, this.endpoints.length)] : undefined;
    switch (now.does) {
      case 'append':
        return this.#append(this.sessions[now.session % this.sessions.length]!, now.events);
      case 'create':
        return this.#create(now);
      case 'session':
        return this.#addSession();
      case 'deliver':
        return chosen && this.deliver(chosen, now.count, now.ends);
      default:
        return chosen && this.#change(chosen, now.does);
    }
  }

  async #append(sessionId: string, events: readonly { type: Type; chat: number }[]): Promise<void> {
    const { rows } = await database.pool.query<Appended>(
      `WITH new_events AS (
         SELECT $1::uuid AS session_id, NULL::bigint AS epoch, g.ord, g.type, g.data::jsonb AS data
         FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS g(type, data, ord)
       ), ${APPEND_EVENTS} SELECT ${APPENDED_COLUMNS}`,
      [
        sessionId,
        events.map(({ type }) => type),
        events.map(({ type, chat }) => JSON.stringify(dataOf(type, CHATS[chat]!))),
      ],
    );
    const appended = rows[0]!;
    for (const one of this.endpoints) {
      if (!one.isActive || (one.session !== null && one.session !== sessionId)) continue;
      const seqs = appended.events
        .filter((_, index) => wants(one.filters, events[index]!.type, CHATS[events[index]!.chat]!))
        .map(({ seq }) => seq);
      this.#of(this.wanted, one, sessionId).push(...seqs);
      // The statement tells the same, with which a holder goes on without a read.
      const told = await this.#toldOf(one, sessionId, appended);
      expect(told).toEqual(one.isPaused ? [] : seqs);
    }
  }

  async #toldOf({ id }: Endpoint, sessionId: string, { webhooks }: Appended): Promise<number[]> {
    const { rows } = await database.pool.query<{ id: string }>(
      'SELECT id FROM webhooks WHERE endpoint_id = $1 AND source_session_id = $2',
      [id, sessionId],
    );
    return webhooks.find(({ webhookId }) => webhookId === rows[0]!.id)?.seqs ?? [];
  }

  async #create({ where, session: index, filters: its }: Extract<Step, { does: 'create' }>): Promise<void> {
    const id = newId();
    const sessionId = where === 'workspace' ? null : this.sessions[index % this.sessions.length]!;
    const values = [id, sessionId, this.workspaceId, its.events, its.chatTypes, its.chats];
    if (where === 'primary') {
      const { rowCount } = await database.pool.query(
        `INSERT INTO webhooks (id, session_id, url, events, secret, chat_types, chats) VALUES ($1, $2, 'http://x', $3, 'x', $4, $5)
         ON CONFLICT DO NOTHING`,
        [id, sessionId, its.events, its.chatTypes, its.chats],
      );
      if (rowCount === 0) return;
    } else {
      await database.pool.query(
        `INSERT INTO webhooks (id, endpoint_id, source_session_id, workspace_id, url, events, secret, chat_types, chats, cursor)
         VALUES ($1, $1, $2, $3, 'http://x', $4, 'x', $5, $6, (SELECT last_seq FROM session_counters WHERE session_id = $2))`,
        values,
      );
      if (sessionId === null) {
        await database.pool.query(
          `INSERT INTO webhooks (id, endpoint_id, source_session_id, workspace_id, url, events, secret, chat_types, chats, cursor)
           SELECT gen_random_uuid(), $1, s.id, $2, 'http://x', $3, 'x', $4, $5, c.last_seq
           FROM sessions s JOIN session_counters c ON c.session_id = s.id WHERE s.workspace_id = $2`,
          [id, this.workspaceId, its.events, its.chatTypes, its.chats],
        );
      }
    }
    this.endpoints.push({ id, session: sessionId, isActive: true, isPaused: false, filters: its });
  }

  /** A session that comes later gets its rows from a trigger. */
  async #addSession(): Promise<void> {
    if (this.sessions.length === 4) return;
    const id = newId();
    await database.pool.query(
      `INSERT INTO sessions (id, workspace_id, user_id, slug, name, network) VALUES ($1, $2, $3, $4, 'x', 'SANDBOX')`,
      [id, this.workspaceId, this.userId, `s-${id}`],
    );
    await database.pool.query('INSERT INTO session_placements (session_id) VALUES ($1)', [id]);
    await database.pool.query('INSERT INTO session_counters (session_id) VALUES ($1)', [id]);
    this.sessions.push(id);
  }

  async #change(one: Endpoint, does: 'pause' | 'resume' | 'off' | 'on'): Promise<void> {
    const set = {
      pause: 'paused_at = now()',
      resume: 'paused_at = NULL',
      off: 'is_active = false',
      on: 'is_active = true',
    }[does];
    if (does === 'off' && one.isActive) await this.#drain(one);
    await database.pool.query(`UPDATE webhooks SET ${set}, updated_at = now() WHERE endpoint_id = $1`, [one.id]);
    if (does === 'pause' || does === 'resume') one.isPaused = does === 'pause';
    else one.isActive = does === 'on';
  }

  /** What waits for it is delivered before it is switched off, so that the model stays simple. */
  async #drain(one: Endpoint): Promise<void> {
    await database.pool.query('UPDATE webhooks SET paused_at = NULL WHERE endpoint_id = $1', [one.id]);
    one.isPaused = false;
    await this.deliver(one, 1_000, 'release');
  }

  async deliver(one: Endpoint, count: number, ends: 'release' | 'abandon' | 'die'): Promise<void> {
    const { rows } = await database.pool.query<{ id: string }>('SELECT id FROM webhooks WHERE endpoint_id = $1', [
      one.id,
    ]);
    const webhookIds = rows.map(({ id }) => id);
    const leased = await leaseWebhooks(database.pool, { leasedBy: newId(), limit: 100, webhookIds });
    if (one.isPaused || !one.isActive) expect(leased).toEqual([]);
    for (const hold of leased) {
      expect(hold.endpointId).toBe(one.id);
      const found = await readUndelivered(database.pool, [{ ...hold, after: hold.cursor }], 1_000);
      const its = found.get(hold.webhookId)!;
      const taken = its.due.slice(0, count);
      const at = this.#of(this.delivered, one, hold.sessionId);
      at.push(...taken.map(({ seq }) => seq));
      const rest = its.due[taken.length];
      const results = taken.map(({ seq }) => ({
        webhookId: hold.webhookId,
        sessionId: hold.sessionId,
        seq,
        status: 'DELIVERED' as const,
        isAttempt: true,
        refusals: 0,
        ageMs: 0,
        durationMs: 1,
      }));
      const cursor = rest ? rest.seq - 1 : Math.max(hold.cursor, its.upTo);
      // One that dies has written its results, and lets its lease run out.
      const progress = {
        webhookId: hold.webhookId,
        leasedBy: hold.leasedBy,
        change: ends === 'die' ? ('hold' as const) : ends,
        cursor,
        failures: 0,
        lastError: null,
        deliveredAgoMs: null,
        breaker: null,
      };
      await writeDeliveries(database.pool, [progress], results);
    }
    await database.pool.query(
      `UPDATE webhooks SET leased_until = now() - interval '1 s', held_until = now() - interval '3 s'
       WHERE endpoint_id = $1 AND leased_until IS NOT NULL`,
      [one.id],
    );
  }

  /** All are resumed, and everything is delivered. */
  async finish(): Promise<void> {
    for (const one of this.endpoints) {
      if (one.isPaused) await this.#change(one, 'resume');
      await this.deliver(one, 1_000, 'release');
      await this.deliver(one, 1_000, 'release');
    }
  }

  #of(map: Map<string, number[]>, { id }: Endpoint, sessionId: string): number[] {
    const name = key(id, sessionId);
    const list = map.get(name) ?? [];
    map.set(name, list);
    return list;
  }

  async backlogs(): Promise<Record<string, number>> {
    const found = await readBacklogs(
      database.pool,
      this.endpoints.map(({ id }) => id),
      1_000,
    );
    return Object.fromEntries(this.endpoints.map(({ id }) => [id, found.get(id)?.count ?? 0]));
  }

  /** Wanted and not delivered, by endpoint. */
  expectedBacklogs(): Record<string, number> {
    const count = (map: Map<string, number[]>, id: string) =>
      [...map].filter(([name]) => name.startsWith(id)).reduce((sum, [, seqs]) => sum + seqs.length, 0);
    return Object.fromEntries(this.endpoints.map(({ id }) => [id, count(this.wanted, id) - count(this.delivered, id)]));
  }
}

it('any set of endpoints and filters gets exactly the wanted events once, in order, paused or not (MR-045, MR-070)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30, size: 'max' }), async (steps) => {
      const world = await new World().open();
      for (const now of steps) await world.take(now);
      expect(await world.backlogs()).toEqual(world.expectedBacklogs());
      await world.finish();
      const nonEmpty = (map: Map<string, number[]>) =>
        Object.fromEntries([...map].filter(([, seqs]) => seqs.length > 0));
      expect(nonEmpty(world.delivered)).toEqual(nonEmpty(world.wanted));
    }),
    { numRuns: 40 },
  );
  const findings = await findViolations(database.pool, { settledMs: 0, limit: 1_000 });
  expect(findings.filter(({ name }) => name.startsWith('delivery'))).toEqual([]);
}, 120_000);

it('a statement that appends events writes no row for further endpoints, however many there are', async () => {
  const { sessionId, workspaceId } = await seedSession(database.pool);
  await database.pool.query(
    `INSERT INTO webhooks (id, endpoint_id, source_session_id, workspace_id, url, events, secret, cursor)
     SELECT gen.id, gen.id, $1, $2, 'http://x', '{*}', 'x', 0 FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 10)) AS gen`,
    [sessionId, workspaceId],
  );
  await database.pool.query(
    `INSERT INTO webhooks (id, session_id, url, events, secret) VALUES ($1, $2, 'http://x', '{*}', 'x')`,
    [newId(), sessionId],
  );
  const type: EventType = 'session.status';
  const { rows } = await database.pool.query<Appended>(
    `WITH new_events AS (SELECT $1::uuid AS session_id, NULL::bigint AS epoch, 1 AS ord, $2::text AS type, $3::jsonb AS data),
     ${APPEND_EVENTS} SELECT ${APPENDED_COLUMNS}`,
    [sessionId, type, EVENTS[type].example],
  );
  expect(rows[0]!.webhooks).toHaveLength(11);
  const written = await database.pool.query('SELECT 1 FROM webhook_deliveries WHERE session_id = $1', [sessionId]);
  expect(written.rowCount).toBe(1);
});
