import type { Contact, Message } from '@wa-gate/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newNumber, SPELLINGS } from '../harness/numbers.ts';
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
const list = async (chat: string) => (await session.api.wa.messages.list({ id: session.sessionId, chat })).messages;
const contact = (ref: string) => session.api.wa.contacts.get({ id: ref });
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
    const of = { id: session.sessionId };
    expect(await session.api.wa.contacts.ofLid({ ...of, lid: ann.lid })).toMatchObject({
      phoneNumber: `+${ann.number}`,
      contactId,
    });
    expect(await session.api.wa.contacts.lid({ ...of, phoneNumber: ann.number })).toMatchObject({
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
    await received('this is my number');
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
    const found = await workspace.wa.contacts.list({ search: 'of the night' });
    expect(found.contacts).toMatchObject([{ contactId, names: { saved: 'Eve of the night', push: 'Eve' } }]);
    expect((await list(eve.number))[0]!.identities.from).toMatchObject({ contactId, name: 'Eve of the night' });
    const erased = await workspace.call(`/api/contacts/${contactId}?erase=true`, { method: 'DELETE' });
    expect(erased.body).toMatchObject({ data: { contactId, deleted: true, erasedMessages: 1 } });
    expect(await list(eve.number)).toEqual([]);
    expect((await workspace.call(`/api/contacts/${contactId}`)).status).toBe(404);
    expect(seq).toBeGreaterThan(0);
  });
});

describe('a business (MR-052)', () => {
  test('is known as one by its messages and by its profile, with its picture; WhatsApp is asked once a day', async () => {
    const shop = await addPhone(get(), 'Shop');
    const business = { verifiedName: 'The Flower Shop', description: 'Flowers', websites: ['https://shop.example'] };
    await sandbox().updatePhone(shop.number, { business, picture: Buffer.from('a picture').toString('base64') });
    await text(shop, 'fresh roses');
    await received('fresh roses');
    const before = await contact(shop.number);
    expect(before).toMatchObject({ isBusiness: true, picture: null, names: { verified: 'The Flower Shop' } });

    const profileOf = (contact: string, maxAgeSeconds?: number) =>
      session.api.wa.contacts.profile({
        id: session.sessionId,
        contact,
        ...(maxAgeSeconds === 0 && { maxAgeSeconds }),
      });
    const profile = await profileOf(`+${shop.number}`);
    expect(profile).toMatchObject({
      contactId: before.contactId,
      isBusiness: true,
      pictureUrl: expect.stringMatching(/^https:/),
      business: { description: 'Flowers', websites: ['https://shop.example'], email: null },
    });
    const { pictureUrl: url, checkedAt } = profile;
    expect(await contact(shop.number)).toMatchObject({ picture: { url, checkedAt } });

    // Another picture is not asked for within a day, unless the caller wants it.
    await sandbox().updatePhone(shop.number, { picture: null });
    const again = await profileOf(before.contactId);
    expect(again).toMatchObject({ pictureUrl: url, checkedAt });
    const fresh = await profileOf(before.contactId, 0);
    expect(fresh).toMatchObject({ pictureUrl: null, isBusiness: true });
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

  test('a writer whose number is hidden gets it in the list, too, as soon as WhatsApp tells it', async () => {
    const shy = await addPhone(get(), 'Shy member');
    const participants = [session.phone.number];
    const group = await sandbox().createGroup({
      owner: shy.number,
      subject: 'Hidden',
      participants,
      hidesNumbers: true,
    });
    await sandbox().send(shy.number, { to: group.id, type: 'text', text: 'from behind the LID' });
    const { data } = await received('from behind the LID');
    const { participant } = data.identities as Message['identities'];
    expect(participant).toMatchObject({ phoneNumber: null, lid: `${shy.lid}@lid`, name: 'Shy member' });
    await text(shy, 'and this is my number', { addressing: 'lid' });
    const { contactId } = participant!;
    const merged = await webhook.waitForEvent('contact.merged', (event) => event.data.contactId === contactId);
    expect(merged.data).toMatchObject({ phoneNumber: `+${shy.number}`, lid: `${shy.lid}@lid` });
    const who = { contactId, phoneNumber: `+${shy.number}`, lid: `${shy.lid}@lid` };
    expect(await list(group.id)).toMatchObject([{ identities: { from: who, participant: who } }]);
  });
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

describe('a message that came under two names (MR-136)', () => {
  test('before these were known to be one person is one message when they are, and is found by both ids', async () => {
    const late = await addPhone(get(), 'Late');
    const id = 'EARLY0000001';
    const readable = (under: string) =>
      waitFor(
        () =>
          webhook.events.find(
            ({ event, data }) =>
              /received|recovered/.test(event) && data.waMessageId === id && String(data.chat).endsWith(under),
          ),
        { what: `the message under ${under}` },
      );
    await text(late, 'too early', { id, addressing: 'lid', hidesOtherName: true });
    const first = await readable('@lid');
    // A copy under the number, in which WhatsApp does not say whose it is.
    await text(late, 'too early', { id, addressing: 'pn', hidesOtherName: true });
    await text(late, 'now you know', { addressing: 'lid' });
    await received('now you know');
    const bothNames = async () => {
      const messages = await list(late.number);
      return messages.map((message) => message.text).join() === 'now you know,too early' && messages;
    };
    const [, message] = await waitFor(bothNames, { what: 'one message' });
    expect(await list(`${late.lid}@lid`)).toHaveLength(2);
    const ids = new Set(
      webhook.events.filter(({ data }) => data.waMessageId === id).map(({ data }) => String(data.messageId)),
    );
    expect(ids).toContain(first.data.messageId);
    for (const told of ids) {
      const found = await session.api.wa.messages.get({ id: told });
      expect(found).toMatchObject({ messageId: message!.messageId, text: 'too early' });
    }
  });
});

describe('a recipient in every spelling (MR-156)', () => {
  test.each(Object.entries(SPELLINGS))('%s: both spellings are one chat, in one message each', async (_, make) => {
    const [number, other] = make();
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

  test.each(Object.entries(SPELLINGS))(
    '%s, in chats and groups by number, LID and LID alone: one contact, one chat, one row and one event each',
    async (_, make) => {
      const [number, other] = make();
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

  test('whether numbers are on WhatsApp is asked once a day, of a thousand at most (MR-052)', async () => {
    const ann = await addPhone(get(), 'Ann');
    const nobody = newNumber();
    const path = `/api/sessions/${session.sessionId}/contacts/check`;
    const check = (numbers: string) => session.api.wa.contacts.check({ id: session.sessionId, numbers });
    const asked = `${ann.number},${nobody}`;
    const first = await check(asked);
    expect(first.numbers).toMatchObject([
      { isOnWhatsApp: true, jid: ann.jid },
      { isOnWhatsApp: false, jid: null },
    ]);
    // WhatsApp would not answer.
    const silence = await sandbox().addFault({ kind: 'iq-silence', xmlns: 'usync', phone: session.phone.number });
    const again = await check(asked);
    expect(again.numbers.map(({ checkedAt }) => checkedAt)).toEqual(first.numbers.map(({ checkedAt }) => checkedAt));
    for (const { ageSeconds } of again.numbers) expect(ageSeconds).toBeGreaterThanOrEqual(0);
    await sandbox().cancelFault(silence);
    const tooMany = Array.from({ length: 1_001 }, (_it, n) => 6281200000000 + n).join(',');
    expect(await session.api.call(`${path}?numbers=${tooMany}`)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION', error: expect.stringContaining('1 to 1000 numbers') },
    });
  });

  test('nobody waits for an answer about somebody else (within a second); who is not on WhatsApp is said at once', async () => {
    const friend = await addPhone(get(), 'Friend');
    await send(friend.number, 'so that it is known');
    const silence = await sandbox().addFault({
      kind: 'iq-silence',
      xmlns: 'usync',
      device: `${session.phone.number}:${(await sandbox().devices(session.phone.number))[0]!.id}`,
    });
    const [number, other] = SPELLINGS['Brazil, registered without the ninth digit']!();
    await sandbox().createPhone({ number, name: 'Stranger', aliases: [other] });
    for (const to of [number, other]) {
      const request = { to, type: 'text', message: 'to a stranger' } as const;
      await session.api.send(session.sessionId, request, { wait: 'queued' });
    }
    const delays: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      const began = performance.now();
      expect((await send(friend.number, `not behind the stranger ${n}`)).body.data).toMatchObject({ status: 'sent' });
      delays.push(performance.now() - began);
    }
    // A busy machine may hold up one of them; the stranger would hold up all.
    expect(Math.min(...delays)).toBeLessThan(1_000);
    await sandbox().cancelFault(silence);

    const { body } = await send(newNumber(), 'to nobody');
    expect(body.data).toMatchObject({ status: 'failed', error: { code: 'RECIPIENT_NOT_ON_WHATSAPP' } });
  });
});

expectSoundSystem(get);
