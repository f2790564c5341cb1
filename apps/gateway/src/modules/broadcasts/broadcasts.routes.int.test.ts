import { kindOf } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import { learnContacts } from '@wa-gate/messaging';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGatewayFixture, type TestSession, type TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { advanceBroadcast } from './index.ts';

const fixture = useGateway();
let user: TestUser;
let sessions: TestSession[];

beforeAll(async () => {
  await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  user = await fixture.register();
  sessions = [await fixture.createSession(user), await fixture.createSession(user)];
  for (const session of sessions) await fixture.setState(session, 'CONNECTED');
});

const query = async <T extends object>(sql: string, values: unknown[] = []) =>
  (await fixture.database.pool.query<T>(sql, values)).rows;
const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT', url: string, body?: unknown, as = user.token) =>
  fixture.call(method, url, { as, ...(body !== undefined && { body }) });
const numbers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => `+62811${String(1_000_000 + from + n)}`);

interface Made {
  broadcastId: string;
  recipients: { added: number; duplicates: number; refused: number; refusals: { line: number; reason: string }[] };
}
async function make(body: Record<string, unknown> = {}, as = user.token): Promise<Made> {
  const all = { message: 'Hello {{name|friend}}', sessionIds: sessions.map(({ slug }) => slug), ...body };
  const answer = await call('POST', '/api/broadcast', all, as);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data;
}
const upload = (id: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  fixture.call('POST', `/api/broadcast/${id}/recipients/import`, {
    as: user.token,
    body,
    headers: { 'content-type': 'text/csv', ...headers },
  });
const get = async (id: string) => (await call('GET', `/api/broadcast/${id}`)).body.data;
const report = async (id: string, more = '') =>
  (await call('GET', `/api/broadcast/${id}/report?limit=200${more}`)).body.data;
const verb = (id: string, name: string) => call('POST', `/api/broadcast/${id}/${name}`);
const advance = (id: string) => advanceBroadcast(fixture.database.pool, id);
const messagesOf = (id: string) =>
  query<{ id: string; sessionId: string; text: string; to: string }>(
    `SELECT id, session_id AS "sessionId", text, chat_jid AS to FROM messages WHERE metadata->>'broadcastId' = $1 ORDER BY id`,
    [id],
  );
/** As if the owners had sent what waits. */
async function send(state = 'SENT'): Promise<void> {
  await query(
    `WITH sent AS (UPDATE outbox SET state = 'SENT' WHERE lane = 'CAMPAIGN' AND state IN ('HELD', 'QUEUED', 'SENDING') RETURNING message_id)
     UPDATE messages SET state = $1::"MessageState", sent_at = now(), error_code = CASE WHEN $1 = 'FAILED' THEN '463' END
     WHERE id IN (SELECT message_id FROM sent)`,
    [state],
  );
}
async function finish(id: string): Promise<void> {
  for (let step = 0; step < 200; step += 1) {
    await advance(id);
    await send();
    if ((await get(id)).isSettled) return;
  }
  throw new Error(`The broadcast has not ended: ${JSON.stringify(await get(id))}`);
}
const sum = ({ total: _, ...counts }: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);

describe('POST /api/broadcast (MR-041)', () => {
  it('keeps each person once, in whatever spelling, and reports what names nobody', async () => {
    const made = await make({
      recipients: [
        '+62 811-2345-678',
        { to: 62811_2345678, name: 'Ann' },
        '628112345678@c.us',
        'nobody',
        '08112345678',
        '+52 1 55 1234 5678',
        '+52 55 1234 5678',
      ],
    });
    expect(made.recipients).toMatchObject({ added: 2, duplicates: 3, refused: 2 });
    expect(made.recipients.refusals.map(({ line }) => line)).toEqual([4, 5]);
    const { counts, status, progress, variables } = await get(made.broadcastId);
    expect([status, progress, variables]).toEqual(['draft', 5 / 7, ['name']]);
    expect(counts).toMatchObject({ total: 7, pending: 2, skipped: 3, invalid: 2 });
    const rows = (await report(made.broadcastId)).recipients;
    expect(rows.map(({ state, reason }: { state: string; reason: string }) => [state, reason])).toEqual([
      ['pending', null],
      ['skipped', 'duplicate'],
      ['skipped', 'duplicate'],
      ['invalid', expect.stringMatching(/^no_number: This is not a phone number/)],
      ['invalid', expect.stringMatching(/^leading_zero: A number begins with its country code/)],
      ['pending', null],
      ['skipped', 'duplicate'],
    ]);
  });

  it('takes contacts: by a label, by a search, those of a session', async () => {
    const at = new Date();
    const [first, second] = sessions;
    await learnContacts(fixture.database.pool, [
      { sessionId: first!.id, jid: '15551230001@s.whatsapp.net', names: { saved: 'Ann' }, at },
      { sessionId: first!.id, jid: '15551230002@s.whatsapp.net', names: { saved: 'Ben' }, at },
      { sessionId: second!.id, jid: '99887766@lid', names: { push: 'Cid' }, at },
    ]);
    expect(
      (await call('PUT', '/api/contacts/+15551230001/labels', { labels: ['vip', 'news'] })).body.data.labels,
    ).toEqual(['news', 'vip']);
    const added = async (contacts: object) => (await make({ contacts })).recipients.added;
    expect([await added({}), await added({ label: 'vip' }), await added({ search: 'Be' })]).toEqual([3, 1, 1]);
    expect(await added({ sessionId: second!.slug })).toBe(1);
    const { broadcastId } = await make({ contacts: { label: 'news' } });
    expect((await report(broadcastId)).recipients).toMatchObject([{ recipient: '+15551230001', name: 'Ann' }]);
  });

  it('takes the people whose chats have a label of the account, by its id or its name; groups and deleted labels are none', async () => {
    const [first] = sessions;
    await learnContacts(fixture.database.pool, [
      {
        sessionId: first!.id,
        jid: '15551230001@s.whatsapp.net',
        altJid: '55510001@lid',
        names: { saved: 'Ann' },
        at: new Date(),
      },
    ]);
    await query(
      `INSERT INTO wa_labels (session_id, label_id, name, is_deleted) VALUES ($1, '3', 'New customer', false), ($1, '4', 'Gone', true)`,
      [first!.id],
    );
    await query(
      `INSERT INTO wa_label_assignments (session_id, label_id, chat_jid, wa_message_id) SELECT $1, '3', jid, of
        FROM unnest($2::text[], $3::text[]) AS a(jid, of)`,
      [
        first!.id,
        [
          '15551230001@s.whatsapp.net',
          '55510001@lid',
          '15551230002@s.whatsapp.net',
          '120363025246125486@g.us',
          '15551230003@s.whatsapp.net',
        ],
        ['', '', '', '', 'A-MESSAGE'],
      ],
    );
    for (const label of ['3', 'New customer']) {
      const made = await make({ chats: { sessionId: first!.slug, label } });
      expect(made.recipients).toMatchObject({ added: 2, duplicates: 1, refused: 0 });
      expect((await report(made.broadcastId, '&state=pending')).recipients).toMatchObject([
        { name: 'Ann' },
        { recipient: '15551230002@s.whatsapp.net', name: null },
      ]);
    }
    for (const label of ['Gone', '5']) {
      const chats = { sessionId: first!.slug, label };
      const { status, body } = await call('POST', '/api/broadcast', { message: 'a', sessionIds: [first!.slug], chats });
      expect([status, body.code]).toEqual([404, 'LABEL_NOT_FOUND']);
    }
  });

  it('takes the members of a group, each to be written to alone: without the accounts of the workspace', async () => {
    const [first, second] = sessions;
    await query(`UPDATE sessions SET phone_number = '+15550000002' WHERE id = $1`, [second!.id]);
    await query(`UPDATE sessions SET lid = '77000001@lid' WHERE id = $1`, [first!.id]);
    await learnContacts(fixture.database.pool, [
      {
        sessionId: first!.id,
        jid: '15551230001@s.whatsapp.net',
        altJid: '55510001@lid',
        names: { saved: 'Ann' },
        at: new Date(),
      },
    ]);
    const jids = [
      '77000001@lid',
      '15550000002@s.whatsapp.net',
      '55510001@lid',
      '15551230002@s.whatsapp.net',
      '55530003@lid',
    ];
    await query(
      `INSERT INTO groups (session_id, jid, subject, facts, participants, participant_count, is_member, read_at, changed_at)
       VALUES ($1, '120363025246125486@g.us', 'Orders', $2, $3, 5, true, now(), now())`,
      [
        first!.id,
        JSON.stringify({
          onlyAdminsSend: false,
          onlyAdminsEdit: false,
          onlyAdminsAdd: false,
          joinApproval: false,
          disappearingSeconds: 0,
        }),
        JSON.stringify(jids.map((jid) => ({ jid, role: 'member' }))),
      ],
    );
    const { broadcastId } = await make();
    const group = { sessionId: first!.slug, group: '120363025246125486' };
    const { body } = await call('POST', `/api/broadcast/${broadcastId}/recipients`, {
      group,
      recipients: ['+15551230001'],
    });
    expect(body.data).toMatchObject({ added: 3, duplicates: 1, refused: 0 });
    expect((await report(broadcastId, '&state=pending')).recipients).toMatchObject([
      { recipient: '+15551230001' },
      { recipient: '+15551230002', jid: '15551230002@s.whatsapp.net' },
      { recipient: '55530003@lid', jid: '55530003@lid' },
    ]);
    const preview = await call('POST', `/api/broadcast/${broadcastId}/preview`, { to: '55510001@lid' });
    expect(preview.body.data).toMatchObject({ text: 'Hello Ann', skippedBecause: null });
    const none = await call('POST', `/api/broadcast/${broadcastId}/recipients`, {});
    expect([none.body.code, none.body.error]).toEqual(['VALIDATION', expect.stringContaining('`group`')]);
  });

  it('what cannot be sent is refused with its code, and nothing is stored', async () => {
    const cases: [body: object, code: string][] = [
      [{ message: undefined }, 'VALIDATION'],
      [{ variants: ['a'] }, 'VALIDATION'],
      [{ message: { type: 'hologram' } }, 'MESSAGE_TYPE_UNSUPPORTED'],
      [{ message: { type: 'location', latitude: 1 } }, 'VALIDATION'],
      [{ message: { type: 'text', text: 'a', to: '+628123456789' } }, 'VALIDATION'],
      [{ message: '  ' }, 'VALIDATION'],
      [{ message: 'a\u0000' }, 'VALIDATION'],
      [{ metadata: { a: '\ud83d' } }, 'VALIDATION'],
      [{ sessionIds: ['no-such'] }, 'SESSION_NOT_FOUND'],
      [{ start: true }, 'BROADCAST_EMPTY'],
      [{ start: true, scheduledAt: '2030-01-01T00:00:00Z' }, 'VALIDATION'],
      [{ message: { type: 'image', media: { mediaId: newId() } } }, 'MEDIA_NOT_FOUND'],
    ];
    for (const [body, code] of cases) {
      const answer = await call('POST', '/api/broadcast', {
        message: 'a',
        sessionIds: [sessions[0]!.slug],
        ...body,
      });
      expect([body, answer.body.code, answer.status >= 400]).toEqual([body, code, true]);
    }
    expect((await call('GET', '/api/broadcasts')).body.data.broadcasts).toEqual([]);
  });

  it('is called /api/broadcasts as well, lists by status, and is not a stranger’s', async () => {
    const { broadcastId } = await make();
    expect((await call('GET', `/api/v1/broadcasts/${broadcastId}`)).body.data.broadcastId).toBe(broadcastId);
    expect((await call('GET', '/api/broadcast?status=draft')).body.data.pagination.total).toBe(1);
    expect((await call('GET', '/api/broadcast?status=running')).body.data.broadcasts).toEqual([]);
    const stranger = await fixture.register();
    for (const path of ['', '/report']) {
      expect((await call('GET', `/api/broadcast/${broadcastId}${path}`, undefined, stranger.token)).body.code).toBe(
        'BROADCAST_NOT_FOUND',
      );
    }
    expect((await call('DELETE', `/api/broadcast/${broadcastId}`)).body.data).toEqual({ broadcastId, deleted: true });
    expect((await get(broadcastId)) ?? null).toBeNull();
  });
});

describe('PATCH /api/broadcast/{id} (MR-041)', () => {
  const patch = (id: string, body: object) => call('PATCH', `/api/broadcast/${id}`, body);

  it('changes message, sessions, name and time of one that has not begun; the list stays', async () => {
    const { broadcastId } = await make({ recipients: numbers(2), metadata: { a: 1 } });
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const { status, body } = await patch(broadcastId, {
      name: 'Moved',
      variants: ['Bye {{name|x}}', 'See you'],
      sessionIds: [sessions[1]!.slug],
      scheduledAt: later,
    });
    expect([status, body.data]).toMatchObject([
      200,
      {
        name: 'Moved',
        status: 'scheduled',
        scheduledAt: later,
        sessionIds: [sessions[1]!.slug],
        messages: [{ text: 'Bye {{name|x}}' }, { text: 'See you' }],
        metadata: { a: 1 },
        counts: { total: 2, pending: 2 },
      },
    ]);
    expect(await get(broadcastId)).toEqual(body.data);
    expect((await patch(broadcastId, { scheduledAt: null })).body.data).toMatchObject({
      status: 'draft',
      scheduledAt: null,
      name: 'Moved',
    });
    const written = await query<{ after: object }>(
      `SELECT after FROM audit_logs WHERE action = 'broadcast.updated' AND resource_id = $1 ORDER BY id`,
      [broadcastId],
    );
    expect(written.map(({ after }) => after)).toMatchObject([
      { status: 'scheduled', hasNewMessage: true },
      { status: 'draft', hasNewMessage: false },
    ]);
    await verb(broadcastId, 'start');
    await finish(broadcastId);
    expect((await messagesOf(broadcastId)).map(({ text, sessionId }) => [text, sessionId])).toEqual([
      ['Bye x', sessions[1]!.id],
      ['See you', sessions[1]!.id],
    ]);
  });

  it('is refused for one that has begun, and for what cannot be sent; then nothing has changed', async () => {
    const { broadcastId } = await make({ recipients: numbers(2) });
    const before = await get(broadcastId);
    const cases: [body: object, code: string][] = [
      [{}, 'VALIDATION'],
      [{ message: 'a', variants: ['b'] }, 'VALIDATION'],
      [{ message: { type: 'hologram' } }, 'MESSAGE_TYPE_UNSUPPORTED'],
      [{ message: { type: 'event', name: 'Tea', startTime: '2026-12-31T23:59:60Z' } }, 'VALIDATION'],
      [{ message: { type: 'groupInvite', ...kindOf('groupInvite').examples[0]!.request } }, 'VALIDATION'],
      [{ scheduledAt: '2031-01-15T10:30:00+01:00[Europe/Berlin]' }, 'VALIDATION'],
      [{ scheduledAt: '0000-01-15T10:30:00Z' }, 'VALIDATION'],
      [{ sessionIds: ['no-such'] }, 'SESSION_NOT_FOUND'],
      [{ recipients: ['+628112345678'] }, 'VALIDATION'],
    ];
    for (const [body, code] of cases) {
      const answer = await patch(broadcastId, body);
      expect([body, answer.body.code, answer.status >= 400]).toEqual([body, code, true]);
    }
    expect(await get(broadcastId)).toEqual(before);
    await verb(broadcastId, 'start');
    const late = await patch(broadcastId, { name: 'Late' });
    expect([late.status, late.body.code]).toEqual([409, 'BROADCAST_STATE']);
    expect((await patch(newId(), { name: 'a' })).body.code).toBe('BROADCAST_NOT_FOUND');
  });
});

describe('recipients from CSV (MR-041)', () => {
  it('columns become variables; bad rows are told by their line, and the others are kept', async () => {
    const { broadcastId } = await make({ message: '{{name|you}}: {{order no}} {{city|}}' });
    const csv =
      '\ufeffNo HP;Nama;Order No\r\n+62811-2345-678;"Ann; the ""boss""";4711\r\n;Nobody;1\n6,28E+12;Ben;2\r\n\'+628112345679;;4712\n';
    const { status, body } = await upload(broadcastId, csv);
    expect([status, body.data]).toMatchObject([200, { added: 2, duplicates: 0, refused: 2, total: 4 }]);
    expect(body.data.refusals).toEqual([
      { line: 3, reason: 'no_recipient: The row has no recipient.' },
      { line: 4, reason: expect.stringMatching(/^shortened_number: .*shortened/) },
    ]);
    const preview = async (to?: string) =>
      (await call('POST', `/api/broadcast/${broadcastId}/preview`, { to })).body.data;
    expect(await preview()).toMatchObject({
      to: '628112345678@s.whatsapp.net',
      text: 'Ann; the "boss": 4711 ',
      missing: [],
    });
    expect(await preview('+628112345679')).toMatchObject({ text: 'you: 4712 ', skippedBecause: null });
    expect(await preview('+628112345999')).toMatchObject({
      missing: ['order_no'],
      skippedBecause: 'missing_variable: order_no',
    });
  });

  it.each([
    ['a,b\nc,d\n', 400, 'VALIDATION'],
    ['', 400, 'VALIDATION'],
  ])('%j is no list', async (csv, status, code) => {
    const { broadcastId } = await make();
    const answer = await upload(broadcastId, csv);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('a file without a header is a list of numbers; one of another type is refused', async () => {
    const { broadcastId } = await make();
    expect((await upload(broadcastId, '+628112345678\n+628112345679\n')).body.data).toMatchObject({ added: 2 });
    expect((await upload(broadcastId, '"x"', { 'content-type': 'application/json' })).body.code).toBe(
      'UNSUPPORTED_MEDIA_TYPE',
    );
  });

  it('a file of a gigabyte is refused before it is sent', async () => {
    const { broadcastId } = await make();
    const answer = await upload(broadcastId, 'phone\n', { 'content-length': String(1024 ** 3) });
    expect([answer.status, answer.body.code, answer.headers.connection]).toEqual([413, 'BODY_TOO_LARGE', 'close']);
  });

  it('a list has 100 000 rows at most, and a file that is too long is refused whole', async () => {
    const { broadcastId } = await make();
    await query('UPDATE broadcasts SET total = 99999, pending = 99999 WHERE id = $1', [broadcastId]);
    const answer = await upload(broadcastId, `phone\n${numbers(2).join('\n')}\n`);
    expect([answer.body.code, answer.body.error]).toEqual(['VALIDATION', expect.stringContaining('100000 rows')]);
    expect((await upload(broadcastId, `phone\n${numbers(1).join('\n')}\n`)).body.data).toMatchObject({
      added: 1,
      total: 100_000,
    });
  });
});

describe('a broadcast on its way (MR-043, MR-098)', () => {
  it('is given to the sessions in chunks of 50, no more than they have room for, and ends with counts that are its rows', async () => {
    const { broadcastId } = await make({
      recipients: numbers(330),
      variants: ['A {{name|x}}', { type: 'text', text: 'B {{number}}' }],
      message: undefined,
      start: true,
    });
    expect((await advance(broadcastId))!.queued).toBe(50);
    for (let step = 0; step < 8; step += 1) await advance(broadcastId);
    // Back-pressure: two sessions, 100 each.
    expect((await get(broadcastId)).counts).toMatchObject({ queued: 200, pending: 130, sent: 0 });
    expect((await get(broadcastId)).waitsFor).toBe('queue_full');
    await finish(broadcastId);
    const { counts, status, progress, endedAt } = await get(broadcastId);
    expect([status, progress, endedAt !== null]).toEqual(['completed', 1, true]);
    expect(counts).toMatchObject({ total: 330, sent: 330, pending: 0, queued: 0 });
    const sent = await messagesOf(broadcastId);
    expect(new Set(sent.map(({ to }) => to)).size).toBe(330);
    expect(sent).toHaveLength(330);
    expect(sent.slice(0, 2).map(({ text }) => text)).toEqual(['A x', 'B +628111000001']);
    expect(new Set(sent.map(({ sessionId }) => sessionId)).size).toBe(2);
    const events = await query<{ type: string; data: { counts: object; progress: number } }>(
      `SELECT type, data FROM events WHERE session_id = $1 AND type LIKE 'broadcast.%' ORDER BY seq`,
      [sessions[0]!.id],
    );
    expect(events.at(-1)).toMatchObject({ type: 'broadcast.completed', data: { counts, progress: 1 } });
    const shares = events.map(({ data }) => data.progress);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  });

  it('a person keeps the session that has met it; a contact that was learnt meanwhile is no second recipient', async () => {
    const [, second] = sessions;
    const at = new Date();
    await learnContacts(fixture.database.pool, [
      { sessionId: second!.id, jid: '628112345678@s.whatsapp.net', names: {}, at },
    ]);
    const { broadcastId } = await make({ recipients: ['+628112345678', '+15551230001', '77665544@lid'] });
    await learnContacts(fixture.database.pool, [
      { sessionId: second!.id, jid: '15551230001@s.whatsapp.net', altJid: '77665544@lid', names: { push: 'Dan' }, at },
    ]);
    await verb(broadcastId, 'start');
    await finish(broadcastId);
    const { recipients } = await report(broadcastId);
    expect(recipients).toMatchObject([
      { state: 'sent', sessionId: second!.slug },
      { state: 'sent', sessionId: second!.slug },
      { state: 'skipped', reason: 'duplicate' },
    ]);
    expect((await messagesOf(broadcastId)).map(({ text }) => text)).toEqual(['Hello friend', 'Hello Dan']);
  });

  it('whoever has opted out is skipped with the reason, under any name, also after the start (MR-041)', async () => {
    const at = new Date();
    await learnContacts(fixture.database.pool, [
      { sessionId: sessions[0]!.id, jid: '15551230001@s.whatsapp.net', altJid: '77665544@lid', names: {}, at },
    ]);
    await call('POST', '/api/opt-outs', { to: '77665544@lid', note: 'by telephone' });
    const { broadcastId } = await make({
      recipients: ['+1 555 123 0001', '+628112345678', '+628112345679'],
      start: true,
    });
    await advance(broadcastId);
    expect((await get(broadcastId)).counts).toMatchObject({ queued: 2, skipped: 1 });
    // What has not left yet is taken back.
    await call('POST', '/api/opt-outs', { to: '+628112345679' });
    expect(await messagesOf(broadcastId)).toHaveLength(1);
    await finish(broadcastId);
    expect((await get(broadcastId)).counts).toMatchObject({ sent: 1, skipped: 2, queued: 0 });
    const { reasons } = await report(broadcastId);
    expect(reasons).toEqual([{ state: 'skipped', reason: 'opted_out', count: 2 }]);
  });

  it('without a value for a variable nobody is written to; what failed and what is unknown is told apart', async () => {
    const { broadcastId } = await make({
      message: 'Hi {{name}}',
      recipients: [{ to: '+628112345678', name: 'Ann' }, { to: '+628112345679', name: 'Ben' }, '+628112345670'],
      start: true,
    });
    await advance(broadcastId);
    const [first] = await messagesOf(broadcastId);
    await query(`UPDATE messages SET state = 'UNKNOWN' WHERE id = $1`, [first!.id]);
    await query(`UPDATE outbox SET state = 'UNKNOWN' WHERE message_id = $1`, [first!.id]);
    await send('FAILED');
    await advance(broadcastId);
    expect(await get(broadcastId)).toMatchObject({
      status: 'completed',
      counts: { total: 3, unknown: 1, failed: 1, skipped: 1, sent: 0 },
    });
    const { recipients } = await report(broadcastId);
    expect(recipients.map(({ reason }: { reason: string }) => reason)).toEqual(['', '463', 'missing_variable: name']);
  });

  it('waits for a session that can send, and takes another one where there is', async () => {
    for (const session of sessions) await fixture.setState(session, 'LOGGED_OUT');
    const { broadcastId } = await make({ recipients: numbers(3), start: true });
    await advance(broadcastId);
    expect(await get(broadcastId)).toMatchObject({ status: 'running', waitsFor: 'no_session', counts: { pending: 3 } });
    await fixture.setState(sessions[1]!, 'CONNECTED');
    await finish(broadcastId);
    expect(new Set((await messagesOf(broadcastId)).map(({ sessionId }) => sessionId))).toEqual(
      new Set([sessions[1]!.id]),
    );
  });

  it('takes no more than the messages that the tier has for an hour', async () => {
    await query(`UPDATE users SET tier = 'BASIC' WHERE email = $1`, [user.email]);
    const { broadcastId } = await make({ recipients: numbers(130), start: true });
    for (let step = 0; step < 6; step += 1) {
      await advance(broadcastId);
      await send();
    }
    const { counts, waitsFor, waitsUntil } = await get(broadcastId);
    expect([waitsFor, counts.pending, counts.sent + counts.queued]).toEqual(['tier_limit', 30, 100]);
    expect(Date.parse(waitsUntil)).toBeGreaterThan(Date.now());
  });

  it('starts at its time by PostgreSQL’s clock, and can be moved up', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const { broadcastId } = await make({ recipients: numbers(2), scheduledAt: later });
    expect(await get(broadcastId)).toMatchObject({ status: 'scheduled', scheduledAt: later });
    const open = await import('./advance.ts');
    expect(await open.openBroadcasts(fixture.database.pool, 100)).not.toContain(broadcastId);
    await query(`UPDATE broadcasts SET scheduled_at = now() WHERE id = $1`, [broadcastId]);
    expect(await open.openBroadcasts(fixture.database.pool, 100)).toContain(broadcastId);
    await finish(broadcastId);
    expect((await get(broadcastId)).counts.sent).toBe(2);
    const other = await make({ recipients: numbers(2), scheduledAt: later });
    expect((await verb(other.broadcastId, 'start')).body.data.status).toBe('running');
  });
});

describe('pause, resume, cancel (MR-043)', () => {
  it('a pause takes back what has not begun to leave; nobody gets it twice after the resume', async () => {
    const { broadcastId } = await make({ recipients: numbers(120), start: true });
    await advance(broadcastId);
    await advance(broadcastId);
    const begun = (await messagesOf(broadcastId)).slice(0, 3).map(({ id }) => id);
    await query(`UPDATE outbox SET state = 'SENDING', attempts = 1 WHERE message_id = ANY($1)`, [begun]);
    const paused = await verb(broadcastId, 'pause');
    expect(paused.body.data).toMatchObject({ status: 'paused', counts: { queued: 3, pending: 117 } });
    expect((await verb(broadcastId, 'pause')).status).toBe(200);
    expect((await messagesOf(broadcastId)).map(({ id }) => id)).toEqual(begun);
    await send();
    await advance(broadcastId);
    expect((await get(broadcastId)).counts).toMatchObject({ queued: 0, sent: 3, pending: 117 });
    await verb(broadcastId, 'resume');
    await finish(broadcastId);
    const to = (await messagesOf(broadcastId)).map((message) => message.to);
    expect([to.length, new Set(to).size]).toEqual([120, 120]);
  });

  it('before the first, in the middle, at the last: after the answer nothing new leaves, and the counts are the rows', async () => {
    for (const steps of [0, 2, 5]) {
      const { broadcastId } = await make({ recipients: numbers(120, steps * 1_000), start: true });
      for (let step = 0; step < steps; step += 1) {
        await advance(broadcastId);
        if (steps === 5) await send();
      }
      const answer = await verb(broadcastId, 'cancel');
      if (answer.status === 409) {
        expect([steps, answer.body.code, answer.body.details.status]).toEqual([5, 'BROADCAST_STATE', 'completed']);
        continue;
      }
      expect(answer.body.data.status).toBe('cancelled');
      const left = (await messagesOf(broadcastId)).length;
      expect(
        await query(
          `SELECT 1 FROM outbox o JOIN messages m ON m.id = o.message_id WHERE m.metadata->>'broadcastId' = $1 AND o.state = 'HELD'`,
          [broadcastId],
        ),
      ).toEqual([]);
      for (let step = 0; step < 3; step += 1) await advance(broadcastId);
      expect((await messagesOf(broadcastId)).length).toBe(left);
      const { counts, status, isSettled } = await get(broadcastId);
      expect([status, isSettled, sum(counts)]).toEqual(['cancelled', true, counts.total]);
      const rows = await query<{ state: string; count: number }>(
        'SELECT state, count(*)::int AS count FROM broadcast_recipients WHERE broadcast_id = $1 GROUP BY state',
        [broadcastId],
      );
      for (const { state, count } of rows) expect([state, counts[state]]).toEqual([state, count]);
      for (const other of ['start', 'pause', 'resume'])
        expect((await verb(broadcastId, other)).body.code).toBe('BROADCAST_STATE');
    }
  });

  it('a row that was tried and came back is in flight: it stays, and ends the broadcast with its outcome', async () => {
    const { broadcastId } = await make({ recipients: numbers(2), start: true });
    await advance(broadcastId);
    const [first] = await messagesOf(broadcastId);
    await query('UPDATE outbox SET attempts = 1 WHERE message_id = $1', [first!.id]);
    const { data } = (await verb(broadcastId, 'cancel')).body;
    expect(data).toMatchObject({ status: 'cancelled', isSettled: false, counts: { queued: 1, cancelled: 1 } });
    expect((await call('DELETE', `/api/broadcast/${broadcastId}`)).body.code).toBe('BROADCAST_STATE');
    await send();
    await advance(broadcastId);
    expect(await get(broadcastId)).toMatchObject({
      status: 'cancelled',
      isSettled: true,
      counts: { sent: 1, cancelled: 1 },
    });
  });

  it('twice at once from two gateways, while a third gives chunks to the outbox: one cancel, one end', async () => {
    const beside = await createGatewayFixture({}, { beside: fixture });
    try {
      const { broadcastId } = await make({ recipients: numbers(400), start: true });
      await advance(broadcastId);
      const cancelling = [fixture, beside].map((gateway) =>
        gateway.call('POST', `/api/broadcast/${broadcastId}/cancel`, { as: user.token }),
      );
      const advancing = Array.from({ length: 6 }, () => advance(broadcastId));
      const answers = await Promise.all(cancelling);
      const atAnswer = (await messagesOf(broadcastId)).length;
      await Promise.all(advancing);
      expect(answers.map(({ status, body }) => [status, body.data.status])).toEqual([
        [200, 'cancelled'],
        [200, 'cancelled'],
      ]);
      expect([atAnswer, (await messagesOf(broadcastId)).length]).toEqual([0, 0]);
      for (const gateway of [fixture, beside]) {
        const { body } = await gateway.call('GET', `/api/broadcast/${broadcastId}`, { as: user.token });
        expect(body.data).toMatchObject({ status: 'cancelled', isSettled: true, counts: { cancelled: 400 } });
      }
      const ends = await query(
        `SELECT 1 FROM events WHERE type = 'broadcast.completed' AND data->>'broadcastId' = $1`,
        [broadcastId],
      );
      expect(ends).toHaveLength(1);
    } finally {
      await beside.close();
    }
  });
});

it('a step of a long list that is new costs what it settles, not what the list has (MR-103)', async () => {
  // What the planner knows is of another list: of the new one it expects a row or none.
  await make({ recipients: numbers(1_000) });
  await query('ANALYZE broadcast_recipients');
  const { broadcastId } = await make();
  await upload(broadcastId, `phone\n${numbers(15_000, 10_000).join('\n')}\n`);
  await verb(broadcastId, 'start');
  const began = performance.now();
  for (let step = 0; step < 6; step += 1) await advance(broadcastId);
  // Ten seconds when each row of the list asks for what is due.
  expect(performance.now() - began).toBeLessThan(5_000);
  expect((await get(broadcastId)).counts.queued).toBe(200);
});

describe('GET /api/broadcast/{id}/report (MR-044)', () => {
  it('page by page, by state, and as CSV without formulas', async () => {
    const { broadcastId } = await make({
      recipients: [{ to: '+628112345678', name: '=HYPERLINK("http://x")' }, { to: '@sum', name: '+1' }, ...numbers(3)],
      start: true,
    });
    await finish(broadcastId);
    const first = (await call('GET', `/api/broadcast/${broadcastId}/report?limit=3`)).body.data;
    expect(first).toMatchObject({ delivered: 0, read: 0, pagination: { hasMore: true, nextCursor: '3' } });
    const second = (await call('GET', `/api/broadcast/${broadcastId}/report?limit=3&cursor=3`)).body.data;
    expect([...first.recipients, ...second.recipients].map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
    expect((await report(broadcastId, '&state=invalid')).recipients).toMatchObject([
      { recipient: '@sum', state: 'invalid' },
    ]);
    const csv = await call('GET', `/api/broadcast/${broadcastId}/report?format=csv`);
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
    const lines = csv.raw.toString('utf8').trim().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[1]).toContain(`'=HYPERLINK`);
    expect(lines[2]).toContain(`'@sum`);
    expect(lines.join('\n')).not.toMatch(/(^|,|")[=+@-]/m);
    expect((await call('GET', `/api/broadcast/${broadcastId}/report?cursor=x`)).body.code).toBe('VALIDATION');
  });
});

describe('limits of people (MR-075)', () => {
  it('POST /api/broadcast is counted for a person, and a brake never is', async () => {
    const { headers } = await call('POST', '/api/broadcast', { message: 'a', sessionIds: [sessions[0]!.slug] });
    expect(headers['ratelimit-policy']).toContain('name="broadcasts"');
    const { broadcastId } = await make({ recipients: numbers(1), start: true });
    expect((await verb(broadcastId, 'cancel')).headers['ratelimit-policy']).not.toContain('name="broadcasts"');
  });
});
