import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GatewayClient } from '../harness/gateway-client.ts';
import type { ManagedProcess } from '../harness/managed-process.ts';
import { type Mood, MoodyReceiver } from '../harness/moody-receiver.ts';
import { addPhone, type PairedSession, pairSession, registerTenant } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

/**
 * Shortened, because all tests together must not take long. In full, with counts: `OUTAGE_SECONDS=120
 * OUTAGE_EVENTS=600 npm test -- --project e2e apps/e2e/scenarios/webhook-outages.test.ts`.
 */
const OUTAGE_S = Number(process.env.OUTAGE_SECONDS ?? 16);
const EVENTS = Number(process.env.OUTAGE_EVENTS ?? 120);
const isFull = OUTAGE_S >= 60;
const KILL_EVERY_S = 10;
/** A process that was killed holds its webhooks for so long: the last one is killed before. */
const TAKEOVER_S = 13;
/** What the database believes to have passed meanwhile. */
const AGED_S = 2 * 3_600;
const FIRST_EVENTS = 5;
const TIMEOUT_MS = (OUTAGE_S + 180) * 1_000;
/** An endpoint that answers is probed every 30 s, with up to a fifth more. */
const PROBE_S = 36;

/** The API in one process, and the deliveries in another, which is killed. */
const system = useSystem({
  workers: 1,
  gateways: 2,
  adapt: async (spec) => {
    if (!spec.name.startsWith('gateway')) return spec;
    return { ...spec, env: { ...spec.env, ROLE: spec.name === 'gateway-1' ? 'api' : 'jobs' } };
  },
});

/** Moods during the outage, by the name of the receiver. */
const OUTAGES = {
  away: 'away',
  reset: 'reset',
  garbage: 'garbage',
  hang: 'hang',
  error: 500,
  unavailable: 503,
  busy: 429,
  locked: 401,
  moved: 302,
  gone: 'away',
} as const satisfies Record<string, Mood>;
type Name = keyof typeof OUTAGES;
const NAMES = Object.keys(OUTAGES) as Name[];
/** What takes everything at any time, in its way. */
const SOUND = { usual: 'takes', slow: 'slow', huge: 'huge' } as const satisfies Record<string, Mood>;

let api: GatewayClient;
let session: PairedSession;
let friend: Phone;
let jobs: ManagedProcess;
const receivers = new Map<string, MoodyReceiver>();
const webhookIds = new Map<string, string>();
let said = 0;

beforeAll(async () => {
  const tenant = await registerTenant(system());
  api = tenant.api;
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  jobs = system().process('gateway-2');
  for (const name of [...NAMES, ...Object.keys(SOUND)]) {
    const receiver = await MoodyReceiver.start();
    const json = { url: receiver.url, events: ['message.received'], name };
    const { webhook } = await api.data<{ webhook: { id: string; secret: string } }>(
      `/api/sessions/${session.sessionId}/webhooks`,
      { method: 'POST', json },
    );
    system().secrets.add(webhook.secret);
    receiver.secret = webhook.secret;
    receivers.set(name, receiver);
    webhookIds.set(name, webhook.id);
  }
  for (const [name, mood] of Object.entries(SOUND)) receivers.get(name)!.mood = mood;
});
afterAll(() => Promise.all([...receivers.values()].map((receiver) => receiver.close())));

async function say(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    said += 1;
    await system().sandbox.sendText(friend.number, session.phone.number, `message ${said}`);
  }
}

const texts = (name: string) => new Set(receivers.get(name)!.taken.map(({ text }) => text));
const hasAll = (name: string) => texts(name).size === said;
const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

async function kill(meanwhile?: () => Promise<unknown>): Promise<void> {
  await jobs.stop({ signal: 'SIGKILL' });
  await meanwhile?.();
  await jobs.start();
}

/** Probes of two hours. */
const AGED_PROBES = 243;
/** Only a knock can bring a probe forward by so much. */
const KNOCK_SHOWS_S = 15;

/** Two hours pass for all that has happened and for all that is away. Leases and the next probe stay where they are. */
async function age(): Promise<void> {
  const { pool } = system().services;
  await pool.query(`UPDATE events SET created_at = created_at - interval '${AGED_S} s'`);
  const away = NAMES.filter((name) => OUTAGES[name] === 'away').map((name) => webhookIds.get(name));
  const { rowCount } = await pool.query(
    `UPDATE webhooks SET failing_since = failing_since - interval '${AGED_S} s', failed_probes = ${AGED_PROBES}
     WHERE id = ANY($1::uuid[]) AND failing_since IS NOT NULL`,
    [away],
  );
  expect(rowCount, 'webhooks that are known to be away').toBe(away.length);
}

interface Hold {
  leasedBy: string;
  /** By a process that lives, which has probed in vain and is to probe again in a while. */
  isFresh: boolean;
}
async function holdOfAway(): Promise<Hold> {
  const { rows } = await system().services.pool.query<Hold>(
    `SELECT leased_by AS "leasedBy", coalesce(leased_until > now() AND failed_probes > ${AGED_PROBES}
       AND probe_at > now() + interval '${KNOCK_SHOWS_S} s', false) AS "isFresh" FROM webhooks WHERE id = $1`,
    [webhookIds.get('away')],
  );
  return rows[0]!;
}

interface Health {
  state: string;
  failingSince: string | null;
  backlog: { count: number; oldestAgeSeconds: number | null };
}
const healthOf = async (name: string) =>
  (await api.data<{ webhook: Health }>(`/api/webhooks/${webhookIds.get(name)}`)).webhook;

/** Every message as one event, in order; copies have its id. */
function expectInOrder(name: string): void {
  const { firsts, taken, problems } = receivers.get(name)!;
  expect(problems, name).toEqual([]);
  expect(firsts, `events of ${name}`).toHaveLength(said);
  expect(firsts, `order of ${name}`).toEqual(firsts.toSorted((a, b) => a - b));
  expect(new Set(taken.map(({ id, seq }) => `${id} ${seq}`)).size, `ids of ${name}`).toBe(firsts.length);
}

const report: string[] = [];
afterAll(() => {
  if (isFull) console.info(report.join('\n'));
});

describe('receivers that take nothing for a while (MR-099)', () => {
  test(
    'get everything in order when they are back, and the others have it meanwhile',
    async () => {
      await say(FIRST_EVENTS);
      for (const name of receivers.keys())
        await waitFor(() => hasAll(name), { what: `${name} to have the first events` });
      const counts = new Map([...receivers].map(([name, { requests }]) => [name, requests]));
      await Promise.all(NAMES.map((name) => receivers.get(name)!.become(OUTAGES[name])));

      const begun = performance.now();
      const ends = begun + OUTAGE_S * 1_000;
      const saying = say(EVENTS);
      // In the middle of what the others get, and when what is away is known to be.
      await waitFor(() => texts('usual').size >= FIRST_EVENTS + EVENTS / 4, {
        everyMs: 5,
        what: 'a part of the events',
      });
      await waitFor(async () => (await healthOf('away')).state === 'down', { what: 'what is away to be down' });
      await waitFor(async () => (await healthOf('gone')).state === 'down', { what: 'what will be gone to be down' });
      let leasedBy = '';
      const noteLease = async () => {
        ({ leasedBy } = await holdOfAway());
      };
      await kill(() => Promise.all([age(), noteLease()]));
      let kills = 1;
      for (let next = begun; ; kills += 1) {
        next += KILL_EVERY_S * 1_000;
        if (next + TAKEOVER_S * 1_000 > ends) break;
        await sleep(Math.max(0, (next - performance.now()) / 1_000));
        await kill(noteLease);
      }
      await saying;
      for (const name of Object.keys(SOUND))
        await waitFor(() => hasAll(name), { what: `${name} to have all meanwhile` });
      await sleep(Math.max(0, (ends - performance.now()) / 1_000));
      // Who takes over leaves alone what is away until its next probe, and knocks from then on.
      const isTakenOver = async () => {
        const hold = await holdOfAway();
        return hold.isFresh && hold.leasedBy !== leasedBy;
      };
      await waitFor(isTakenOver, {
        timeoutMs: (TAKEOVER_S + PROBE_S + 24) * 1_000,
        what: 'what is away to be taken over',
      });

      const { state, failingSince, backlog } = await healthOf('away');
      expect({ state, count: backlog.count }).toEqual({ state: 'down', count: EVENTS });
      expect(backlog.oldestAgeSeconds).toBeGreaterThanOrEqual(AGED_S);
      expect(Date.now() - Date.parse(failingSince!)).toBeGreaterThanOrEqual(AGED_S * 1_000);
      for (const name of NAMES) expect(texts(name).size, name).toBe(FIRST_EVENTS);
      const triesOf = (name: Name) => receivers.get(name)!.requests - counts.get(name)!;
      const tries = new Map(NAMES.map((name) => [name, triesOf(name)]));
      // An endpoint is asked now and then, and not once for each event.
      for (const [name, count] of tries) expect(count, `attempts at ${name}`).toBeLessThanOrEqual(20 + OUTAGE_S / 4);

      const back = performance.now();
      await Promise.all(NAMES.map((name) => receivers.get(name)!.become(name === 'gone' ? 410 : 'takes')));
      await waitFor(() => hasAll('away'), { timeoutMs: 20_000, what: 'what was away to have all' });
      const awayTook = performance.now() - back;
      const outage = ((back - begun) / 1_000).toFixed(0);
      report.push(`${EVENTS} events, ${outage} s and ${AGED_S / 3_600} h away, the process killed ${kills} times`);
      for (const name of NAMES.filter((name) => name !== 'gone')) {
        await waitFor(() => hasAll(name), { timeoutMs: (PROBE_S + 24) * 1_000, what: `${name} to have all` });
        expectInOrder(name);
        const missed = receivers.get(name)!.taken.filter(({ at }) => at >= back);
        const [first, last] = [missed[0]!, missed.at(-1)!].map(({ at }) => ((at - back) / 1_000).toFixed(1));
        const copies = receivers.get(name)!.taken.length - said;
        report.push(
          `${name}: ${tries.get(name)} attempts meanwhile; back, from ${first} to ${last} s; ${copies} copies`,
        );
      }
      for (const name of Object.keys(SOUND)) {
        expectInOrder(name);
        report.push(`${name}: ${receivers.get(name)!.taken.length - said} copies`);
      }
      expect(awayTook, 'until what was away had all').toBeLessThan(10_000);
    },
    TIMEOUT_MS,
  );

  test('one that says 410 is switched off, keeps what it has missed, and gets it on demand (MR-046)', async () => {
    const path = `/api/webhooks/${webhookIds.get('gone')}`;
    await waitFor(async () => (await healthOf('gone')).state === 'off', {
      timeoutMs: (PROBE_S + 24) * 1_000,
      what: 'it to be off',
    });
    const { deliveries } = await api.data<{ deliveries: { status: string }[] }>(
      `${path}/deliveries?status=failed&limit=200`,
    );
    expect(deliveries).toHaveLength(Math.min(200, said - FIRST_EVENTS));
    await receivers.get('gone')!.become('takes');
    await api.data(path, { method: 'PATCH', json: { isActive: true } });
    const { replayed } = await api.data<{ replayed: number }>(`${path}/replay`, { method: 'POST', json: {} });
    expect(replayed).toBe(said - FIRST_EVENTS);
    await waitFor(() => hasAll('gone'), { what: 'all that it has missed' });
    expectInOrder('gone');
    const again = receivers.get('gone')!.taken.slice(FIRST_EVENTS);
    expect(again.every(({ isReplay }) => isReplay)).toBe(true);
  });

  // The first test kills it in the same way. Here all receivers take events meanwhile.
  if (isFull) {
    test(
      'a process that is killed while it delivers loses nothing, and copies have the same id',
      async () => {
        const before = said;
        const saying = say(EVENTS);
        await waitFor(() => texts('usual').size >= before + EVENTS / 2, { everyMs: 5, what: 'a half of them' });
        await kill();
        await saying;
        for (const name of receivers.keys()) await waitFor(() => hasAll(name), { what: `${name} to have all` });
        for (const name of receivers.keys()) expectInOrder(name);
        const copies = [...receivers.values()].map(({ taken }) => taken.length - said);
        report.push(`killed once more while all take events: ${copies.join(', ')} copies since the beginning`);
      },
      TIMEOUT_MS,
    );
  }
});

expectSoundSystem(system);
