import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { promisify } from 'node:util';
import type { Broadcast } from '@wa-gate/contracts';
import { beforeAll, expect, test } from 'vitest';
import type { GatewayClient } from '../harness/gateway-client.ts';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import { repositoryFile } from '../harness/repository.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { runBroadcast, setPacing } from '../load/broadcast/run-broadcast.ts';

const system = useSystem({ workers: 2, gateways: 2 });
let tenant: Tenant;
let session: PairedSession;
let ann: Phone;
let ben: Phone;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  await setPacing(tenant.api, session.sessionId, { mode: 'off' });
  [ann, ben] = [await addPhone(system(), 'Ann'), await addPhone(system(), 'Ben')];
});

const textsAt = async (phone: Phone) => (await system().sandbox.inbox(phone.number)).map(({ text }) => text);

test('a broadcast to many over five sessions, workers and gateways killed on the way: each gets it once (MR-041, MR-043, MR-103)', async () => {
  const outcome = await runBroadcast(system(), { recipients: 200, sessions: 5, killEveryMs: 1_000, maxKills: 2 });
  expect(outcome).toMatchObject({ notOnce: [], setBacks: 0, countsAreRows: true, status: 'completed', sent: 200 });
  expect(outcome.kills).toBeGreaterThan(0);
}, 240_000);

/** One session with a gap, a broadcast that it sends, and what of it phones show. */
async function startSlow(names: string) {
  const shop = await pairSession(system(), tenant);
  const limits = { jitter: 0, warmUp: false, firstContactsPerDay: null, firstContactsPerHour: null, riskGuard: null };
  await setPacing(tenant.api, shop.sessionId, { broadcastGapMs: 400, ...limits });
  const phones = await Promise.all(Array.from({ length: 8 }, (_, n) => addPhone(system(), `${names} ${n}`)));
  const recipients = phones.map(({ number }) => `+${number}`);
  const json = { message: `For ${names}`, sessionIds: [shop.sessionId], recipients, start: true };
  const { broadcastId } = await tenant.api.wa.broadcasts.create({ body: json });
  const gateways = system().gateways.map(({ url }) => system().gatewayAt(url).as(tenant.apiKey));
  const read = () => tenant.api.wa.broadcasts.get({ id: broadcastId });
  return {
    shop,
    broadcastId,
    gateways,
    read,
    untilSent: (count: number) =>
      waitFor(async () => (await read()).counts.sent >= count, { everyMs: 20, what: `${count} to be sent` }),
    /** The numbers of those who have it, each as often as it is shown. */
    shown: async () =>
      (
        await Promise.all(
          phones.map(async (phone) =>
            (await textsAt(phone)).filter((words) => words === `For ${names}`).map(() => `+${phone.number}`),
          ),
        )
      ).flat(),
    sentTo: async () =>
      (await tenant.api.wa.broadcasts.report({ id: broadcastId, state: 'sent' })).recipients.map(
        ({ recipient }) => recipient,
      ),
  };
}

test.each([
  ['before the first', 0],
  ['in the middle', 3],
  ['at the last', 7],
])(
  'cancelled %s, at once by two gateways: phones show what the report says was sent, once, and nothing after it (MR-041, MR-043)',
  async (when, sent) => {
    const { shop, broadcastId, gateways, read, untilSent, shown, sentTo } = await startSlow(`those ${when}`);
    await untilSent(sent);
    const cancel = (gateway: GatewayClient) =>
      gateway.call<{ data?: Broadcast; code?: string }>(`/api/broadcast/${broadcastId}/cancel`, { method: 'POST' });
    const answers = await Promise.all(gateways.map(cancel));
    // The last one may have left before: then the broadcast is completed, and both say so.
    const isLate = sent === 7 && (await read()).status === 'completed';
    expect(answers.map(({ status, body }) => body.data?.status ?? [status, body.code])).toEqual(
      answers.map(() => (isLate ? [409, 'BROADCAST_STATE'] : 'cancelled')),
    );
    await waitFor(async () => (await read()).isSettled, { what: 'what was in flight' });
    // Whatever waited in the session before this message would be shown before it.
    const single = `After those ${when}`;
    await tenant.api.wa.session(shop.sessionId).sendText(ann.number, single);
    await waitFor(async () => (await textsAt(ann)).includes(single));
    const { counts } = await read();
    expect((await shown()).toSorted()).toEqual((await sentTo()).toSorted());
    expect([counts.total, counts.sent + counts.cancelled]).toEqual([8, 8]);
    expect(counts.sent).toBeGreaterThanOrEqual(sent);
    if (sent < 7) expect(counts.cancelled).toBeGreaterThan(0);
    for (const gateway of gateways)
      expect((await gateway.wa.broadcasts.get({ id: broadcastId })).counts).toEqual(counts);
  },
);

test('paused, then workers and a gateway killed, then resumed: phones show nothing in between, and each shows it once (MR-041, MR-043)', async () => {
  const { shop, broadcastId, read, untilSent, shown } = await startSlow('those who wait');
  await untilSent(2);
  await tenant.api.wa.broadcasts.pause({ id: broadcastId });
  const paused = await waitFor(
    async () => {
      const found = await read();
      return found.counts.queued === 0 ? found : undefined;
    },
    { what: 'what was in flight' },
  );
  // A phone shows a message after WhatsApp has acknowledged it.
  const before = await waitFor(
    async () => {
      const texts = await shown();
      return texts.length >= paused.counts.sent ? texts : undefined;
    },
    { what: 'what was sent to be shown' },
  );
  expect([paused.status, before.length, paused.counts.pending]).toEqual([
    'paused',
    paused.counts.sent,
    8 - before.length,
  ]);
  const [first, second] = system().workers;
  for (const { name } of [first!, second!, system().gateways[1]!]) await system().restart(name, 'SIGKILL');
  const send = () => tenant.api.wa.session(shop.sessionId).sendText(ann.number, 'While it is paused');
  await waitForStatus(tenant.api, shop.sessionId, 'connected');
  expect((await send()).status).toBe('sent');
  expect(await shown()).toEqual(before);
  expect((await read()).counts).toEqual(paused.counts);
  await tenant.api.wa.broadcasts.resume({ id: broadcastId });
  await waitFor(async () => (await read()).status === 'completed', { what: 'the rest' });
  const all = await shown();
  expect([all.length, new Set(all).size]).toEqual([8, 8]);
});

test('a broadcast is paused when WhatsApp warns the account, says why, and goes on by hand; single messages go on (MR-041, MR-097)', async () => {
  const { sandbox } = system();
  const shop = await pairSession(system(), tenant);
  const settings = { broadcastGapMs: 1_000, jitter: 0, warmUp: false, firstContactsPerHour: null, riskGuard: 25 };
  await setPacing(tenant.api, shop.sessionId, settings);
  await sandbox.detectSpam({ firstWarning: 1.5, secondWarning: 2.5, restricted: 1_000 });
  try {
    const phones = await Promise.all(Array.from({ length: 60 }, (_, n) => addPhone(system(), `Stranger ${n}`)));
    const recipients = phones.map(({ number }) => `+${number}`);
    const json = { message: 'Our shop is open', sessionIds: [shop.sessionId], recipients, start: true };
    const { broadcastId } = await tenant.api.wa.broadcasts.create({ body: json });
    const paused = await waitFor(
      async () => {
        const broadcast = await tenant.api.wa.broadcasts.get({ id: broadcastId });
        return broadcast.status === 'paused' && broadcast.counts.queued === 0 ? broadcast : undefined;
      },
      { what: 'the guard to pause the broadcast' },
    );
    expect(paused).toMatchObject({ waitsFor: 'at_risk', reason: expect.stringContaining(shop.sessionId) });
    expect(paused.counts.pending).toBeGreaterThan(0);
    const risk = await tenant.api.wa.sessions.getRisk({ id: shop.sessionId });
    expect(risk.guard).toMatchObject({ threshold: 25, isTriggered: true });
    expect(risk.reasons.map(({ signal }) => signal)).toContain('capped');
    const sent = await tenant.api.wa.session(shop.sessionId).sendText(ann.number, 'You asked for this');
    expect(sent.status).toBe('sent');
    const resumed = await tenant.api.wa.broadcasts.resume({ id: broadcastId });
    expect(resumed).toMatchObject({ status: 'running', waitsFor: null });
    const isGoingOn = async () =>
      (await tenant.api.wa.broadcasts.get({ id: broadcastId })).counts.sent > paused.counts.sent;
    await waitFor(isGoingOn, { what: 'the broadcast to go on' });
    await tenant.api.wa.broadcasts.cancel({ id: broadcastId });
  } finally {
    await sandbox.detectSpam(null);
  }
});

/** Bytes of memory of the first gateway now. */
const rss = (): number => {
  const status = readFileSync(`/proc/${system().gateways[0]!.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1_024;
};
const draft = async () => {
  const json = { message: 'Hello {{name}}', sessionIds: [session.sessionId] };
  return (await tenant.api.wa.broadcasts.create({ body: json })).broadcastId;
};
const importCsv = (id: string, body: string) =>
  tenant.api.wa.broadcasts.importRecipients({ id, body }, { timeoutMs: 120_000 });

test('a list of 100 000 rows is stored with flat memory, and each of its bad rows is told (MR-041)', async () => {
  const rows = (count: number) =>
    Array.from({ length: count }, (_, n) =>
      n % 1_000 === 999 ? 'nobody;"x"' : `+62811${1_000_000 + n};"Person\n${n}"`,
    );
  await importCsv(await draft(), `phone;name\n${rows(20_000).join('\n')}\n`);
  const id = await draft();
  const before = rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, rss());
  }, 20);
  const added = await importCsv(id, `\ufeffsep=;\r\nphone;name\r\n${rows(100_000).join('\r\n')}\r\n`);
  clearInterval(watch);
  expect(added).toMatchObject({ added: 99_900, duplicates: 0, refused: 100, total: 100_000 });
  // A header after the line for Excel, and two lines for each row with a line break in its name.
  expect(added.refusals[0]).toMatchObject({ line: 2 + 999 * 2 + 1 });
  expect(Math.round((most - before) / 1_048_576), 'MB more').toBeLessThan(30);
}, 180_000);

test('a file of a gigabyte is refused by its length, before it is sent (MR-041)', async () => {
  const call = request(`${system().gateways[0]!.url}/api/broadcast/${await draft()}/recipients/import`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tenant.apiKey}`,
      'content-type': 'text/csv',
      'content-length': String(1024 ** 3),
    },
  });
  const answered = new Promise<number>((resolve, reject) => {
    call.on('response', ({ statusCode }) => resolve(statusCode!));
    call.on('error', reject);
  });
  call.write('phone\n');
  expect(await answered).toBe(413);
  call.destroy();
});

test('every command of docs/campaigns.md runs as it stands (MR-199)', async () => {
  const text = await readFile(repositoryFile('docs/campaigns.md'), 'utf8');
  const script = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block).join('\n');
  const env = {
    ...process.env,
    BASE: system().gateways[0]!.url,
    TOKEN: tenant.apiKey,
    SESSION: session.sessionId,
    ANN: `+${ann.number}`,
    BEN: `+${ben.number}`,
  };
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { env, timeout: 60_000 });
  expect(stdout).toContain('Hello Ann, order 4711 is ready.');
  expect(stdout).toContain('Rooms are free from nine to five, friend.');
  await waitFor(async () => (await textsAt(ben)).includes('Hello friend, order 4712 is ready.'));
});

test('somebody writes STOP, and then no broadcast comes; a keyword is answered by the one rule that fits (MR-071)', async () => {
  const say = (phone: Phone, words: string) => system().sandbox.sendText(phone.number, session.phone.number, words);
  await tenant.api.wa.rules.create({
    body: { name: 'Rooms', match: 'contains', patterns: ['lihat ruang'], reply: 'Room A is free.' },
  });
  await say(ann, 'stop!');
  await waitFor(async () => (await textsAt(ann)).some((words) => words?.includes('No more news')));
  await say(ben, 'Mau LIHAT ruang');
  await waitFor(async () => (await textsAt(ben)).includes('Room A is free.'));
  const json = {
    message: 'News',
    sessionIds: [session.sessionId],
    recipients: [ann.number, ben.number],
    start: true,
  };
  const { broadcastId } = await tenant.api.wa.broadcasts.create({ body: json });
  const done = await waitFor(async () => {
    const found = await tenant.api.wa.broadcasts.get({ id: broadcastId });
    return found.status === 'completed' ? found : undefined;
  });
  expect(done.counts).toMatchObject({ sent: 1, skipped: 1 });
  expect(await textsAt(ann)).not.toContain('News');
  expect((await textsAt(ben)).filter((words) => words === 'News' || words === 'Room A is free.')).toHaveLength(2);
});

expectSoundSystem(system);
