import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { setPacing } from '../load/broadcast/run-broadcast.ts';

const AHEAD_MS = 90_000;
/** Loaded before everything else of a process: its clock is ahead of all others. */
const SKEWED_CLOCK = `data:text/javascript,${encodeURIComponent(`
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...given) { given.length === 0 ? super(Real.now() + ${AHEAD_MS}) : super(...given); }
    static now() { return Real.now() + ${AHEAD_MS}; }
  };`)}`;

const system = useSystem({
  workers: 1,
  gateways: 2,
  adapt: async (spec) =>
    spec.name === 'gateway-2' ? { ...spec, nodeFlags: [...(spec.nodeFlags ?? []), '--import', SKEWED_CLOCK] } : spec,
});
let tenant: Tenant;
let session: PairedSession;
let readers: Phone[];

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  await setPacing(tenant.api, session.sessionId, { mode: 'off' });
  readers = await Promise.all(Array.from({ length: 5 }, (_, n) => addPhone(system(), `Reader ${n}`)));
});

const databaseNow = async (): Promise<number> =>
  (await system().services.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now')).rows[0]!.now.getTime();

test('200 messages for one instant by two gateways, one with a clock 90 s ahead, while the session is away: each leaves once, after it (MR-034, I8, I12)', async () => {
  const [first, second] = system().gateways.map(({ url }) => system().gatewayAt(url).as(tenant.apiKey));
  const health = await fetch(`${system().gateways[1]!.url}/health`);
  const { timestamp } = (await health.json()) as { timestamp: string };
  expect(Date.parse(timestamp) - Date.now()).toBeGreaterThan(AHEAD_MS - 10_000);

  // By the second gateway's clock this is over, for longer than what is sent at once.
  const at = (await databaseNow()) + 15_000;
  const scheduledAt = new Date(at).toISOString();
  const schedule = async (client: NonNullable<typeof first>, name: string) => {
    const messages = Array.from({ length: 100 }, (_, n) => ({
      to: readers[n % readers.length]!.number,
      message: `${name} ${n}`,
      scheduledAt,
    }));
    const json = { sessionId: session.sessionId, messages };
    const answer = await client.data<{ accepted: number }>('/api/messages/bulk', { method: 'POST', json });
    expect(answer.accepted).toBe(100);
  };
  await Promise.all([schedule(first!, 'first'), schedule(second!, 'second')]);

  const worker = system().workers[0]!;
  await worker.stop({ signal: 'SIGKILL' });
  const shown = async () =>
    (await Promise.all(readers.map(({ number }) => system().sandbox.inbox(number))))
      .flat()
      .filter(({ fromMe }) => !fromMe);
  await waitFor(async () => (await databaseNow()) > at + 1_000, { what: 'the time of the messages to pass' });
  expect(await shown()).toEqual([]);
  await worker.start();
  await waitFor(async () => (await shown()).length >= 200, { what: 'all messages at the phones' });
  await sleep(500);
  const texts = (await shown()).map(({ text }) => text);
  expect(texts).toHaveLength(200);
  expect(new Set(texts).size).toBe(200);
  const { rows } = await system().services.pool.query<{ early: number; sent: number }>(
    `SELECT (count(*) FILTER (WHERE wire_at < $2))::int AS early, (count(*) FILTER (WHERE m.state >= 'SENT'))::int AS sent
     FROM messages m JOIN sessions s ON s.id = m.session_id WHERE s.slug = $1 AND m.from_me`,
    [session.sessionId, new Date(at)],
  );
  expect(rows[0]).toEqual({ early: 0, sent: 200 });
});

expectSoundSystem(system);
