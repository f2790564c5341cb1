import {
  type JournalEntry,
  placeSession,
  type RatchetStep,
  readSessionKeys,
  registerWorker,
  scaleTiming,
  writeManySessionKeys,
} from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { learnContacts } from '../contacts/learn.ts';
import { type InboundMessage, storeInbound } from './inbound.ts';
import { findJournalled, JOURNAL_DAYS, readUnprojected, sweepJournal } from './journal.ts';

/** The lease of the one worker, which nobody renews, outlasts the file. */
const LASTING = scaleTiming(60);

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
});

const readable = (waMessageId: string, overrides: Partial<InboundMessage> = {}): InboundMessage => ({
  ...owner,
  id: newId(),
  waMessageId,
  chatJid: '15550001@s.whatsapp.net',
  fromJid: '15550001@s.whatsapp.net',
  fromMe: false,
  senderName: 'Ann',
  type: 'text',
  text: 'hello',
  waTimestamp: new Date(1_700_000_000_000),
  ...overrides,
});
const stub = (waMessageId: string): InboundMessage =>
  readable(waMessageId, { type: 'unknown', text: undefined, content: { kind: 'undecryptable' }, isStub: true });

const entry = (name: string, overrides: Partial<JournalEntry> = {}): JournalEntry => ({
  hash: Buffer.from(name),
  stanzaId: 'S1',
  encIndex: 0,
  encCount: 1,
  content: { stanza: Buffer.from(`stanza of ${name}`), plaintext: Buffer.from(`text of ${name}`) },
  ...overrides,
});
const journal = (...entries: JournalEntry[]) =>
  writeManySessionKeys(database.pool, [{ owner, upserts: [], deletes: [], journal: entries }]);
const waiting = async () => (await readUnprojected(database.pool, owner.sessionId)).map(({ hash }) => hash.toString());

async function rows() {
  const { rows: found } = await database.pool.query(
    'SELECT id, kind AS type, text, is_stub AS "isStub" FROM messages WHERE session_id = $1',
    [owner.sessionId],
  );
  return found;
}

describe('a message that cannot be read (I5)', () => {
  it('is a stub that is told once, and filled in by a later copy under the same message id', async () => {
    const first = stub('A1');
    const told = await storeInbound(database.pool, [first]);
    expect(told.events.map(({ type }) => type)).toEqual(['message.undecryptable']);
    expect((await storeInbound(database.pool, [stub('A1')])).events).toEqual([]);

    const recovered = await storeInbound(database.pool, [readable('A1', { waTimestamp: new Date(0) })]);
    expect(recovered.stored).toEqual([first.id]);
    expect(recovered.events).toMatchObject([
      { type: 'message.recovered', data: { messageId: first.id, text: 'hello', timestamp: 1_700_000_000 } },
    ]);
    expect(await rows()).toEqual([{ id: first.id, type: 'text', text: 'hello', isStub: false }]);
  });

  it('emits nothing when the message is known, whatever comes afterwards', async () => {
    await storeInbound(database.pool, [readable('A2')]);
    expect((await storeInbound(database.pool, [stub('A2')])).events).toEqual([]);
    expect((await storeInbound(database.pool, [readable('A2', { text: 'other' })])).events).toEqual([]);
    expect(await rows()).toMatchObject([{ text: 'hello', isStub: false }]);
  });

  it('is not told at all when the copy that can be read comes in the same batch, before or after it', async () => {
    const { events } = await storeInbound(database.pool, [stub('A3'), readable('A3'), readable('A4'), stub('A4')]);
    expect(events.map(({ type }) => type)).toEqual(['message.received', 'message.received']);
  });

  it.each([
    { wanted: ['message.received'], delivered: [2] },
    { wanted: ['message.received', 'message.recovered'], delivered: [2] },
    { wanted: ['*'], delivered: [1, 2] },
    { wanted: ['message.read'], delivered: [] },
  ])('reaches webhooks that want $wanted as often as it should when it is recovered', async ({ wanted, delivered }) => {
    const webhookId = newId();
    await database.pool.query(
      `INSERT INTO webhooks (id, session_id, url, events, secret, is_active) VALUES ($1, $2, 'http://x', $3, '\\x00', true)`,
      [webhookId, owner.sessionId, wanted],
    );
    await storeInbound(database.pool, [stub('A5')]);
    await storeInbound(database.pool, [readable('A5')]);
    const { rows: deliveries } = await database.pool.query(
      'SELECT seq FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY seq',
      [webhookId],
    );
    expect(deliveries.map(({ seq }) => seq)).toEqual(delivered);
  });
});

describe('the journal (I5)', () => {
  it('keeps what was read until it is a message, and then only that it was', async () => {
    await journal(entry('a'), entry('b'));
    expect(await waiting()).toEqual(['a', 'b']);
    expect(await findJournalled(database.pool, owner.sessionId, Buffer.from('a'))).toEqual(Buffer.from('text of a'));
    await storeInbound(database.pool, [readable('J1')], [{ ...owner, hash: Buffer.from('a') }]);
    expect(await waiting()).toEqual(['b']);
    expect(await findJournalled(database.pool, owner.sessionId, Buffer.from('a'))).toBe('done');
    expect(await findJournalled(database.pool, owner.sessionId, Buffer.from('never'))).toBeNull();
    const { rows: kept } = await database.pool.query(
      'SELECT count(*)::int AS n FROM inbound_journal WHERE session_id = $1 AND stanza IS NULL AND plaintext IS NULL',
      [owner.sessionId],
    );
    expect(kept).toEqual([{ n: 1 }]);
  });

  it('marks what is no message to the user as well', async () => {
    await journal(entry('key share'));
    const { events } = await storeInbound(database.pool, [], [{ ...owner, hash: Buffer.from('key share') }]);
    expect(events).toEqual([]);
    expect(await waiting()).toEqual([]);
  });

  describe('of a message that brings the ratchet step that read it (I4, I5)', () => {
    const step = (name: string, value: string): RatchetStep => {
      const { content: _, ...read } = entry(name);
      return { owner, upserts: [{ kind: 'session', keyId: 'ann.0', value: Buffer.from(value) }], read };
    };
    const key = async () =>
      (await readSessionKeys(database.pool, owner.sessionId, 'session', ['ann.0'])).get('ann.0')?.toString();
    const found = (name: string) => findJournalled(database.pool, owner.sessionId, Buffer.from(name));

    it('is done at once, in the one statement that writes all three; of two steps of a key the last one counts', async () => {
      const steps = [step('a', 'first'), step('b', 'second')];
      const { stored } = await storeInbound(database.pool, [readable('J1'), readable('J2')], [], { steps });
      expect(stored).toHaveLength(2);
      expect([await key(), await found('a'), await found('b')]).toEqual(['second', 'done', 'done']);
      expect(await waiting()).toEqual([]);
      // A connection that broke leaves open whether it was committed: it is said again.
      const again = await storeInbound(database.pool, [readable('J1'), readable('J2')], [], { steps });
      expect([again.stored, again.events, await key()]).toEqual([[], [], 'second']);
    });

    it('is not written, nor is the step, where a change waits for one of the messages', async () => {
      const change = [newId(), owner.sessionId];
      await database.pool.query(
        `INSERT INTO message_changes (id, session_id, kind, wa_message_id, chat_jid, from_jid, from_me, target_wa_message_id, target_from_me,
           data, wa_timestamp)
         VALUES ($1, $2, 'reaction', 'R1', 'x', 'x', false, 'J2', false, '{}', now())`,
        change,
      );
      const { held } = await storeInbound(database.pool, [readable('J1'), readable('J2')], [], {
        steps: [step('a', 'first')],
      });
      expect(held).toHaveLength(1);
      expect([await key(), await found('a'), await rows()]).toEqual([undefined, null, []]);
    });

    it('is not written for a stale owner (I2)', async () => {
      const stale = { ...owner, epoch: owner.epoch - 1 };
      const steps = [{ ...step('a', 'first'), owner: stale }];
      const { stale: left } = await storeInbound(database.pool, [readable('J1', stale)], [], { steps });
      expect(left).toEqual([owner.sessionId]);
      expect([await key(), await found('a'), await rows()]).toEqual([undefined, null, []]);
    });
  });

  it('is not written and not marked for a stale owner (I2)', async () => {
    await journal(entry('a'));
    const stale = { ...owner, epoch: owner.epoch - 1 };
    const write = { owner: stale, upserts: [], deletes: [], journal: [entry('zombie')] };
    expect(await writeManySessionKeys(database.pool, [write])).toEqual([owner.sessionId]);
    const marked = await storeInbound(database.pool, [], [{ ...stale, hash: Buffer.from('a') }]);
    expect(marked.stale).toEqual([owner.sessionId]);
    expect(await waiting()).toEqual(['a']);
  });

  it('knows a ciphertext that is done from its first day: without content it never waits', async () => {
    await journal(entry('too large', { content: null }));
    expect(await waiting()).toEqual([]);
    expect(await findJournalled(database.pool, owner.sessionId, Buffer.from('too large'))).toBe('done');
  });

  it('forgets after two weeks, in portions', async () => {
    await journal(entry('old 1'), entry('old 2'), entry('young'));
    await database.pool.query(
      `UPDATE inbound_journal SET created_at = now() - make_interval(days => $1, hours => 1) WHERE hash <> $2`,
      [JOURNAL_DAYS, Buffer.from('young')],
    );
    expect(await sweepJournal(database.pool, 1)).toBe(1);
    while ((await sweepJournal(database.pool, 100)) === 100);
    expect(await waiting()).toEqual(['young']);
  });
});

describe('one chat under two names (MR-136)', () => {
  const number = '15550001@s.whatsapp.net';
  const lid = '200001@lid';
  const underLid = (message: InboundMessage): InboundMessage => ({ ...message, chatJid: lid, fromJid: lid });
  const meet = () =>
    learnContacts(database.pool, [{ sessionId: owner.sessionId, jid: lid, altJid: number, at: new Date() }]);

  it.each(['one after the other', 'in one batch'])(
    'a message under the number and under the LID, %s: one row, one event',
    async (how) => {
      await meet();
      const copies = [readable('A1'), underLid(readable('A1'))];
      const results =
        how === 'in one batch'
          ? [await storeInbound(database.pool, copies, [], { mayHold: false })]
          : [await storeInbound(database.pool, [copies[0]!]), await storeInbound(database.pool, [copies[1]!])];
      expect(results.flatMap(({ events }) => events.map(({ type }) => type))).toEqual(['message.received']);
      expect(await rows()).toHaveLength(1);
    },
  );

  it('a message that could not be read is filled in by a copy under the other name', async () => {
    await meet();
    const told = await storeInbound(database.pool, [stub('A1')]);
    const recovered = await storeInbound(database.pool, [underLid(readable('A1'))]);
    expect([told, recovered].flatMap(({ events }) => events.map(({ type }) => type))).toEqual([
      'message.undecryptable',
      'message.recovered',
    ]);
    expect(await rows()).toEqual([{ id: told.stored[0], type: 'text', text: 'hello', isStub: false }]);
  });

  it('the same id in chats of two people is two messages, also in one batch', async () => {
    const stranger = '15550002@s.whatsapp.net';
    const both = [readable('A1'), readable('A1', { chatJid: stranger, fromJid: stranger })];
    expect((await storeInbound(database.pool, both, [], { mayHold: false })).events).toHaveLength(2);
    expect(await rows()).toHaveLength(2);
  });

  it('the event says who is who: chat, sender, and in groups the participant', async () => {
    await meet();
    const inGroup = underLid(readable('A2', { chatJid: '120363@g.us' }));
    const { events } = await storeInbound(database.pool, [readable('A1'), { ...inGroup, chatJid: '120363@g.us' }]);
    const ann = { contactId: expect.any(String), phoneNumber: '+15550001', lid, name: null };
    expect(events.map(({ data }) => data.identities)).toEqual([
      { chat: { ...ann, jid: number }, from: { ...ann, jid: number } },
      {
        chat: { contactId: null, phoneNumber: null, lid: null, jid: '120363@g.us', name: null },
        from: { ...ann, jid: lid },
        participant: { ...ann, jid: lid },
      },
    ]);
  });
});
