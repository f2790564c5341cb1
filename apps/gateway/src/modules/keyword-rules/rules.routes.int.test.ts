import { learnContacts } from '@wa-gate/messaging';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { receive } from '../../testing/inbound.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { adoptSessions, listeningSessions, listenToSession, sweepRuleFirings } from './index.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;
let serial = 0;

beforeAll(async () => {
  await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  user = await fixture.register();
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
});

const query = async <T extends object>(sql: string, values: unknown[] = []) =>
  (await fixture.database.pool.query<T>(sql, values)).rows;
const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown, as = user.token) =>
  fixture.call(method, url, { as, ...(body !== undefined && { body }) });
const RULE = {
  name: 'Rooms',
  match: 'contains',
  patterns: ['pinjam ruang', 'lihat ruang'],
  reply: 'Free, {{name|friend}}.',
};
async function rule(more: Record<string, unknown> = {}) {
  const { status, body } = await call('POST', '/api/rules', { ...RULE, ...more });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.data;
}
/** Somebody new. */
const person = (): string => {
  serial += 1;
  return `1555000${String(serial).padStart(4, '0')}@s.whatsapp.net`;
};
const hear = async (text: string, chatJid = person(), more: Record<string, unknown> = {}) => {
  const messageId = await receive(fixture, session, { chatJid, text, ...more });
  await listen();
  return messageId;
};
const listen = () => listenToSession(fixture.database.pool, session.id);
const sent = () =>
  query<{ text: string; to: string; id: string; metadata: Record<string, unknown> }>(
    `SELECT id, text, chat_jid AS to, metadata, context FROM messages WHERE session_id = $1 AND metadata IS NOT NULL ORDER BY id`,
    [session.id],
  );
const texts = async () => (await sent()).map(({ text }) => text);
const events = (type: string) =>
  query<{ data: Record<string, unknown> }>('SELECT data FROM events WHERE session_id = $1 AND type = $2 ORDER BY seq', [
    session.id,
    type,
  ]);

describe('keyword rules (MR-071)', () => {
  it('a message that fits is answered once, told, and labels who wrote it', async () => {
    const { ruleId } = await rule({ event: true, label: 'rooms', quotes: true });
    const ann = person();
    const messageId = await hear('Saya mau PINJAM ruang A', ann, { senderName: 'Ann' });
    expect(await sent()).toMatchObject([
      { text: 'Free, Ann.', to: ann, metadata: { ruleId }, context: { replyTo: { messageId } } },
    ]);
    const [{ data }] = (await events('keyword.matched')) as [{ data: Record<string, unknown> }];
    expect(data).toMatchObject({
      ruleId,
      rule: 'Rooms',
      keyword: 'pinjam ruang',
      messageId,
      chat: ann,
      replyMessageId: (await sent())[0]!.id,
    });
    expect((await call('GET', `/api/contacts/${ann}`)).body.data.labels).toEqual(['rooms']);
    expect((await call('GET', '/api/rules')).body.data.rules).toMatchObject([
      { ruleId, fired: 1, lastFiredAt: expect.any(String) },
    ]);
  });

  it('whatever dies in between: looking again answers nothing again, and the ids are the same', async () => {
    await rule({ event: true });
    const messageId = await hear('lihat ruang');
    const [first] = await sent();
    await query('UPDATE automation_cursors SET seq = 0 WHERE session_id = $1', [session.id]);
    await listen();
    expect([await texts(), await events('keyword.matched')]).toMatchObject([
      ['Free, friend.'],
      [{ data: { messageId } }],
    ]);
    // As if the transaction had been lost after all, but for the message: it is the same one.
    await query('UPDATE automation_cursors SET seq = 0 WHERE session_id = $1', [session.id]);
    await query('DELETE FROM rule_firings WHERE session_id = $1', [session.id]);
    await query('UPDATE messages SET text = $2 WHERE id = $1', [first!.id, 'as it was']);
    await listen();
    expect(await sent()).toMatchObject([{ id: first!.id, text: 'as it was' }]);
  });

  it('several processes that look at the same time answer once', async () => {
    await rule();
    const ann = person();
    await receive(fixture, session, { chatJid: ann, text: 'lihat ruang' });
    await Promise.all(Array.from({ length: 5 }, listen));
    expect(await texts()).toEqual(['Free, friend.']);
  });

  it('rests for its cool-down in a chat, and not in another', async () => {
    await rule({ cooldownSeconds: 60 });
    const [ann, ben] = [person(), person()];
    for (const chat of [ann, ann, ben]) await hear('lihat ruang', chat);
    expect((await sent()).map(({ to }) => to)).toEqual([ann, ben]);
    await query(`UPDATE rule_firings SET created_at = now() - interval '61 s' WHERE session_id = $1`, [session.id]);
    await hear('lihat ruang', ann);
    expect(await texts()).toHaveLength(3);
  });

  it('two programs that answer each other come to an end: an echo, and more than a dozen answers in an hour', async () => {
    await rule({ cooldownSeconds: 0, reply: 'lihat ruang, please' });
    const bot = person();
    for (let n = 0; n < 20; n += 1) await hear(`lihat ruang ${n}`, bot);
    expect(await texts()).toHaveLength(12);
    const echo = person();
    for (let n = 0; n < 3; n += 1) await hear(n === 0 ? 'lihat ruang' : 'Lihat ruang, please', echo);
    expect((await sent()).filter(({ to }) => to === echo)).toHaveLength(1);
  });

  it('sets nothing off: own messages, other accounts of the workspace, groups unless asked, what is hours old', async () => {
    await rule();
    const GROUP = '120363041234567890@g.us';
    await hear('lihat ruang', person(), { fromMe: true });
    await hear('lihat ruang', GROUP, { fromJid: person() });
    await hear('lihat ruang', 'status@broadcast', { fromJid: person() });
    await hear('lihat ruang', person(), { waTimestamp: new Date(Date.now() - 7 * 3_600_000) });
    const other = await fixture.createSession(user);
    await query('UPDATE sessions SET phone_number = $2 WHERE id = $1', [other.id, '+15559990001']);
    await hear('lihat ruang', '15559990001@s.whatsapp.net');
    expect(await texts()).toEqual([]);
    await rule({ inGroups: true, patterns: ['lihat'], reply: 'Here' });
    await hear('lihat ruang', GROUP, { fromJid: person() });
    expect(await sent()).toMatchObject([{ text: 'Here', to: GROUP }]);
  });

  it('the first rule that fits and holds fires, by priority, session and hours', async () => {
    const other = await fixture.createSession(user);
    await rule({ name: 'late', priority: 200, reply: 'late' });
    await rule({ name: 'elsewhere', priority: 1, reply: 'elsewhere', sessionIds: [other.slug] });
    await rule({ name: 'never', priority: 2, reply: 'never', isActive: false });
    const zone = 'UTC';
    const hour = new Date().getUTCHours();
    const clock = (at: number) => `${String((at + 24) % 24).padStart(2, '0')}:00`;
    await rule({
      name: 'closed',
      priority: 3,
      reply: 'closed',
      hours: { from: clock(hour + 2), to: clock(hour + 3), zone },
    });
    await rule({
      name: 'open',
      priority: 4,
      reply: 'open',
      hours: { from: clock(hour - 1), to: clock(hour + 2), zone },
    });
    await hear('lihat ruang');
    expect(await texts()).toEqual(['open']);
    const tested = (await call('POST', '/api/rules/test', { text: 'LIHAT ruang', sessionId: session.slug })).body.data;
    expect(tested).toMatchObject({ matched: true, rule: 'open', keyword: 'lihat ruang', reply: 'open' });
    expect(tested.others.map(({ rule: name, reason }: { rule: string; reason: string }) => [name, reason])).toEqual([
      ['elsewhere', 'It is for other sessions.'],
      ['closed', 'It is outside of its hours.'],
      ['late', 'Another rule comes first.'],
    ]);
  });

  it('what came before the first rule is not answered; a session that is made later is listened to', async () => {
    await receive(fixture, session, { chatJid: person(), text: 'lihat ruang' });
    const made = await rule();
    await listen();
    expect(await texts()).toEqual([]);
    await call('PATCH', `/api/rules/${made.ruleId}`, { isActive: false });
    await receive(fixture, session, { chatJid: person(), text: 'lihat ruang' });
    await listen();
    expect((await listeningSessions(fixture.database.pool)).map(({ sessionId }) => sessionId)).not.toContain(
      session.id,
    );
    await call('PATCH', `/api/rules/${made.ruleId}`, { isActive: true });
    await listen();
    expect(await texts()).toEqual([]);
    await hear('lihat ruang');
    expect(await texts()).toHaveLength(1);
    session = await fixture.createSession(user);
    await fixture.setState(session, 'CONNECTED');
    await receive(fixture, session, { chatJid: person(), text: 'lihat ruang' });
    await adoptSessions(fixture.database.pool);
    await listen();
    expect(await texts()).toHaveLength(1);
  });

  it('answers with any kind of message, and with what a regular expression found', async () => {
    await rule({
      match: 'regex',
      patterns: ['order (\\d+)'],
      reply: { type: 'poll', name: 'Order {{1}}?', options: ['Yes', 'No'] },
    });
    await hear('my ORDER 4711');
    const [poll] = await query<{ kind: string; content: unknown }>(
      `SELECT kind, text, content FROM messages WHERE session_id = $1 AND direction = 'OUTBOUND'`,
      [session.id],
    );
    expect(poll!.kind).toBe('poll');
    expect(JSON.stringify(poll)).toContain('Order 4711?');
  });

  it('a rule that cannot work is refused with a reason', async () => {
    const cases: [more: object, sentence: string][] = [
      [{ match: 'regex', patterns: ['(?=x)'] }, 'RE2'],
      [{ hours: { from: '08:00', to: '17:00', zone: 'Asia/Nowhere' } }, 'time zone'],
      [{ reply: null }, 'do nothing'],
      [{ reply: { type: 'location' } }, 'latitude'],
      [{ patterns: [] }, 'patterns'],
      [{ patterns: ['a\u0000'] }, 'U+0000'],
      [{ cooldown: 3 }, 'cooldown'],
    ];
    for (const [more, sentence] of cases) {
      const { status, body } = await call('POST', '/api/rules', { ...RULE, ...more });
      expect([status, body.code]).toEqual([400, 'VALIDATION']);
      expect(body.error).toContain(sentence);
    }
  });

  it('is changed, tried without being stored, deleted; a stranger finds none', async () => {
    const { ruleId } = await rule();
    const url = `/api/rules/${ruleId}`;
    expect((await call('PATCH', url, { patterns: ['menu'], reply: 'Rice' })).body.data).toMatchObject({
      patterns: ['menu'],
      reply: { text: 'Rice' },
      match: 'contains',
    });
    const tried = { text: 'Order 5', rule: { match: 'regex', patterns: ['order (\\d)'] } };
    expect((await call('POST', '/api/rules/test', tried)).body.data).toMatchObject({
      matched: true,
      ruleId: null,
      groups: ['5'],
    });
    expect((await call('POST', '/api/rules/test', { text: 'menu', inGroup: true })).body.data).toMatchObject({
      matched: false,
      others: [{ reason: 'It is not for groups.' }],
    });
    const stranger = await fixture.register();
    for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
      const { body } = await call(method, url, method === 'PATCH' ? { priority: 1 } : undefined, stranger.token);
      expect(body.code).toBe('RULE_NOT_FOUND');
    }
    expect((await call('DELETE', url)).body.data).toEqual({ ruleId, deleted: true });
    expect((await call('GET', url)).status).toBe(404);
  });

  it('old firings are removed', async () => {
    await rule();
    await hear('lihat ruang');
    expect(await sweepRuleFirings(fixture.database.pool, 1_000)).toBe(0);
    await query(`UPDATE rule_firings SET created_at = now() - interval '31 days' WHERE session_id = $1`, [session.id]);
    expect(await sweepRuleFirings(fixture.database.pool, 1_000)).toBe(1);
  });
});

describe('consent (MR-041)', () => {
  const SETTINGS = {
    optOutKeywords: ['STOP', 'BERHENTI'],
    optInKeywords: ['START'],
    optOutReply: 'Bye.',
    optInReply: 'Hi again.',
  };
  const optOuts = async () => (await call('GET', '/api/opt-outs')).body.data.optOuts;
  const log = async (more = '') => (await call('GET', `/api/opt-outs/log${more}`)).body.data.entries;

  it('a keyword is confirmed once, and the ledger says by which message; coming back is one too', async () => {
    expect((await call('GET', '/api/opt-outs/settings')).body.data).toMatchObject({
      isActive: false,
      optOutKeywords: expect.arrayContaining(['STOP', 'BERHENTI']),
    });
    expect((await call('PATCH', '/api/opt-outs/settings', SETTINGS)).body.data).toEqual({
      isActive: true,
      ...SETTINGS,
    });
    await rule({ match: 'contains', patterns: ['stop', 'start'], reply: 'rule' });
    const ann = person();
    const left = await hear(' "Stop." ', ann);
    await hear('berhenti', ann);
    expect(await texts()).toEqual(['Bye.']);
    expect(await optOuts()).toMatchObject([
      { identity: { jid: ann }, source: 'keyword', sessionId: session.slug, messageId: left },
    ]);
    const back = await hear('START', ann);
    await hear('stop', ann);
    expect(await texts()).toEqual(['Bye.', 'Hi again.', 'Bye.']);
    expect(await log()).toMatchObject([
      { action: 'out', source: 'keyword', text: 'stop' },
      { action: 'in', messageId: back, by: null },
      { action: 'out', messageId: left, text: ' "Stop." ' },
    ]);
    // Somebody who has not left says it about something else: then a rule may answer.
    await hear('start', person());
    await hear('please stop that', person());
    expect((await texts()).slice(3)).toEqual(['rule', 'rule']);
    expect((await call('POST', '/api/rules/test', { text: 'STOP!' })).body.data).toMatchObject({
      consent: 'out',
      matched: false,
    });
  });

  it('a person has left under all of its names, and comes back under any', async () => {
    await learnContacts(fixture.database.pool, [
      {
        sessionId: session.id,
        jid: '15557770001@s.whatsapp.net',
        altJid: '4455667788@lid',
        names: { push: 'Dan' },
        at: new Date(),
      },
    ]);
    expect((await call('POST', '/api/opt-outs', { to: '+1 555 777 0001', note: 'by mail' })).body.data).toMatchObject({
      identity: { name: 'Dan', lid: '4455667788@lid' },
      source: 'api',
      note: 'by mail',
    });
    await call('POST', '/api/opt-outs', { to: '4455667788@lid' });
    expect(await optOuts()).toHaveLength(1);
    expect((await call('DELETE', '/api/opt-outs/4455667788@lid')).body.data).toMatchObject({
      optedIn: true,
      identity: { name: 'Dan' },
    });
    expect((await call('DELETE', '/api/opt-outs/4455667788@lid')).body.code).toBe('OPT_OUT_NOT_FOUND');
    expect(await log('?to=%2B15557770001')).toMatchObject([
      { action: 'in', by: user.email },
      { action: 'out', by: user.email, text: 'by mail' },
    ]);
    expect((await call('POST', '/api/opt-outs', { to: '120363041234567890@g.us' })).body.code).toBe(
      'INVALID_RECIPIENT',
    );
  });

  it('a list is imported; a rule may opt out; the first broadcast begins to listen', async () => {
    const csv = 'name;phone\nAnn;+62811-000-0001\nBen;nobody\nAnn again;628110000001\n';
    const headers = { 'content-type': 'text/csv' };
    const upload = () => fixture.call('POST', '/api/opt-outs/import', { as: user.token, body: csv, headers });
    expect((await upload()).body.data).toEqual({
      imported: 1,
      known: 1,
      refused: 1,
      refusals: [{ line: 3, reason: expect.any(String) }],
    });
    expect((await upload()).body.data).toMatchObject({ imported: 0, known: 2 });
    expect((await call('GET', '/api/opt-outs?search=0000001')).body.data.optOuts).toMatchObject([{ source: 'import' }]);
    await rule({ match: 'exact', patterns: ['no more'], reply: null, optOut: true });
    const ann = person();
    await hear('No more!', ann);
    expect(await log('?limit=1')).toMatchObject([{ action: 'out', source: 'rule', identity: { jid: ann } }]);
    expect(await texts()).toEqual([]);
    await call('POST', '/api/broadcast', { message: 'a', sessionIds: [session.slug] });
    await hear('STOP');
    expect(await texts()).toEqual([expect.stringContaining('no more broadcasts')]);
    expect((await call('GET', '/api/opt-outs?cursor=%00')).body.code).toBe('VALIDATION');
    expect((await call('PATCH', '/api/opt-outs/settings', { optOutReply: 'a\u0000' })).body.code).toBe('VALIDATION');
    const page = (await call('GET', '/api/opt-outs?limit=2')).body.data;
    expect(
      (await call('GET', `/api/opt-outs?limit=2&cursor=${encodeURIComponent(page.pagination.nextCursor)}`)).body.data
        .optOuts,
    ).toHaveLength(1);
  });
});
