import { readSessionKind, releaseSession } from '@wa-gate/cluster';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

interface Summary {
  stanzas: { in: Record<string, number> };
  keys: { reused: number };
  violations: { total: number };
  overlaps: { bothSent: number };
}

const textsAt = async (number: string) => (await world.sandbox.inbox(number)).map(({ text }) => text);
const received = (sessionId: string, count = 1) =>
  waitFor(
    async () => {
      const events = await world.events(sessionId, 'message.received');
      return events.length >= count ? events : false;
    },
    { what: `${count} received messages` },
  );
const stanzasIn = async () => (await world.sandbox.recorder<Summary>('summary')).stanzas.in;
/** Counts of the stanzas from clients, once they have stopped growing: the queries after a login must not count. */
async function quiet(): Promise<Record<string, number>> {
  let last = '';
  return waitFor(
    async () => {
      const before = last;
      const counts = await stanzasIn();
      last = JSON.stringify(counts);
      return last === before && counts;
    },
    { everyMs: 200, what: 'a quiet moment' },
  );
}
const deviceOf = async (number: string) => (await world.sandbox.devices(number))[0]!;

describe('linking', () => {
  it('by QR: sends, receives, and reports every step once and in order', async () => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone('Ann');
    await world.sandbox.configure(ann, { receipts: { deliveredMs: 20, readMs: 60 } });

    const { messageId, waMessageId } = await world.send(sessionId, ann, 'hello Ann');
    await world.waitForMessage(messageId, 'READ');
    expect(await world.sandbox.inbox(ann)).toMatchObject([{ id: waMessageId, text: 'hello Ann', wireCount: 1 }]);

    await world.sandbox.sendFrom(ann, { to: number, type: 'text', text: 'hello you' });
    const [event] = await received(sessionId);
    expect(event!.data).toMatchObject({ text: 'hello you', fromMe: false, senderName: 'Ann', type: 'text' });

    const events = await world.events(sessionId);
    // The name of the sender is learnt beside the message.
    const types = events.map(({ type }) => type).filter((type) => type !== 'contact.updated');
    expect(types).toEqual([
      'session.status',
      'qr.generated',
      'session.status',
      'session.status',
      'session.status',
      'connection.open',
      'session.status',
      'message.sent',
      'message.delivered',
      'message.read',
      'message.received',
    ]);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(await world.session(sessionId)).toMatchObject({ state: 'CONNECTED', phoneNumber: number, reason: null });
  });

  it('by a code that is entered on the phone', async () => {
    const sessionId = await world.createSession();
    const number = await world.sandbox.createPhone();
    const { code } = await (await world.actor(sessionId)).pairingCode(number);
    await world.waitForState(sessionId, 'PAIRING_CODE');
    await world.sandbox.enterCode(number, code);
    await world.waitForState(sessionId, 'CONNECTED');
  });

  it('refuses QR codes and pairing codes for a session that is linked', async () => {
    const { sessionId, number } = await world.createPaired();
    const actor = await world.actor(sessionId);
    await expect(actor.qr(1_000)).rejects.toMatchObject({ code: 'SESSION_ALREADY_PAIRED' });
    await expect(actor.pairingCode(number)).rejects.toMatchObject({ code: 'SESSION_ALREADY_PAIRED' });
  });

  it('gives receipts that let the sender see a second tick, without being "available"', async () => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    await world.sandbox.sendFrom(ann, { to: number, type: 'text', text: 'ping' });
    const [event] = await received(sessionId);
    const { device } = await deviceOf(number);
    const acks = await world.sandbox.recorder<{ acks: { id: string; type?: string | null }[] }>(
      `acks?device=${device}`,
    );
    const ack = acks.acks.find(({ id }) => id === event!.data.waMessageId);
    expect(ack?.type ?? 'delivered').not.toBe('inactive');
  });
});

describe('sending', () => {
  it('keeps the order of a session, and sends each message once', async () => {
    const { sessionId } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    const texts = Array.from({ length: 25 }, (_, n) => `text ${n}`);
    const sent = [];
    for (const text of texts) sent.push(await world.send(sessionId, ann, text));
    await world.waitForMessage(sent.at(-1)!.messageId, 'DELIVERED');
    expect(await textsAt(ann)).toEqual(texts);
    expect((await world.sandbox.inbox(ann)).every(({ wireCount }) => wireCount === 1)).toBe(true);
  });

  it('costs three stanzas per text once the contact is known: the message and the acks of its receipts', async () => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    await world.sandbox.greeted(number);
    await world.waitForMessage((await world.send(sessionId, ann, 'first')).messageId, 'DELIVERED');
    const before = await quiet();
    for (let n = 0; n < 5; n += 1) {
      await world.waitForMessage((await world.send(sessionId, ann, `text ${n}`)).messageId, 'DELIVERED');
    }
    const after = await stanzasIn();
    const counted = Object.fromEntries(
      Object.entries(after).flatMap(([tag, count]) =>
        count > (before[tag] ?? 0) ? [[tag, count - (before[tag] ?? 0)]] : [],
      ),
    );
    // Keep-alives belong to no message, and every connected session sends them.
    expect(Object.keys(counted).filter((tag) => tag.startsWith('iq') && tag !== 'iq:w:p')).toEqual([]);
    expect(counted.message).toBe(5);
  });

  it('to a number without an account fails at once, in plain words, and sends nothing', async () => {
    const { sessionId } = await world.createPaired();
    const { messageId } = await world.send(sessionId, '15559999999');
    const row = await world.waitForMessage(messageId, 'FAILED');
    expect(row.errorCode).toBe('RECIPIENT_NOT_ON_WHATSAPP');
    expect(row.errorMessage).toMatch(/not on WhatsApp/);
    expect((await world.events(sessionId, 'message.')).map(({ type }) => type)).toEqual(['message.failed']);
  });

  it('to a group reaches its members, and to a group of others fails', async () => {
    const { sessionId, number } = await world.createPaired();
    const [ann, bob] = [await world.sandbox.createPhone(), await world.sandbox.createPhone()];
    const group = await world.sandbox.post<{ id: string }>('/groups', {
      owner: ann,
      subject: 'Us',
      participants: [bob, number],
    });
    for (const text of ['one', 'two']) {
      await world.waitForMessage((await world.send(sessionId, group.id, text)).messageId, 'DELIVERED');
    }
    for (const member of [ann, bob]) expect(await textsAt(member)).toEqual(['one', 'two']);

    await world.sandbox.sendFrom(ann, { to: group.id, type: 'text', text: 'from Ann' });
    const [event] = await received(sessionId);
    expect(event!.data).toMatchObject({ chat: group.id, text: 'from Ann' });

    const foreign = await world.sandbox.post<{ id: string }>('/groups', {
      owner: ann,
      subject: 'Others',
      participants: [bob],
    });
    const { messageId } = await world.send(sessionId, foreign.id);
    expect((await world.waitForMessage(messageId, 'FAILED')).errorCode).toBe('GROUP_NOT_ACCESSIBLE');
  });

  it('by LID works like by number', async () => {
    const { sessionId } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    const { lid } = await world.sandbox.phone(ann);
    await world.waitForMessage((await world.send(sessionId, `${lid}@lid`, 'by lid')).messageId, 'DELIVERED');
    expect(await textsAt(ann)).toEqual(['by lid']);
  });

  it.each([
    ['nack', 'WA_STANZA_REJECTED'],
    ['rate-overlimit', 'WA_RATE_LIMITED'],
  ])('a refusal of the server (%s) is final and named', async (kind, code) => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    await world.sandbox.fault({ kind, device: (await deviceOf(number)).device });
    const { messageId } = await world.send(sessionId, ann);
    const row = await world.waitForMessage(messageId, 'FAILED');
    expect(row.errorCode).toBe(code);
  });

  it('answers a phone that could not read a message, also after a restart of the worker', async () => {
    const { sessionId } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    await world.waitForMessage((await world.send(sessionId, ann, 'first')).messageId, 'DELIVERED');
    await world.sandbox.configure(ann, { online: false });
    await world.sandbox.fault({ kind: 'unreadable', phone: ann });
    const { messageId } = await world.send(sessionId, ann, 'unreadable at first');
    await world.waitForMessage(messageId, 'SENT');
    await world.restartHost();
    await world.sandbox.configure(ann, { online: true });
    await world.waitForMessage(messageId, 'DELIVERED');
    expect(await textsAt(ann)).toEqual(['first', 'unreadable at first']);
  });
});

describe('receiving', () => {
  it('stores every kind with what it says', async () => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone('Ann');
    const data = Buffer.from('picture').toString('base64');
    await world.sandbox.sendFrom(ann, { to: number, type: 'image', data, mimetype: 'image/png', caption: 'look' });
    await world.sandbox.sendFrom(ann, { to: number, type: 'poll', name: 'Lunch?', options: ['A', 'B'] });
    await world.sandbox.sendFrom(ann, { to: number, type: 'location', latitude: 1.5, longitude: 2.5 });
    const events = await received(sessionId, 3);
    expect(events.map(({ data: { type, text } }) => [type, text])).toEqual([
      ['image', 'look'],
      ['poll', 'Lunch?'],
      ['location', undefined],
    ]);
  });

  it('keeps the order in which senders wrote, also of those that are new', async () => {
    const { sessionId, number } = await world.createPaired();
    const expected: string[] = [];
    for (const round of ['a', 'b', 'c', 'd', 'e']) {
      const stranger = await world.sandbox.createPhone();
      for (const turn of ['1', '2', '3']) {
        await world.sandbox.sendFrom(stranger, { to: number, type: 'text', text: round + turn });
        expected.push(round + turn);
      }
    }
    const events = await received(sessionId, expected.length);
    expect(events.map(({ data }) => data.text)).toEqual(expected);
  });

  it('brings what came while the session was away, once and in order', async () => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    await world.sandbox.fault({ kind: 'login-failure', device: (await deviceOf(number)).device, code: 503, count: 2 });
    await world.sandbox.fault({ kind: 'cut', device: (await deviceOf(number)).device });
    await waitFor(async () => (await world.events(sessionId, 'connection.close')).length === 1);
    for (const text of ['a', 'b', 'c']) await world.sandbox.sendFrom(ann, { to: number, type: 'text', text });
    await world.waitForState(sessionId, 'CONNECTED');
    const events = await received(sessionId, 3);
    expect(events.map(({ data }) => data.text)).toEqual(['a', 'b', 'c']);
  });

  it('shows what the account wrote on its own phone as its own', async () => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    await world.sandbox.sendFrom(number, { to: ann, type: 'text', text: 'typed on the phone' });
    const [event] = await waitFor(async () => {
      const events = await world.events(sessionId, 'message.sent');
      return events.length > 0 ? events : false;
    });
    expect(event!.data).toMatchObject({ text: 'typed on the phone', fromMe: true });
  });
});

describe('losing and finding the connection', () => {
  it.each([
    ['cut', {}],
    ['end-stream', {}],
    ['stream-error', { code: 503 }],
  ])('after %s it reconnects by itself and goes on sending', async (kind, fields) => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    await world.sandbox.fault({ kind, device: (await deviceOf(number)).device, ...fields });
    await waitFor(async () => (await world.events(sessionId, 'connection.close')).length === 1);
    const { messageId } = await world.send(sessionId, ann, 'after');
    await world.waitForMessage(messageId, 'DELIVERED');
    await world.waitForState(sessionId, 'CONNECTED');
  });

  it('a message whose connection broke before its ack goes out again under the same id', async () => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    await world.waitForMessage((await world.send(sessionId, ann, 'first')).messageId, 'SENT');
    const { device } = await deviceOf(number);
    // Otherwise the fault would drop an ack of the greeting.
    await world.sandbox.greeted(number);
    // A receipt would prove the delivery without the lost ack.
    await world.sandbox.configure(ann, { receipts: 'off' });
    await world.sandbox.fault({ kind: 'drop', device, direction: 'to', stanza: 'ack' });
    const { messageId, waMessageId } = await world.send(sessionId, ann, 'unsure');
    await waitFor(async () => (await textsAt(ann)).includes('unsure'));
    await world.sandbox.fault({ kind: 'cut', device });
    await world.waitForMessage(messageId, 'SENT');
    await waitFor(async () =>
      (await world.sandbox.inbox(ann)).some(({ id, wireCount }) => id === waMessageId && wireCount === 2),
    );
    expect((await textsAt(ann)).filter((text) => text === 'unsure')).toHaveLength(1);
  });

  it('survives a restart of the sandbox and one of the worker without a new QR code', async () => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    await world.sandbox.restart();
    await world.waitForMessage((await world.send(sessionId, ann, 'after the server')).messageId, 'DELIVERED');

    await world.restartHost();
    await world.waitForMessage((await world.send(sessionId, ann, 'after the worker')).messageId, 'DELIVERED');
    await world.sandbox.sendFrom(ann, { to: number, type: 'text', text: 'and back' });
    await received(sessionId);
    expect(await textsAt(ann)).toContain('after the worker');
    expect(await world.events(sessionId, 'qr.generated')).toHaveLength(1);
  });

  it('rides out a database that goes away under traffic: everything accepted arrives, no key is used twice', async () => {
    const { sessionId, number } = await world.createPaired();
    const ann = await world.sandbox.createPhone();
    await world.waitForMessage((await world.send(sessionId, ann, 'first')).messageId, 'DELIVERED');
    const sent = [];
    for (let n = 0; n < 12; n += 1) {
      sent.push((await world.send(sessionId, ann, `text ${n}`)).messageId);
      // During the sends, not between two messages.
      if (n === 6) world.databaseLine.set('refuse');
    }
    await world.sandbox.sendFrom(ann, { to: number, type: 'text', text: 'meanwhile' });
    world.databaseLine.set('forward');
    for (const messageId of sent) await world.waitForMessage(messageId, 'DELIVERED');
    const arrived = (await textsAt(ann)).filter((text) => text !== 'meanwhile');
    expect(arrived).toEqual(['first', ...sent.map((_, n) => `text ${n}`)]);
    expect((await received(sessionId))[0]!.data.text).toBe('meanwhile');
    expect((await world.sandbox.recorder<Summary>('summary')).keys.reused).toBe(0);
  });

  it('after a conflict it asks whether the session is still its own, comes back, and gives way when it goes on', async () => {
    const { sessionId, number } = await world.createPaired();
    const { device } = await deviceOf(number);
    for (let round = 1; round <= 4; round += 1) {
      await world.waitForState(sessionId, 'CONNECTED');
      await world.sandbox.fault({ kind: 'replace', device });
      await waitFor(async () => (await world.events(sessionId, 'connection.close')).length === round);
    }
    await world.waitForState(sessionId, 'CONFLICT');
    expect((await world.session(sessionId)).reason).toMatch(/Another program/);
    await (await world.actor(sessionId)).restart();
    await world.waitForState(sessionId, 'CONNECTED');
  });

  it('is parked when the account is banned, with the reason, and tells it once (MR-065)', async () => {
    const { sessionId, number } = await world.createPaired();
    const told = async () => (await world.events(sessionId, 'session.banned')).map(({ data }) => data);
    const { device } = await deviceOf(number);
    const begin = Date.now();
    await world.sandbox.fault({ kind: 'ban', device, code: 402, cause: 104, expire: 3_600, count: 1 });
    await world.waitForState(sessionId, 'BANNED');
    expect(await world.session(sessionId)).toMatchObject({ code: '402/104' });
    expect(await told()).toMatchObject([{ code: '402/104', isTemporary: true }]);
    const { until } = (await told())[0] as { until: string };
    expect(Date.parse(until)).toBeGreaterThan(begin + 3_500_000);
    expect(Date.parse(until)).toBeLessThan(Date.now() + 3_700_000);
  });

  it('a session whose placement moved ends its actor without a logout (I7)', async () => {
    const { sessionId, number } = await world.createPaired();
    const actor = await world.actor(sessionId);
    await releaseSession(world.database.pool, sessionId, 'test');
    const ann = await world.sandbox.createPhone();
    await world.sandbox.sendFrom(ann, { to: number, type: 'text', text: 'refused decrypt' });
    await waitFor(() => actor.state.name === 'fenced' || actor.state.name === 'stopped');
    expect(world.host.supervisor.find(sessionId)).toBeUndefined();
    expect(await world.sandbox.devices(number)).toHaveLength(1);
    expect((await world.session(sessionId)).state).toBe('CONNECTED');
  });
});

describe('the end of a link', () => {
  const keysOf = (sessionId: string) => readSessionKind(world.database.pool, sessionId, 'creds');

  it('by the phone: keys are removed, an event says so, and a new QR code links again', async () => {
    const { sessionId, number } = await world.createPaired();
    await world.sandbox.unlink(number, (await deviceOf(number)).id);
    await world.waitForState(sessionId, 'LOGGED_OUT');
    expect((await world.events(sessionId, 'session.loggedout'))[0]!.data).toMatchObject({ code: '401/device_removed' });
    await waitFor(async () => (await keysOf(sessionId)).size === 0);

    const { qr } = await (await world.actor(sessionId)).qr(10_000);
    await world.sandbox.scan(number, qr);
    await world.waitForState(sessionId, 'CONNECTED');
  });

  it('by the API: the device is unlinked, keys are removed', async () => {
    const { sessionId, number } = await world.createPaired();
    expect(await (await world.actor(sessionId)).logout()).toBe(true);
    await waitFor(async () => (await world.sandbox.devices(number)).length === 0);
    expect((await keysOf(sessionId)).size).toBe(0);
    expect(await world.session(sessionId)).toMatchObject({ state: 'LOGGED_OUT', code: 'api/logout' });
  });

  it('a logged-out session stays so over a restart of the worker, until somebody asks for a QR code', async () => {
    const { sessionId } = await world.createPaired();
    await (await world.actor(sessionId)).logout();
    await world.restartHost();
    const actor = await world.actor(sessionId);
    await waitFor(() => actor.state.name === 'parked');
    expect((await actor.qr(10_000)).attempt).toBe(1);
  });
});

it('the sandbox has seen no key used twice, no violation and no two writers in all of this', async () => {
  const summary = await world.sandbox.recorder<Summary>('summary');
  expect(summary.keys.reused).toBe(0);
  expect(summary.violations.total).toBe(0);
  expect(summary.overlaps.bothSent).toBe(0);
});
