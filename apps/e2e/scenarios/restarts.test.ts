import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  waitForStatus,
} from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, expectSoundWire, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

const system = useSystem({ workers: 1 });
let session: PairedSession;
let friend: Phone;
let webhook: WebhookReceiver;
let devices: unknown;

beforeAll(async () => {
  const tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  webhook = await subscribe(tenant, session.sessionId);
  friend = await addPhone(system(), 'Friend');
  devices = await system().sandbox.devices(session.phone.number);
  // Traffic both ways first, so that there are ratchets that could be lost.
  await exchange('before');
});
afterAll(() => webhook?.close());

const queue = (message: string) =>
  session.api.send(session.sessionId, { to: friend.number, type: 'text', message }, { wait: 'queued' });
const say = (text: string) => system().sandbox.sendText(friend.number, session.phone.number, text);

const atPhone = (text: string) =>
  waitFor(async () => (await system().sandbox.inbox(friend.number)).find((message) => message.text === text), {
    what: `"${text}" at the phone`,
  });
const atWebhook = (text: string) => webhook.waitForEvent('message.received', ({ data }) => data.text === text);

async function exchange(text: string): Promise<void> {
  await queue(`out ${text}`);
  await say(`in ${text}`);
  await Promise.all([atPhone(`out ${text}`), atWebhook(`in ${text}`)]);
}

/** Checks that the session is the same companion as before, that nothing was lost, and that both directions work. */
async function expectSurvived(text: string): Promise<void> {
  await waitForStatus(session.api, session.sessionId, 'connected');
  await exchange(`after ${text}`);
  expect(await system().sandbox.devices(session.phone.number)).toEqual(devices);
  expect(webhook.events.filter(({ event }) => event === 'qr.generated')).toEqual([]);
  const received = webhook.events.filter(({ event }) => event === 'message.received').map(({ data }) => data.text);
  expect(received).toEqual([...new Set(received)]);
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a worker ends by %s: what was said meanwhile, both ways, arrives',
  async (signal) => {
    const worker = system().process('worker-1');
    await worker.stop({ signal });
    expect(await queue(`out during ${signal}`)).toMatchObject({ status: 202 });
    await say(`in during ${signal}`);
    await worker.start();
    await Promise.all([atPhone(`out during ${signal}`), atWebhook(`in during ${signal}`)]);
    await expectSurvived(signal);
  },
);

test('a worker is killed with sends in flight: each message is shown once at the phone', async () => {
  const texts = Array.from({ length: 30 }, (_, index) => `flight ${index}`);
  const sends = texts.map((text) => queue(text));
  await atPhone(texts[3]!);
  await system().restart('worker-1', 'SIGKILL');
  expect((await Promise.all(sends)).map(({ status }) => status)).toEqual(texts.map(() => 202));
  for (const text of texts) await atPhone(text);
  const shown = (await system().sandbox.inbox(friend.number))
    .map(({ text }) => text)
    .filter((text) => texts.includes(text!));
  expect(shown).toHaveLength(texts.length);
  expect(new Set(shown)).toEqual(new Set(texts));
  await expectSurvived('flight');
});

/** Who holds the ratchet of a contact: its number or its LID, as the worker has stored it. */
async function ratchetsOf(friends: readonly Phone[]): Promise<{ byNumber: number; byLid: number }> {
  const { rows } = await system().services.pool.query<{ id: string }>(
    "SELECT k.key_id AS id FROM session_keys k JOIN sessions s ON s.id = k.session_id WHERE s.slug = $1 AND k.kind = 'session'",
    [session.sessionId],
  );
  const stored = new Set(rows.map(({ id }) => id));
  const count = (nameOf: (phone: Phone) => string) => friends.filter((phone) => stored.has(nameOf(phone))).length;
  return { byNumber: count(({ number }) => `${number}.0`), byLid: count(({ lid }) => `${lid}_1.0`) };
}

test('WhatsApp tells the LIDs of numbers right after a restart, under traffic both ways: no key twice, all is read at once (I4, MR-136)', async () => {
  const { sandbox } = system();
  const friends = await Promise.all(['Ann', 'Ben', 'Cleo', 'Dan'].map((name) => addPhone(system(), name)));
  const hide = (hidesLid: boolean) =>
    Promise.all(friends.map(({ number }) => sandbox.updatePhone(number, { hidesLid })));
  const texts: string[] = [];
  /** Each friend writes and is written to, all at once. */
  const burst = (name: string, count: number) =>
    Promise.all(
      friends.flatMap(({ number, name: friendName }) =>
        Array.from({ length: count }, async (_, n) => {
          const text = `${name} ${friendName} ${n}`;
          texts.push(text);
          const addressing = n % 2 === 0 ? 'pn' : 'lid';
          const naming = name === 'numbers alone' ? {} : { addressing };
          await Promise.all([
            session.api.send(session.sessionId, { to: number, type: 'text', message: text }, { wait: 'queued' }),
            sandbox.send(number, { to: session.phone.number, type: 'text', text, ...naming }),
          ]);
        }),
      ),
    );
  const arrived = async () => {
    const shown = await Promise.all(friends.map(({ number }) => sandbox.inbox(number)));
    await Promise.all(texts.map(atWebhook));
    return texts.every((text) => shown.flat().some((message) => message.text === text && !message.fromMe));
  };
  await hide(true);
  await burst('numbers alone', 2);
  await waitFor(arrived, { what: 'what was said by number' });
  expect(await ratchetsOf(friends)).toEqual({ byNumber: friends.length, byLid: 0 });
  const unreadBefore = (await sandbox.unreadable()).length;

  const worker = system().process('worker-1');
  await worker.stop({ signal: 'SIGKILL' });
  await hide(false);
  await burst('worker away', 5);
  await Promise.all([worker.start(), burst('worker starts', 5)]);
  await burst('worker there', 5);
  await waitFor(arrived, { what: 'all that was said, both ways' });

  expect(await ratchetsOf(friends)).toEqual({ byNumber: 0, byLid: friends.length });
  expect((await sandbox.unreadable()).length).toBe(unreadBefore);
  expect(webhook.events.filter(({ event }) => event === 'message.undecryptable')).toEqual([]);
  await expectSoundWire(system());
  for (const { number, lid } of friends) {
    const found = await session.api.wa.contacts.get({ id: number });
    expect(found).toMatchObject({ phoneNumber: `+${number}`, lid: `${lid}@lid` });
  }
  await expectSurvived('the LIDs');
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'the sandbox ends by %s and comes back: the session reconnects',
  async (signal) => {
    await expectSoundWire(system());
    const sandbox = system().process('sandbox');
    await sandbox.stop({ signal });
    expect(await queue(`out without WhatsApp ${signal}`)).toMatchObject({ status: 202 });
    await sandbox.start();
    await atPhone(`out without WhatsApp ${signal}`);
    await expectSurvived(`sandbox ${signal}`);
  },
);

test('the gateway ends and comes back: the session did not notice', async () => {
  const opened = webhook.events.filter(({ event }) => event === 'connection.open').length;
  const gateway = system().process('gateway-1');
  await gateway.stop();
  await say('in without a gateway');
  await gateway.start();
  await atWebhook('in without a gateway');
  await expectSurvived('gateway');
  expect(webhook.events.filter(({ event }) => event === 'connection.open')).toHaveLength(opened);
});

expectSoundSystem(system);
