import { newId } from '@wa-gate/kit';
import { learnContacts, storeInbound } from '@wa-gate/messaging';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
let sessions: TestSession[];

const ANN = '15551234567@s.whatsapp.net';
const ANN_LID = '111222333@lid';
const BEN = '525512345678@s.whatsapp.net';

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
  sessions = [await fixture.createSession(user), await fixture.createSession(user)];
  for (const session of sessions) await fixture.setState(session, 'CONNECTED');
  const at = new Date();
  await learnContacts(fixture.database.pool, [
    { sessionId: sessions[0]!.id, jid: ANN_LID, altJid: ANN, names: { push: 'Ann', book: 'Ann of the shop' }, at },
    { sessionId: sessions[1]!.id, jid: BEN, names: { push: 'Ben_10%' }, at },
  ]);
});

const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown, as = user.token) =>
  fixture.call(method, url, { as, ...(body !== undefined && { body }) });
const names = async (query = '', as = user.token) => {
  const { status, body } = await call('GET', `/api/contacts${query}`, undefined, as);
  expect(status).toBe(200);
  return body.data.contacts.map(({ name }: { name: string }) => name) as string[];
};
const csv = async (body: string, as = user.token) =>
  fixture.app.inject({
    method: 'POST',
    url: '/api/contacts/import',
    headers: { authorization: `Bearer ${as}`, 'content-type': 'text/csv' },
    body,
  });

describe('GET /api/contacts (MR-052)', () => {
  it('lists by name, with pages; a session key sees whom its session has met; a stranger nobody', async () => {
    expect(await names()).toEqual(['Ann of the shop', 'Ben_10%']);
    expect(await names('?limit=1&page=2')).toEqual(['Ben_10%']);
    expect(await names('', sessions[1]!.key)).toEqual(['Ben_10%']);
    expect(await names(`?sessionId=${sessions[0]!.slug}`)).toEqual(['Ann of the shop']);
    expect(await names('', (await fixture.register()).token)).toEqual([]);
    const { body } = await call('GET', '/api/contacts?limit=1');
    expect(body.data.pagination).toEqual({ total: 2, page: 1, limit: 1, totalPages: 2 });
  });

  it.each([
    ['?search=shop', ['Ann of the shop']],
    ['?search=ANN', ['Ann of the shop']],
    ['?search=555-123%2045', ['Ann of the shop']],
    ['?search=111222', ['Ann of the shop']],
    ['?search=10%25', ['Ben_10%']],
    ['?search=%25', ['Ben_10%']],
    ['?search=nobody', []],
  ])('%s finds %j', async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });
});

describe('GET /api/contacts/{id} (MR-052, MR-136)', () => {
  it('finds a person by id, number, LID and any spelling of the number', async () => {
    const { body } = await call('GET', '/api/contacts/+15551234567');
    expect(body.data).toMatchObject({
      name: 'Ann of the shop',
      names: { saved: null, book: 'Ann of the shop', push: 'Ann', business: null, verified: null },
      phoneNumber: '+15551234567',
      lid: ANN_LID,
      jids: [ANN_LID, ANN],
      isBusiness: false,
      mergedContactIds: [],
    });
    const { contactId } = body.data;
    for (const ref of [contactId, '15551234567', ANN_LID, ANN]) {
      expect((await call('GET', `/api/contacts/${ref}`)).body.data.contactId).toBe(contactId);
    }
    expect((await call('GET', '/api/contacts/+5215512345678')).body.data.name).toBe('Ben_10%');
  });

  it('of another workspace, of another session with a session key, and of nobody: 404', async () => {
    const stranger = (await fixture.register()).token;
    expect((await call('GET', `/api/contacts/${ANN_LID}`, undefined, stranger)).status).toBe(404);
    expect((await call('GET', `/api/contacts/${ANN_LID}`, undefined, sessions[1]!.key)).status).toBe(404);
    expect((await call('GET', `/api/contacts/${newId()}`)).body.code).toBe('CONTACT_NOT_FOUND');
    expect((await call('GET', '/api/contacts/nobody')).body.code).toBe('INVALID_RECIPIENT');
  });
});

describe('saving (MR-052)', () => {
  it('makes a contact of a new number, and renames one that is known by another spelling', async () => {
    const made = await call('POST', '/api/contacts', { phoneNumber: '+49 1511 2345678', name: 'Cleo' });
    expect(made.status).toBe(201);
    expect(made.body.data).toMatchObject({ name: 'Cleo', phoneNumber: '+4915112345678' });
    const again = await call('POST', '/api/contacts', { phoneNumber: '+5215512345678', name: 'Benjamin' });
    expect(again.status).toBe(200);
    expect(again.body.data).toMatchObject({ name: 'Benjamin', phoneNumber: '+525512345678' });
    const { contactId } = again.body.data;
    expect((await call('PATCH', `/api/contacts/${contactId}`, { name: null })).body.data.name).toBe('Ben_10%');
  });

  it('is not for viewers, and needs a name of one line', async () => {
    expect((await call('POST', '/api/contacts', { phoneNumber: '+4915112345678', name: '' })).status).toBe(400);
    expect((await call('POST', '/api/contacts', { phoneNumber: '+4915112345678', name: 'a\nb' })).status).toBe(400);
    expect((await call('POST', '/api/contacts', { phoneNumber: '120363041234567890@g.us', name: 'A' })).status).toBe(
      400,
    );
  });
});

describe('CSV (MR-052)', () => {
  it('what is exported can be imported elsewhere; formulas are text', async () => {
    await call('POST', '/api/contacts', { phoneNumber: '+4915112345670', name: '=HYPERLINK("x")' });
    const exported = await fixture.app.inject({
      url: '/api/contacts/export',
      headers: { authorization: `Bearer ${user.token}` },
    });
    expect(exported.headers['content-type']).toContain('text/csv');
    const text = exported.body;
    expect(text).toContain("'=HYPERLINK");
    const other = await fixture.register();
    const imported = await csv(text, other.token);
    expect(imported.statusCode).toBe(200);
    const { data } = imported.json();
    expect(data.imported).toBeGreaterThanOrEqual(2);
    expect(await names('?search=Cleo', other.token)).toEqual(['Cleo']);
  });

  it('names the lines that it refuses, and saves the others', async () => {
    const { statusCode, body } = await csv('phone;name\n+4915112345671;Dora\n0151123;Nobody\n+4915112345672;\n');
    expect(statusCode).toBe(200);
    expect(JSON.parse(body).data).toMatchObject({
      imported: 1,
      refused: 2,
      refusals: [
        { line: 3, problem: 'leading_zero', reason: expect.stringContaining('country code') },
        { line: 4, problem: 'no_name', reason: 'The name is missing.' },
      ],
    });
    expect(await names('?search=Dora')).toEqual(['Dora']);
    expect((await csv('nonsense')).statusCode).toBe(400);
  });
});

describe('forgetting (MR-052, MR-136)', () => {
  const message = (waMessageId: string, chatJid: string, fromJid: string) => ({
    sessionId: sessions[0]!.id,
    epoch: 1,
    id: newId(),
    waMessageId,
    chatJid,
    fromJid,
    fromMe: false,
    type: 'text' as const,
    text: `secret of ${fromJid}`,
    senderName: 'Eve',
    waTimestamp: new Date(),
  });
  const EVE = '15557654321@s.whatsapp.net';
  const EVE_LID = '444555666@lid';
  const GROUP = '120363041234567890@g.us';

  it('erases all that the person wrote under any name, and keeps the events numbered and in shape', async () => {
    const { pool } = fixture.database;
    const sessionId = sessions[0]!.id;
    await learnContacts(pool, [{ sessionId, jid: EVE, altJid: EVE_LID, names: { push: 'Eve' }, at: new Date() }]);
    const others = { ...message('KEEP', GROUP, ANN), senderName: 'Ann' };
    await storeInbound(pool, [
      message('E1', EVE, EVE),
      message('E2', EVE_LID, EVE_LID),
      message('E3', GROUP, EVE_LID),
      others,
    ]);
    const { contactId } = (await call('GET', `/api/contacts/${EVE_LID}`)).body.data;

    const erased = await call('DELETE', `/api/contacts/${EVE}?erase=true`);
    expect(erased.body.data).toEqual({ contactId, deleted: true, erasedMessages: 3 });
    expect((await call('GET', `/api/contacts/${contactId}`)).status).toBe(404);
    const { rows } = await pool.query<{ data: unknown }>('SELECT data FROM events WHERE session_id = $1', [sessionId]);
    const text = JSON.stringify(rows);
    for (const trace of ['15557654321', '444555666', 'Eve']) expect(text).not.toContain(trace);
    expect(text).toContain(`secret of ${ANN}`);
    const { rows: left } = await pool.query('SELECT id FROM messages WHERE session_id = $1', [sessionId]);
    expect(left).toEqual([{ id: others.id }]);
  });

  it('without `erase` the messages stay, and only owners may', async () => {
    const { pool } = fixture.database;
    await learnContacts(pool, [{ sessionId: sessions[0]!.id, jid: EVE, at: new Date() }]);
    await storeInbound(pool, [message('E4', EVE, EVE)]);
    expect((await call('DELETE', `/api/contacts/${EVE}`, undefined, sessions[0]!.key)).status).toBe(403);
    expect((await call('DELETE', `/api/contacts/${EVE}`)).body.data).toMatchObject({ erasedMessages: 0 });
    const { body } = await call('GET', `/api/messages?chat=${EVE}`);
    expect(body.data.messages).toMatchObject([{ text: `secret of ${EVE}`, identities: { chat: { contactId: null } } }]);
  });
});

describe('messages (MR-136)', () => {
  it('say who is who, and `chat` finds them by number, LID, other spelling and contact', async () => {
    const { pool } = fixture.database;
    const common = {
      sessionId: sessions[1]!.id,
      epoch: 1,
      fromMe: false,
      type: 'text' as const,
      waTimestamp: new Date(),
    };
    await learnContacts(pool, [{ sessionId: sessions[1]!.id, jid: ANN_LID, at: new Date() }]);
    await storeInbound(pool, [
      { ...common, id: newId(), waMessageId: 'M1', chatJid: ANN, fromJid: ANN, text: 'by number' },
      { ...common, id: newId(), waMessageId: 'M2', chatJid: ANN_LID, fromJid: ANN_LID, text: 'by LID' },
      { ...common, id: newId(), waMessageId: 'M3', chatJid: BEN, fromJid: BEN, text: 'of Ben' },
    ]);
    const { contactId } = (await call('GET', `/api/contacts/${ANN}`)).body.data;
    for (const chat of [ANN, ANN_LID, '%2B15551234567', contactId]) {
      const { body } = await call('GET', `/api/sessions/${sessions[1]!.slug}/messages?chat=${chat}`);
      expect(body.data.messages.map(({ text }: { text: string }) => text)).toEqual(['by LID', 'by number']);
      for (const { identities } of body.data.messages) {
        expect(identities.chat).toMatchObject({ contactId, phoneNumber: '+15551234567', lid: ANN_LID });
        expect(identities.from.contactId).toBe(contactId);
      }
    }
    const { body } = await call('GET', `/api/sessions/${sessions[1]!.slug}/messages?chat=%2B5215512345678`);
    expect(body.data.messages.map(({ text }: { text: string }) => text)).toEqual(['of Ben']);
    const lids = `/api/sessions/${sessions[1]!.slug}/lids`;
    expect((await call('GET', `${lids}/${ANN_LID}`)).body.data).toMatchObject({
      phoneNumber: '+15551234567',
      contactId,
    });
    expect((await call('GET', `${lids}/999999999`)).body.code).toBe('CONTACT_NOT_FOUND');
  });
});
