import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { until } from '../testing/wait.ts';
import { type TestPhone, World } from '../testing/world.ts';

let world: World;
let alice: TestPhone;
let bob: TestPhone;
let client: BaileysClient;
let device: string;
beforeAll(async () => {
  world = await World.start();
  [alice, bob] = [await world.phone(), await world.phone()];
  client = await world.companion(alice);
  device = `${alice.number}:1`;
  // Both directions once, so that sessions exist.
  await client.socket.sendMessage(bob.pn, { text: 'warm up' });
  await bob.message('it', (entry) => entry.text === 'warm up');
  await bob.send({ to: alice.number, type: 'text', text: 'warm too' });
  await incoming('warm too');
});
afterAll(() => world.close());

const fault = (request: Record<string, unknown>) => world.api.post<{ id: string }>('/faults', { device, ...request });
const incoming = (text: string, mark = 0) =>
  client.event(
    'messages.upsert',
    (batch) => batch.messages.some((entry) => entry.message?.conversation === text),
    mark,
  );
const sendFromBob = (text: string) => bob.send({ to: alice.number, type: 'text', text });

describe('stanzas', () => {
  test('delay: the next message comes later', async () => {
    await fault({ kind: 'delay', ms: 500 });
    const started = Date.now();
    await sendFromBob('delayed');
    await incoming('delayed');
    expect(Date.now() - started).toBeGreaterThanOrEqual(490);
  });

  test('drop to the client: the message is lost on the wire and comes at the next login', async () => {
    await fault({ kind: 'drop' });
    await sendFromBob('lost');
    await sendFromBob('not lost');
    await incoming('not lost');
    await client.socket.end(undefined);
    const mark = client.events.length;
    await client.open();
    await incoming('lost', mark);
  });

  test('drop from the client: no acknowledgement, the phone never has it', async () => {
    await fault({ kind: 'drop', direction: 'from' });
    const sent = await client.socket.sendMessage(bob.pn, { text: 'never arrives' });
    const next = await client.socket.sendMessage(bob.pn, { text: 'arrives' });
    await bob.message('the next', (entry) => entry.id === next!.key.id);
    expect((await bob.messages()).some((entry) => entry.id === sent!.key.id)).toBe(false);
  });

  test('duplicate from the client: the phone shows it once and counts two', async () => {
    await fault({ kind: 'duplicate', direction: 'from' });
    const sent = await client.socket.sendMessage(bob.pn, { text: 'twice on the wire' });
    const entry = await until('two copies', async () =>
      (await bob.messages()).find((message) => message.id === sent!.key.id && message.wireCount === 2),
    );
    expect(entry.text).toBe('twice on the wire');
    expect((await bob.messages()).filter((message) => message.id === sent!.key.id)).toHaveLength(1);
  });

  test('redeliver: a message that was acknowledged comes again', async () => {
    await fault({ kind: 'redeliver' });
    const id = await sendFromBob('again and again');
    await incoming('again and again');
    // At least twice: rc14 cannot decrypt the second copy and requests it again.
    await until('delivered twice', async () => {
      const { messages } = await world.api.get<{ messages: { id: string; direction: string; wireCount: number }[] }>(
        '/recorder/messages',
      );
      return messages.find((entry) => entry.id === id && entry.direction === 'down' && entry.wireCount > 1);
    });
  });
});

describe('connections', () => {
  test('freeze: nothing moves for a while, then all of it', async () => {
    const started = Date.now();
    await fault({ kind: 'freeze', ms: 600 });
    await sendFromBob('through the ice');
    await incoming('through the ice');
    expect(Date.now() - started).toBeGreaterThanOrEqual(500);
  });

  test('clock-skew: timestamps are off by as much', async () => {
    const { id } = await fault({ kind: 'clock-skew', ms: 3_600_000 });
    const message = await sendFromBob('from the future');
    const { messages } = await incoming('from the future');
    await world.api.delete(`/faults/${id}`);
    const at = Number(messages.find((entry) => entry.key.id === message)!.messageTimestamp);
    expect(Math.abs(at - Date.now() / 1000 - 3600)).toBeLessThan(60);
  });

  test('iq-silence: queries time out and nothing else', async () => {
    const { id } = await fault({ kind: 'iq-silence', xmlns: 'status' });
    await expect(
      client.socket.query({ tag: 'iq', attrs: { to: '@s.whatsapp.net', type: 'set', xmlns: 'status' } }, 300),
    ).rejects.toThrow();
    await world.api.delete(`/faults/${id}`);
    await client.socket.updateProfileStatus('works again');
  });
});

describe('refusals', () => {
  test.each([
    ['nack', { code: 479 }, '479'],
    ['time-lock', { count: 1 }, '463'],
    ['rate-overlimit', {}, '429'],
  ] as const)('%s: the message is acknowledged with an error and goes nowhere', async (kind, extra, code) => {
    await fault({ kind, ...extra });
    const refused = await client.socket.sendMessage(bob.pn, { text: `refused by ${kind}` });
    expect(await client.refusal(refused!.key.id!)).toContain(code);
    const next = await client.socket.sendMessage(bob.pn, { text: `accepted after ${kind}` });
    await bob.message('the next', (entry) => entry.id === next!.key.id);
    expect((await bob.messages()).some((entry) => entry.id === refused!.key.id)).toBe(false);
  });

  test('rate-overlimit for queries of one kind', async () => {
    await fault({ kind: 'rate-overlimit', xmlns: 'w:g2' });
    await expect(client.socket.groupFetchAllParticipating()).rejects.toMatchObject({ data: 429 });
    await client.socket.groupFetchAllParticipating();
  });

  test.each([
    [403, 'forbidden'],
    [404, 'item-not-found'],
    [409, 'conflict'],
  ])('iq-refused: the next query of a namespace is refused with %i, %s, and nothing else', async (code, word) => {
    await fault({ kind: 'iq-refused', code, xmlns: 'w:g2' });
    await client.socket.fetchBlocklist();
    await expect(client.socket.groupFetchAllParticipating()).rejects.toMatchObject({ data: code, message: word });
    await client.socket.groupFetchAllParticipating();
  });
});

test('answer-lost: the change is made, and its answer does not come', async () => {
  await fault({ kind: 'answer-lost', xmlns: 'status' });
  const content = [{ tag: 'status', attrs: {}, content: Buffer.from('Set once') }];
  const iq = { tag: 'iq', attrs: { to: '@s.whatsapp.net', type: 'set', xmlns: 'status' }, content };
  await expect(client.socket.query(iq, 300)).rejects.toThrow();
  await client.socket.updateProfileStatus('Set again');
});

describe('limits of the account', () => {
  test('capping: the client is notified, gets it by a query, and is notified of its end', async () => {
    const mark = client.events.length;
    const { id } = await fault({
      kind: 'capping',
      capping: { status: 'SECOND_WARNING', used: 9, total: 10, cycleEnds: 2_000_000_000 },
    });
    const capped = {
      capping_status: 'SECOND_WARNING',
      used_quota: 9,
      total_quota: 10,
      cycle_end_timestamp: '2000000000',
    };
    expect(await client.event('message-capping.update', () => true, mark)).toMatchObject(capped);
    expect(await client.socket.fetchNewChatMessageCap()).toMatchObject(capped);
    const before = client.events.length;
    await world.api.delete(`/faults/${id}`);
    expect(await client.event('message-capping.update', () => true, before)).toMatchObject({ capping_status: 'NONE' });
  });
});

describe('encryption', () => {
  test('prekeys-low: the client uploads more', async () => {
    const before = [...client.auth.keys.keys()].filter((name) => name.startsWith('pre-key:')).length;
    await fault({ kind: 'prekeys-low' });
    await until(
      'more prekeys',
      () => [...client.auth.keys.keys()].filter((name) => name.startsWith('pre-key:')).length > before,
    );
  });

  test('prekeys-exhausted: a new contact can be written to without one', async () => {
    const carol = await world.phone();
    const { id } = await world.api.post<{ id: string }>('/faults', { kind: 'prekeys-exhausted', phone: carol.number });
    const sent = await client.socket.sendMessage(carol.pn, { text: 'without a one-time key' });
    expect(await carol.message('it', (entry) => entry.id === sent!.key.id)).toMatchObject({ encryption: 'pkmsg' });
    await world.api.delete(`/faults/${id}`);
  });

  test('identity-change: the client notices and the next messages are read on both sides', async () => {
    const dave = await world.phone();
    await client.socket.sendMessage(dave.pn, { text: 'before' });
    await dave.message('it', (entry) => entry.text === 'before');
    await world.api.post('/faults', { kind: 'identity-change', phone: dave.number });
    await dave.send({ to: alice.number, type: 'text', text: 'it is still me' });
    await incoming('it is still me');
    const sent = await client.socket.sendMessage(dave.pn, { text: 'after' });
    await dave.message('it', (entry) => entry.id === sent!.key.id);
  });

  test('unreadable and corrupt: both ends ask again and recover', async () => {
    await world.api.post('/faults', { kind: 'unreadable', phone: bob.number });
    const sent = await client.socket.sendMessage(bob.pn, { text: 'asked for twice' });
    await bob.message('it', (entry) => entry.id === sent!.key.id);
    await fault({ kind: 'corrupt' });
    const id = await sendFromBob('repaired');
    await client.event('messages.upsert', (batch) =>
      batch.messages.some(({ key, message }) => key.id === id && message?.conversation === 'repaired'),
    );
  });
});

describe('the list of faults', () => {
  test('shows what waits, and what is cancelled does not strike', async () => {
    const { id } = await fault({ kind: 'drop' });
    const { faults } = await world.api.get<{ faults: { id: string; kind: string }[] }>('/faults');
    expect(faults).toContainEqual(expect.objectContaining({ id, kind: 'drop' }));
    await world.api.delete(`/faults/${id}`);
    await sendFromBob('not dropped');
    await incoming('not dropped');
  });
});
