import { placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { inTransaction } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findViolations } from '../invariants/invariants.ts';
import { acceptMessage } from '../outbox/accept.ts';
import { eraseAll } from '../testing/erase-all.ts';
import {
  applyChanges,
  CHANGE_WAITING_DAYS,
  findSecrets,
  type InboundChange,
  sweepWaitingChanges,
  takeWaitingChanges,
  WAITING_CHANGES_OF_SESSION,
} from './changes.ts';
import { type InboundMessage, storeInbound } from './inbound.ts';

const LASTING = scaleTiming(60);
const ANN = { pn: '15550001@s.whatsapp.net', lid: '91@lid' };
const BOB = { pn: '15550002@s.whatsapp.net', lid: '92@lid' };
const GROUP = '120363@g.us';
const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);

let database: TestDatabase;
let session: SeededSession;
let owner: { sessionId: string; epoch: number };

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), LASTING);
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
  const placed = await placeSession(database.pool, session.sessionId);
  owner = { sessionId: session.sessionId, epoch: placed!.epoch };
  await database.pool.query(`INSERT INTO session_keys VALUES ($1, 'creds', 'creds', 'x')`, [owner.sessionId]);
});
afterEach(async () => expect(await findViolations(database.pool)).toEqual([]));

const message = (waMessageId: string, overrides: Partial<InboundMessage> = {}): InboundMessage => ({
  ...owner,
  id: newId(),
  waMessageId,
  chatJid: ANN.pn,
  chatAltJid: ANN.lid,
  fromJid: ANN.pn,
  fromMe: false,
  type: 'text',
  text: 'first',
  waTimestamp: at(0),
  ...overrides,
});
let counter = 0;
const change = (target: string, overrides: Partial<InboundChange> = {}): InboundChange => ({
  ...owner,
  id: newId(),
  waMessageId: `C${++counter}`,
  chatJid: ANN.pn,
  chatAltJid: ANN.lid,
  fromJid: ANN.pn,
  fromAltJid: ANN.lid,
  fromMe: false,
  byAdmin: false,
  target: { waMessageId: target, fromMe: false },
  kind: 'edit',
  data: { type: 'text', text: 'second' },
  waTimestamp: at(1),
  ...overrides,
});
const edit = (target: string, text: string, seconds: number, overrides: Partial<InboundChange> = {}) =>
  change(target, { data: { type: 'text', text }, waTimestamp: at(seconds), ...overrides });
const revoke = (target: string, overrides: Partial<InboundChange> = {}) =>
  change(target, { kind: 'revoke', data: {}, waTimestamp: at(2), ...overrides });
const reaction = (target: string, emoji: string, overrides: Partial<InboundChange> = {}) =>
  change(target, { kind: 'reaction', data: { emoji }, ...overrides });
const inGroup = { chatJid: GROUP, chatAltJid: undefined };
const byBob = { fromJid: BOB.pn, fromAltJid: BOB.lid };

const store = (...messages: InboundMessage[]) => storeInbound(database.pool, messages);
const apply = (...changes: InboundChange[]) => applyChanges(database.pool, changes);
/** Applies one after the other, as steps of a batch. */
const told = async (...changes: InboundChange[]) => {
  const events = [];
  for (const each of changes) events.push(...(await apply(each)).events);
  return events.map(({ type, data }) => ({ type, data }));
};
const stateOf = async (id: string) => {
  const { rows } = await database.pool.query(
    `SELECT kind AS type, text, content, edited_at AS "editedAt", revoked_at AS "revokedAt" FROM messages WHERE id = $1`,
    [id],
  );
  return rows[0];
};
const historyOf = async (id: string) => {
  const { rows } = await database.pool.query(
    'SELECT kind, data, previous, is_current AS "isCurrent" FROM message_changes WHERE message_id = $1 ORDER BY id',
    [id],
  );
  return rows;
};
const waitingOf = async () => {
  const { rows } = await database.pool.query(
    'SELECT target_wa_message_id AS target FROM message_changes WHERE session_id = $1 AND message_id IS NULL ORDER BY id',
    [owner.sessionId],
  );
  return rows.map(({ target }) => target as string);
};

describe('an edit', () => {
  it('replaces what the message says, is told once, and keeps what it said before', async () => {
    const first = message('M1');
    await store(first);
    const edited = edit('M1', 'second', 1, { senderName: 'Ann' });
    const ann = { contactId: null, phoneNumber: `+${ANN.pn.split('@')[0]}`, lid: null, jid: ANN.pn, name: null };
    expect(await told(edited, edited)).toEqual([
      {
        type: 'message.edited',
        data: {
          messageId: first.id,
          waMessageId: 'M1',
          changeId: edited.waMessageId,
          chat: ANN.pn,
          chatAlt: ANN.lid,
          from: ANN.pn,
          fromMe: false,
          senderName: 'Ann',
          type: 'text',
          text: 'second',
          timestamp: 1_700_000_001,
          identities: { chat: ann, from: ann },
        },
      },
    ]);
    expect(await stateOf(first.id)).toMatchObject({ type: 'text', text: 'second', editedAt: at(1), revokedAt: null });
    expect(await historyOf(first.id)).toMatchObject([
      { kind: 'edit', data: { text: 'second' }, previous: { type: 'text', text: 'first' }, isCurrent: true },
    ]);
  });

  it('of an edit names the first message, and the last one in time counts, in whatever order they come', async () => {
    const first = message('M1');
    await store(first);
    const events = await told(edit('M1', 'third', 3), edit('M1', 'second', 2), edit('M1', 'fourth', 4));
    expect(events.map(({ data }) => data.text)).toEqual(['third', 'fourth']);
    expect(await stateOf(first.id)).toMatchObject({ text: 'fourth', editedAt: at(4) });
    expect((await historyOf(first.id)).map(({ isCurrent }) => isCurrent)).toEqual([false, false, true]);
  });

  it('is the author’s alone: another member of the group changes nothing, and nothing of it is kept', async () => {
    const first = message('M1', inGroup);
    await store(first);
    const refused = edit('M1', 'forged', 1, { ...inGroup, ...byBob });
    expect(await apply(refused)).toMatchObject({ events: [], kept: [], refused: [refused.id] });
    expect(await apply(edit('M1', 'forged', 1, { ...inGroup, fromMe: true }))).toMatchObject({ kept: [] });
    expect(await stateOf(first.id)).toMatchObject({ text: 'first' });
    expect((await told(edit('M1', 'by number', 1, inGroup))).length).toBe(1);
    const byLid = { ...inGroup, fromJid: ANN.lid, fromAltJid: ANN.pn };
    expect((await told(edit('M1', 'by LID', 2, byLid))).length).toBe(1);
  });

  it('of a caption keeps the file', async () => {
    const content = { mimetype: 'image/jpeg', width: 3 };
    const first = message('M1', { type: 'image', text: 'old', content });
    await store(first);
    await told(change('M1', { data: { type: 'image', text: 'new', content: { width: 4 } }, waTimestamp: at(1) }));
    expect(await stateOf(first.id)).toMatchObject({ type: 'image', text: 'new', content: { ...content, width: 4 } });
    await told(edit('M1', 'as a text', 2));
    expect(await stateOf(first.id)).toMatchObject({
      type: 'image',
      text: 'as a text',
      content: { ...content, width: 4 },
    });
  });

  it('finds its message under the other name of the chat', async () => {
    const sent = { messageId: newId(), waMessageId: 'OUT1', sessionId: owner.sessionId, chatJid: ANN.pn };
    await acceptMessage(database.pool, { ...sent, request: { type: 'text', text: 'hello' } });
    const own = { chatJid: ANN.lid, chatAltJid: ANN.pn, fromMe: true, target: { waMessageId: 'OUT1', fromMe: true } };
    const [event] = await told(edit('OUT1', 'typed on the phone', 1, own));
    expect(event?.data).toMatchObject({ messageId: sent.messageId, fromMe: true });
  });
});

describe('a deletion', () => {
  it('empties the message, keeps its words in the history, and is told once, also when it comes twice', async () => {
    const first = message('M1');
    await store(first);
    const events = await told(edit('M1', 'second', 1), revoke('M1'), revoke('M1'), edit('M1', 'too late', 3));
    expect(events.map(({ type }) => type)).toEqual(['message.edited', 'message.revoked']);
    expect(events[1]?.data).toMatchObject({ messageId: first.id, byAdmin: false });
    expect(await stateOf(first.id)).toMatchObject({ type: 'text', text: null, content: null, revokedAt: at(2) });
    expect((await historyOf(first.id)).map(({ previous }) => previous?.text)).toEqual([
      'first',
      'second',
      undefined,
      undefined,
    ]);
  });

  it('of another member counts when the server has marked it as an administrator’s, in a group and nowhere else', async () => {
    await store(message('M1', inGroup), message('M2'));
    expect(await told(revoke('M1', { ...inGroup, ...byBob }))).toEqual([]);
    const [event] = await told(revoke('M1', { ...inGroup, ...byBob, byAdmin: true }));
    expect(event?.data).toMatchObject({ from: BOB.pn, byAdmin: true });
    expect(await told(revoke('M2', { fromMe: true, byAdmin: true }))).toEqual([]);
  });

  it('of a message that nobody could read takes the place of its words: a later copy does not bring them back', async () => {
    const stub = message('M1', { isStub: true, type: 'unknown', text: undefined, content: { kind: 'undecryptable' } });
    await store(stub);
    expect((await told(revoke('M1'))).map(({ type }) => type)).toEqual(['message.revoked']);
    expect((await store(message('M1'))).events).toEqual([]);
    expect(await stateOf(stub.id)).toMatchObject({ text: null, revokedAt: at(2) });
  });
});

describe('a reaction', () => {
  const current = async (id: string) =>
    (await historyOf(id)).filter(({ isCurrent }) => isCurrent).map(({ data }) => data.emoji as string);

  it('is one of each person: a new one replaces it, under either name, and an empty one takes it back', async () => {
    const first = message('M1', inGroup);
    await store(first);
    const bob = { ...inGroup, ...byBob };
    const bobByLid = { ...inGroup, fromJid: BOB.lid, fromAltJid: BOB.pn, waTimestamp: at(3) };
    const events = await told(
      reaction('M1', '👍', inGroup),
      reaction('M1', '😮', bob),
      reaction('M1', '❤️', bobByLid),
      reaction('M1', '', { ...inGroup, waTimestamp: at(4) }),
    );
    expect(events.map(({ data }) => [data.emoji, data.isRemoved])).toEqual([
      ['👍', false],
      ['😮', false],
      ['❤️', false],
      ['', true],
    ]);
    expect(await current(first.id)).toEqual(['❤️', '']);
    expect(await stateOf(first.id)).toMatchObject({ text: 'first', editedAt: null });
  });

  it('that is older than the present one of its person makes no event', async () => {
    const first = message('M1');
    await store(first);
    const events = await told(
      reaction('M1', '👍', { waTimestamp: at(5) }),
      reaction('M1', '😮', { waTimestamp: at(4) }),
      reaction('M1', '❤️', { waTimestamp: at(3), fromMe: true, fromJid: 'me' }),
    );
    expect(events.map(({ data }) => data.emoji)).toEqual(['👍', '❤️']);
    expect(await current(first.id)).toEqual(['👍', '❤️']);
  });

  it('many people at once are one statement', async () => {
    const first = message('M1', inGroup);
    await store(first);
    const people = Array.from({ length: 20 }, (_, n) => `1777${n}@s.whatsapp.net`);
    const { events } = await apply(
      ...people.map((fromJid) => reaction('M1', '👍', { ...inGroup, fromJid, fromAltJid: undefined })),
    );
    expect(events.map(({ data }) => data.from)).toEqual(people);
    expect(await current(first.id)).toHaveLength(20);
  });
});

describe('a change that comes before its message', () => {
  /** Stores as a worker does. */
  async function storeAll(...messages: InboundMessage[]) {
    const first = await store(...messages);
    if (first.held.length === 0) return first.events;
    expect(first).toMatchObject({ stored: [], events: [] });
    return await inTransaction(database.pool, async (db) => {
      const { events } = await storeInbound(db, messages, [], { mayHold: false });
      for (const each of await takeWaitingChanges(db, messages))
        events.push(...(await applyChanges(db, [each])).events);
      return events;
    });
  }

  it('waits, and is told after the message', async () => {
    expect(await told(edit('M1', 'second', 1), reaction('M1', '👍'), edit('M1', 'third', 2))).toEqual([]);
    expect(await waitingOf()).toEqual(['M1', 'M1', 'M1']);
    const first = message('M1');
    const events = await storeAll(message('M0'), first);
    expect(events.map(({ type, data }) => [type, data.text ?? data.emoji])).toEqual([
      ['message.received', 'first'],
      ['message.received', 'first'],
      ['message.edited', 'second'],
      ['message.reaction', '👍'],
      ['message.edited', 'third'],
    ]);
    expect(await stateOf(first.id)).toMatchObject({ text: 'third' });
    expect(await waitingOf()).toEqual([]);
  });

  it('waits for a message that could not be read until a copy of it can', async () => {
    const stub = message('M1', { isStub: true, type: 'unknown', text: undefined, content: { kind: 'undecryptable' } });
    await storeAll(stub);
    expect(await told(edit('M1', 'second', 1))).toEqual([]);
    expect((await storeAll(message('M1'))).map(({ type }) => type)).toEqual(['message.recovered', 'message.edited']);
    expect(await stateOf(stub.id)).toMatchObject({ text: 'second' });
  });

  it('goes on waiting when the message is one of another chat with the same id', async () => {
    await told(edit('M1', 'second', 1));
    await storeAll(message('M1', { chatJid: BOB.pn, chatAltJid: BOB.lid, fromJid: BOB.pn }));
    expect(await waitingOf()).toEqual(['M1']);
  });

  it('does not wait for ever, and of a session only the latest wait', async () => {
    const many = Array.from({ length: WAITING_CHANGES_OF_SESSION + 5 }, (_, n) => edit(`X${n}`, 'x', 1));
    await apply(...many.slice(0, -1));
    await apply(many.at(-1)!);
    const waiting = await waitingOf();
    expect(waiting).toHaveLength(WAITING_CHANGES_OF_SESSION);
    expect(waiting.at(-1)).toBe(`X${many.length - 1}`);
    await database.pool.query(
      `UPDATE message_changes SET created_at = now() - make_interval(days => $2, mins => 1)
       WHERE session_id = $1 AND target_wa_message_id <> $3`,
      [owner.sessionId, CHANGE_WAITING_DAYS, waiting.at(-1)],
    );
    while ((await sweepWaitingChanges(database.pool, 500)) === 500);
    expect(await waitingOf()).toEqual([waiting.at(-1)]);
  });
});

describe('the owner alone', () => {
  it('refuses changes from a stale epoch (I2)', async () => {
    const first = message('M1');
    await store(first);
    const stale = { ...edit('M1', 'second', 1), epoch: owner.epoch - 1 };
    expect(await apply(stale)).toMatchObject({ stale: [owner.sessionId], events: [], kept: [] });
    expect(await stateOf(first.id)).toMatchObject({ text: 'first' });
  });

  it('finds the secret of a message under either name of its chat', async () => {
    const secret = Buffer.alloc(32, 4);
    await store(message('M1', { secret }), message('M2'));
    const asked = [
      change('M2', { kind: 'sealed' }),
      change('M1', { kind: 'sealed', chatJid: ANN.lid, chatAltJid: ANN.pn }),
      change('M3', { kind: 'sealed' }),
    ];
    const found = { fromMe: false, fromJid: ANN.pn, type: 'text', content: null, authors: [ANN.pn] };
    expect((await findSecrets(database.pool, asked)).toSorted((a, b) => a.index - b.index)).toEqual([
      { index: 0, secret: null, ...found, changers: [ANN.pn] },
      { index: 1, secret, ...found, changers: [ANN.pn] },
    ]);
  });
});

it('changes go with their message and with their session', async () => {
  const first = message('M1');
  await store(first);
  await told(edit('M1', 'second', 1), edit('M9', 'waits', 1));
  await database.pool.query('DELETE FROM messages WHERE id = $1', [first.id]);
  expect(await historyOf(first.id)).toEqual([]);
  expect(await waitingOf()).toEqual(['M9']);
  await database.pool.query('DELETE FROM sessions WHERE id = $1', [owner.sessionId]);
  await eraseAll(database.pool);
  expect(await waitingOf()).toEqual([]);
});
