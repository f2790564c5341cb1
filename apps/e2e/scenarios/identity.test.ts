import type { Contact, Message } from '@wa-gate/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newNumber } from '../harness/numbers.ts';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
} from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

/** Who is who: one person, one chat, one truth about each message, whatever names WhatsApp uses. */
const get = useSystem({ workers: 2 });
let tenant: Tenant;
let session: PairedSession;
let webhook: WebhookReceiver;

beforeAll(async () => {
  tenant = await registerTenant(get());
  session = await pairSession(get(), tenant);
  webhook = await subscribe(tenant, session.sessionId);
});
afterAll(() => webhook?.close());

const sandbox = () => get().sandbox;
const text = (from: Phone, words: string, more: Record<string, unknown> = {}) =>
  sandbox().send(from.number, { to: session.phone.number, type: 'text', text: words, ...more });
const received = (words: string) => webhook.waitForEvent('message.received', ({ data }) => data.text === words);
const list = async (chat: string) =>
  (
    await session.api.data<{ messages: Message[] }>(
      `/api/sessions/${session.sessionId}/messages?chat=${encodeURIComponent(chat)}`,
    )
  ).messages;
const contact = (ref: string) => session.api.data<Contact>(`/api/contacts/${encodeURIComponent(ref)}`);
const send = (to: string | number, message: string) =>
  session.api.send(session.sessionId, { to, type: 'text', message } as never, { wait: 'sent' });
const shownBy = async ({ number }: Phone) => (await sandbox().inbox(number)).map(({ text: words }) => words);

describe('a person has one contact (MR-136)', () => {
  test('by number, by LID and by id; in events, lists, the answer to a send', async () => {
    const ann = await addPhone(get(), 'Ann');
    await text(ann, 'by number', { addressing: 'pn' });
    await text(ann, 'by LID', { addressing: 'lid' });
    const [byNumber, byLid] = await Promise.all([received('by number'), received('by LID')]);
    const who = { phoneNumber: `+${ann.number}`, lid: `${ann.lid}@lid`, name: 'Ann' };
    expect(byNumber.data.identities).toMatchObject({ chat: { ...who, jid: ann.jid }, from: who });
    expect(byLid.data.identities).toMatchObject({ chat: { ...who, jid: `${ann.lid}@lid` }, from: who });
    const { contactId } = (byNumber.data.identities as Message['identities']).chat;
    expect((byLid.data.identities as Message['identities']).chat.contactId).toBe(contactId);

    for (const ref of [contactId!, ann.number, `+${ann.number}`, `${ann.lid}@lid`]) {
      expect(await contact(ref)).toMatchObject({ contactId, phoneNumber: `+${ann.number}`, name: 'Ann' });
      const messages = await list(ref);
      expect(messages.map((message) => message.text)).toEqual(['by LID', 'by number']);
      expect(new Set(messages.map(({ identities }) => identities.chat.contactId))).toEqual(new Set([contactId]));
    }
    const { body } = await send(`${ann.lid}@lid`, 'to your LID');
    expect(body.data).toMatchObject({ status: 'sent', identities: { chat: { contactId, ...who } } });
    expect(await list(ann.number)).toHaveLength(3);
    const lids = `/api/sessions/${session.sessionId}/lids`;
    expect(await session.api.data(`${lids}/${ann.lid}`)).toMatchObject({ phoneNumber: `+${ann.number}`, contactId });
    expect(await session.api.data(`${lids}?phoneNumber=${ann.number}`)).toMatchObject({
      lid: `${ann.lid}@lid`,
      contactId,
    });
  });

  test('a chat that is known by its LID alone is answered, and gets its number when WhatsApp tells it', async () => {
    const shy = await addPhone(get(), 'Shy');
    await text(shy, 'who am I', { addressing: 'lid', hidesOtherName: true });
    const first = await received('who am I');
    const { contactId, phoneNumber, jid } = (first.data.identities as Message['identities']).chat;
    expect(phoneNumber).toBeNull();
    expect((await send(jid, 'hello, whoever you are')).body.data).toMatchObject({
      status: 'sent',
      identities: { chat: { contactId } },
    });
    await waitFor(async () => (await shownBy(shy)).includes('hello, whoever you are'), { what: 'the answer' });

    await text(shy, 'this is my number', { addressing: 'lid' });
    const merged = await webhook.waitForEvent('contact.merged', ({ data }) => data.contactId === contactId);
    expect(merged.data).toMatchObject({ phoneNumber: `+${shy.number}`, lid: `${shy.lid}@lid`, name: 'Shy' });
    const messages = await list(shy.number);
    expect(messages).toHaveLength(3);
    for (const { identities } of messages) {
      expect(identities.chat).toMatchObject({ contactId, phoneNumber: `+${shy.number}` });
    }
  });

  test('is saved, renamed, found, exported, and forgotten with everything it wrote', async () => {
    const eve = await addPhone(get(), 'Eve');
    await text(eve, 'remember me');
    const { seq } = await received('remember me');
    const workspace = tenant.api;
    const saved = await workspace.call<{ data: Contact }>('/api/contacts', {
      method: 'POST',
      json: { phoneNumber: `+${eve.number}`, name: 'Eve of the night' },
    });
    expect(saved.status).toBe(200);
    const { contactId } = saved.body.data;
    const found = await workspace.data<{ contacts: Contact[] }>('/api/contacts?search=of%20the%20night');
    expect(found.contacts).toMatchObject([{ contactId, names: { saved: 'Eve of the night', push: 'Eve' } }]);
    expect((await list(eve.number))[0]!.identities.from).toMatchObject({ contactId, name: 'Eve of the night' });
    const erased = await workspace.call(`/api/contacts/${contactId}?erase=true`, { method: 'DELETE' });
    expect(erased.body).toMatchObject({ data: { contactId, deleted: true, erasedMessages: 1 } });
    expect(await list(eve.number)).toEqual([]);
    expect((await workspace.call(`/api/contacts/${contactId}`)).status).toBe(404);
    expect(seq).toBeGreaterThan(0);
  });
});

describe('in a group with LIDs (MR-136)', () => {
  test.each([false, true])(
    'the number of the writer is there, also of a member who joined later; numbers hidden: %s',
    async (hidesNumbers) => {
      const [admin, later] = await Promise.all([addPhone(get(), 'Admin'), addPhone(get(), 'Later')]);
      const group = await sandbox().createGroup({
        owner: admin.number,
        subject: 'Friends',
        participants: [session.phone.number],
        hidesNumbers,
      });
      await sandbox().changeParticipants(group.id, { action: 'add', participants: [later.number] });
      for (const writer of [admin, later]) {
        const words = `${writer.name}, hidden: ${hidesNumbers}`;
        // Who has written to the account before is known by its number, whatever the group says.
        if (hidesNumbers) await text(writer, `${words}, first alone`, { addressing: 'lid' });
        if (hidesNumbers) await received(`${words}, first alone`);
        await sandbox().send(writer.number, { to: group.id, type: 'text', text: words });
        const { data } = await received(words);
        const who = { phoneNumber: `+${writer.number}`, lid: `${writer.lid}@lid`, contactId: expect.any(String) };
        expect(data.identities).toMatchObject({
          chat: { jid: group.id, contactId: null },
          from: who,
          participant: who,
        });
      }
      for (const { identities } of await list(group.id)) {
        expect(identities.participant).toMatchObject({ phoneNumber: expect.stringMatching(/^\+/) });
      }
    },
  );
});

describe('one message (MR-136)', () => {
  test('that comes under the number and under the LID is one row and one event', async () => {
    const twin = await addPhone(get(), 'Twin');
    await text(twin, 'so that both names are known');
    await received('so that both names are known');
    await text(twin, 'once', { id: 'TWICE0000001', addressing: 'pn' });
    await received('once');
    await text(twin, 'once', { id: 'TWICE0000001', addressing: 'lid' });
    await text(twin, 'afterwards');
    await received('afterwards');
    expect(webhook.events.filter(({ data }) => data.waMessageId === 'TWICE0000001')).toHaveLength(1);
    expect((await list(twin.number)).map((message) => message.text)).toEqual([
      'afterwards',
      'once',
      'so that both names are known',
    ]);
  });

  test('that could not be read is filled in by a copy under the other name: one undecryptable, one recovered', async () => {
    const twin = await addPhone(get(), 'Twin');
    await text(twin, 'both names');
    await received('both names');
    const [device] = await sandbox().devices(session.phone.number);
    await sandbox().addFault({ kind: 'corrupt', device: `${session.phone.number}:${device!.id}` });
    await text(twin, 'spoiled', { id: 'SPOILT000001', addressing: 'pn' });
    await webhook.waitForEvent('message.undecryptable', ({ data }) => data.waMessageId === 'SPOILT000001');
    await text(twin, 'spoiled', { id: 'SPOILT000001', addressing: 'lid' });
    await webhook.waitForEvent('message.recovered', ({ data }) => data.waMessageId === 'SPOILT000001');
    await text(twin, 'and on');
    await received('and on');
    const told = webhook.events.filter(({ data }) => data.waMessageId === 'SPOILT000001').map(({ event }) => event);
    expect(told).toEqual(['message.undecryptable', 'message.recovered']);
    expect((await list(`${twin.lid}@lid`)).map((message) => message.text)).toEqual(['and on', 'spoiled', 'both names']);
  });
});

describe('a recipient in every spelling (MR-156)', () => {
  const digits = (count: number) => newNumber().slice(-count).padStart(count, '7');
  /** The name of the account, and another way to write its number. */
  const countries = {
    'Mexico, registered with the 1': (line = digits(9)) => [`5215${line}`, `525${line}`],
    'Mexico, registered without': (line = digits(9)) => [`525${line}`, `5215${line}`],
    Argentina: (line = digits(8)) => [`54911${line}`, `5411${line}`],
    'Brazil, registered without the ninth digit': (line = digits(7)) => [`55118${line}`, `551198${line}`],
    'Brazil, registered with it': (line = digits(7)) => [`551198${line}`, `55118${line}`],
    Benin: (line = digits(7)) => [`2299${line}`, `229019${line}`],
    'Ivory Coast': (line = digits(6)) => [`22507${line}`, `2250707${line}`],
  } as const;

  test.each(Object.entries(countries))('%s: both spellings are one chat, in one message each', async (_, make) => {
    const [number, other] = make() as [string, string];
    const phone = await sandbox().createPhone({ number, name: 'Far away', aliases: [other] });
    const spellings = [`+${other}`, number, `${other}@s.whatsapp.net`, Number(other), `https://wa.me/${number}`];
    for (const [n, to] of spellings.entries()) {
      const { status, body } = await send(to, `spelling ${n}`);
      expect(status, JSON.stringify(body)).toBe(200);
      expect(body.data).toMatchObject({
        status: 'sent',
        chat: `${number}@s.whatsapp.net`,
        identities: { chat: { contactId: expect.any(String), phoneNumber: `+${number}` } },
      });
    }
    const words = spellings.map((_it, n) => `spelling ${n}`);
    await waitFor(async () => (await shownBy(phone)).length === words.length, { what: 'all of them at the phone' });
    expect(await shownBy(phone)).toEqual(words);
    for (const ref of [number, other, `+${other}`]) expect(await list(ref)).toHaveLength(words.length);
    expect((await contact(other)).contactId).toBe((await contact(number)).contactId);
  });

  /** How the person is named on the way to the account. */
  const arrivals = [
    { addressing: 'pn' },
    { addressing: 'lid' },
    { addressing: 'lid', hidesOtherName: true },
    { addressing: 'pn', group: true, hidesNumbers: false },
    { addressing: 'lid', group: true, hidesNumbers: false },
    { addressing: 'lid', group: true, hidesNumbers: true },
  ] as const;

  test.each(Object.entries(countries))(
    '%s, in chats and groups by number, LID and LID alone: one contact, one chat, one row and one event each',
    async (_, make) => {
      const [number, other] = make() as [string, string];
      const phone = await sandbox().createPhone({ number, name: 'Far away', aliases: [other] });
      const ids: string[] = [];
      for (const [n, arrival] of arrivals.entries()) {
        const words = `arrival ${n} of ${number}`;
        if ('group' in arrival) {
          const { addressing, hidesNumbers } = arrival;
          const participants = [session.phone.number];
          const group = await sandbox().createGroup({
            owner: number,
            subject: 'All',
            participants,
            addressing,
            hidesNumbers,
          });
          ids.push((await sandbox().send(number, { to: group.id, type: 'text', text: words })).id);
        } else {
          ids.push((await text(phone, words, arrival)).id);
        }
        await received(words);
      }
      for (const to of [`+${other}`, number, `${phone.lid}@lid`]) {
        const { body } = await send(to, `to ${to}`);
        expect(body.data.status, JSON.stringify(body)).toBe('sent');
        ids.push(body.data.waMessageId);
      }
      for (const id of ids) {
        const told = webhook.events.filter(({ event, data }) => data.waMessageId === id && /received|sent/.test(event));
        expect(told.length, id).toBeLessThanOrEqual(1);
      }
      const { contactId } = await contact(number);
      const everything = await Promise.all([number, `+${other}`, `${phone.lid}@lid`, contactId].map(list));
      for (const messages of everything) {
        expect(messages.map(({ waMessageId }) => waMessageId).sort()).toEqual(
          [...ids.slice(0, 3), ...ids.slice(arrivals.length)].sort(),
        );
        for (const { identities } of messages) {
          expect(identities.chat).toMatchObject({ contactId, phoneNumber: `+${number}`, lid: `${phone.lid}@lid` });
        }
      }
      const inGroups = webhook.events.filter(({ data }) =>
        ids.slice(3, arrivals.length).includes(String(data.waMessageId)),
      );
      expect(inGroups).toHaveLength(3);
      for (const { data } of inGroups) expect(data.identities).toMatchObject({ participant: { contactId } });
    },
  );

  test('who is not on WhatsApp is said at once, and nobody waits for the answer about somebody else', async () => {
    const friend = await addPhone(get(), 'Friend');
    await send(friend.number, 'so that it is known');
    const silence = await sandbox().addFault({
      kind: 'iq-silence',
      xmlns: 'usync',
      device: `${session.phone.number}:${(await sandbox().devices(session.phone.number))[0]!.id}`,
    });
    const stranger = await addPhone(get(), 'Stranger');
    const waiting = session.api.send(
      session.sessionId,
      { to: stranger.number, type: 'text', message: 'to a stranger' },
      { wait: 'queued' },
    );
    await waiting;
    const others = await send(friend.number, 'not behind the stranger');
    expect(others.body.data).toMatchObject({ status: 'sent' });
    await sandbox().cancelFault(silence);

    const { body } = await send(newNumber(), 'to nobody');
    expect(body.data).toMatchObject({ status: 'failed', error: { code: 'RECIPIENT_NOT_ON_WHATSAPP' } });
  });
});

expectSoundSystem(get);
