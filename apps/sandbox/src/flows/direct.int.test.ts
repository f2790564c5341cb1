import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { type TestPhone, World } from '../testing/world.ts';

let world: World;
let alice: TestPhone;
let bob: TestPhone;
let client: BaileysClient;
let sibling: BaileysClient;
beforeAll(async () => {
  world = await World.start();
  alice = await world.phone();
  bob = await world.phone();
  client = await world.companion(alice);
  sibling = await world.companion(alice);
});
afterAll(() => world.close());

/** Waits for a text in a client and returns the whole message. */
async function received(target: BaileysClient, text: string) {
  const has = (message: {
    message?: { conversation?: string | null; extendedTextMessage?: { text?: string | null } | null } | null;
  }) => (message.message?.conversation ?? message.message?.extendedTextMessage?.text) === text;
  const { messages, type } = await target.event('messages.upsert', (batch) => batch.messages.some(has));
  return { message: messages.find(has)!, type };
}

describe('1:1 text', () => {
  test('client to phone by number: exact text, own phone and sibling have it too', async () => {
    const text = 'Grüße 👋🏽 an Bob\nzweite Zeile';
    const sent = await client.socket.sendMessage(bob.pn, { text });
    const atBob = await bob.message('the text', (message) => message.id === sent!.key.id);
    expect(atBob).toMatchObject({
      text,
      from: alice.number,
      fromDevice: 1,
      fromMe: false,
      encryption: 'pkmsg',
      wireCount: 1,
    });
    await alice.message('the copy', (message) => message.id === sent!.key.id && message.fromMe);
    const copy = await received(sibling, text);
    expect(copy.message.key).toMatchObject({ fromMe: true, id: sent!.key.id });
  });

  test('phone to client by number and by LID, both addresses known', async () => {
    await bob.send({ to: alice.number, type: 'text', text: 'by number' });
    const pn = await received(client, 'by number');
    expect(pn.type).toBe('notify');
    expect(pn.message.key).toMatchObject({ remoteJid: bob.pn, remoteJidAlt: bob.lidJid, fromMe: false });
    await bob.send({ to: alice.number, type: 'text', text: 'by lid', addressing: 'lid' });
    const lid = await received(client, 'by lid');
    expect(lid.message.key).toMatchObject({ remoteJid: bob.lidJid, remoteJidAlt: bob.pn });
    await received(sibling, 'by lid');
  });

  test('client to phone by LID', async () => {
    const sent = await client.socket.sendMessage(bob.lidJid, { text: 'to the lid' });
    const message = await bob.message('the text', (entry) => entry.id === sent!.key.id);
    expect(message).toMatchObject({ text: 'to the lid', addressing: 'lid' });
  });

  test('a LID that WhatsApp has not told yet is in no message and no lookup; then it is', async () => {
    const carol = await world.phone();
    await carol.configure({ hidesLid: true });
    const lidOf = (number: string) => client.socket.signalRepository.lidMapping.getLIDForPN(number);
    await carol.send({ to: alice.number, type: 'text', text: 'before the LID' });
    const before = await received(client, 'before the LID');
    expect(before.message.key.remoteJid).toBe(carol.pn);
    expect(before.message.key.remoteJidAlt).toBeUndefined();
    expect(await lidOf(carol.pn)).toBeNull();
    await carol.configure({ hidesLid: false });
    await carol.send({ to: alice.number, type: 'text', text: 'with the LID' });
    const after = await received(client, 'with the LID');
    expect(after.message.key).toMatchObject({ remoteJid: carol.pn, remoteJidAlt: carol.lidJid });
    expect(await lidOf(carol.pn)).toBe(carol.lidJid);
  });

  test('after an answer messages are msg, and every message key is used once', async () => {
    const sent = await client.socket.sendMessage(bob.pn, { text: 'settled' });
    expect(await bob.message('it', (entry) => entry.id === sent!.key.id)).toMatchObject({ encryption: 'msg' });
    const summary = await world.api.get<{ keys: { reused: number }; violations: { total: number } }>(
      '/recorder/summary',
    );
    expect(summary.keys.reused).toBe(0);
    expect(summary.violations.total).toBe(0);
  });

  test('two companions of different accounts write to each other, and to all devices', async () => {
    const carol = await world.phone();
    const theirs = await world.companion(carol);
    const there = await client.socket.sendMessage(carol.pn, { text: 'to your companion' });
    expect((await received(theirs, 'to your companion')).message.key.id).toBe(there!.key.id);
    await carol.message('it too', (entry) => entry.id === there!.key.id);
    await theirs.socket.sendMessage(alice.pn, { text: 'and back' });
    await received(client, 'and back');
    await received(sibling, 'and back');
    await alice.message('it', (entry) => entry.text === 'and back' && !entry.fromMe);
  });

  test('a message to oneself reaches the own phone and sibling', async () => {
    const sent = await client.socket.sendMessage(alice.pn, { text: 'note to self' });
    await alice.message('the note', (entry) => entry.id === sent!.key.id);
    await received(sibling, 'note to self');
  });

  test('a phone with an automatic answer answers by itself', async () => {
    const echo = await world.phone({ autoReply: { text: 'you said {text}', delayMs: 20 } });
    await client.socket.sendMessage(echo.pn, { text: 'marco' });
    await received(client, 'you said marco');
  });

  test('who has WhatsApp and who has not', async () => {
    const found = await client.socket.onWhatsApp(bob.number, '19999999999');
    expect(found?.filter((entry) => entry.exists).map((entry) => entry.jid)).toEqual([bob.pn]);
    // Baileys still sends to its own devices; the server refuses the message.
    const sent = await client.socket.sendMessage('19999999999@s.whatsapp.net', { text: 'nobody' });
    await client.refusal(sent!.key.id!);
  });
});

describe('other kinds of message', () => {
  test.each([
    ['location', { location: { degreesLatitude: 52.5, degreesLongitude: 13.4 } }],
    ['contact', { contacts: { displayName: 'Bob', contacts: [{ vcard: 'BEGIN:VCARD\nEND:VCARD' }] } }],
    ['poll', { poll: { name: 'Lunch?', values: ['yes', 'no'], selectableCount: 1 } }],
  ] as const)('client to phone: %s', async (type, content) => {
    const sent = await client.socket.sendMessage(bob.pn, content as Parameters<typeof client.socket.sendMessage>[1]);
    expect(await bob.message(type, (entry) => entry.id === sent!.key.id)).toMatchObject({ type });
  });

  test('client to phone: reply, reaction, edit, revoke', async () => {
    const { socket } = client;
    const first = await socket.sendMessage(bob.pn, { text: 'first' });
    const reply = await socket.sendMessage(bob.pn, { text: 'reply' }, { quoted: first! });
    expect(await bob.message('reply', (entry) => entry.id === reply!.key.id)).toMatchObject({
      details: { quoted: { id: first!.key.id } },
    });
    await socket.sendMessage(bob.pn, { react: { text: '👍', key: first!.key } });
    await bob.message('reaction', (entry) => entry.type === 'reaction' && entry.text === '👍');
    await socket.sendMessage(bob.pn, { text: 'better', edit: first!.key });
    await bob.message('edit', (entry) => entry.type === 'edit' && entry.text === 'better');
    await socket.sendMessage(bob.pn, { delete: first!.key });
    await bob.message('revoke', (entry) => entry.type === 'revoke');
  });

  test('phone to client: reaction, edit, revoke, location, contact, poll', async () => {
    const to = alice.number;
    const id = await bob.send({ to, type: 'text', text: 'original' });
    await received(client, 'original');
    const upsert = (matches: (message: Record<string, unknown>) => boolean) =>
      client.event('messages.upsert', (batch) => batch.messages.some((entry) => matches({ ...entry.message })));
    await bob.send({ to, type: 'location', latitude: 1.5, longitude: 2.5, name: 'here' });
    await upsert((message) => message.locationMessage !== undefined && message.locationMessage !== null);
    await bob.send({ to, type: 'contact', name: 'Zoe', number: '4915112345678' });
    await upsert((message) => message.contactMessage !== undefined && message.contactMessage !== null);
    await bob.send({ to, type: 'poll', name: 'Tea?', options: ['a', 'b'] });
    await upsert((message) => message.pollCreationMessageV3 !== undefined && message.pollCreationMessageV3 !== null);
    await bob.send({ to, type: 'reaction', target: id, emoji: '🎉' });
    await client.event('messages.reaction', (list) =>
      list.some((entry) => entry.reaction.text === '🎉' && entry.key.id === id),
    );
    await bob.send({ to, type: 'edit', target: id, text: 'edited' });
    await client.event('messages.update', (list) =>
      list.some((entry) => entry.key.id === id && entry.update.message?.editedMessage),
    );
    await bob.send({ to, type: 'revoke', target: id });
    await client.event('messages.update', (list) =>
      list.some((entry) => entry.key.id === id && entry.update.messageStubType === 1),
    );
  });
});
