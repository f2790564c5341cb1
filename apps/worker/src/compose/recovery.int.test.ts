import { placeSession } from '@wa-gate/cluster';
import { inTransaction } from '@wa-gate/db';
import { findViolations, recoverInstallation } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

/**
 * A database that is restored holds old ratchets. Here only the keys are put back, as a backup had them; that is all
 * that WhatsApp can see of a restore. The sandbox's recorder judges.
 */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

interface Summary {
  keys: { reused: number };
  undecryptable: { unrecovered: number };
  violations: { total: number; byRule: Record<string, number> };
}

const summary = () => world.sandbox.recorder<Summary>('summary');
const textsAt = async (number: string) => (await world.sandbox.inbox(number)).map(({ text }) => text);
const receivedTexts = async (sessionId: string) => {
  const { rows } = await world.database.pool.query<{ text: string }>(
    `SELECT text FROM messages WHERE session_id = $1 AND direction = 'INBOUND' AND NOT is_stub`,
    [sessionId],
  );
  return rows.map(({ text }) => text);
};

/** What the database has of what came: for the failure of a wait. */
const inbound = async (sessionId: string) => {
  const { rows } = await world.database.pool.query(
    `SELECT m.wa_message_id, m.from_jid, m.text, m.is_stub, j.projected_at IS NOT NULL AS projected
     FROM inbound_journal j FULL JOIN (SELECT * FROM messages WHERE direction = 'INBOUND') m
       ON m.wa_message_id = j.stanza_id AND m.session_id = j.session_id
     WHERE coalesce(m.session_id, j.session_id) = $1 ORDER BY j.created_at DESC LIMIT 20`,
    [sessionId],
  );
  return rows;
};

/** A session with people and groups around it. */
async function cast() {
  const session = await world.createPaired();
  const [ann, ben] = [await world.sandbox.createPhone('Ann'), await world.sandbox.createPhone('Ben')];
  const group = async (addressing: 'pn' | 'lid') => {
    const made = { owner: ann, subject: addressing, participants: [session.number, ben], addressing };
    return (await world.sandbox.post<{ id: string }>('/groups', made)).id;
  };
  return { ...session, ann, ben, groups: [await group('pn'), await group('lid')] };
}
type Cast = Awaited<ReturnType<typeof cast>>;

/** What each chat must show after a round: the texts that go out, and those that come. */
interface Round {
  out: { reader: string; text: string; messageId: string }[];
  in: string[];
}

/** Messages to and from each person and group; resolves when those that go out are accepted. */
async function talk({ sessionId, number, ann, ben, groups }: Cast, name: string, people = [ann, ben]): Promise<Round> {
  const round: Round = { out: [], in: [] };
  for (const turn of [1, 2]) {
    for (const to of [...people, ...groups]) {
      const text = `${name} ${turn} to ${to}`;
      const { messageId } = await world.send(sessionId, to, text);
      for (const reader of groups.includes(to) ? [ann, ben] : [to]) round.out.push({ reader, text, messageId });
    }
    for (const from of people) {
      const text = `${name} ${turn} from ${from}`;
      await world.sandbox.sendFrom(from, { to: number, type: 'text', text });
      round.in.push(text);
    }
    for (const to of groups) {
      const text = `${name} ${turn} from Ann in ${to}`;
      await world.sandbox.sendFrom(ann, { to, type: 'text', text });
      round.in.push(text);
    }
  }
  return round;
}

async function settled({ sessionId }: Cast, round: Round): Promise<void> {
  for (const { messageId } of round.out) await world.waitForMessage(messageId, 'DELIVERED');
  for (const reader of new Set(round.out.map((one) => one.reader))) {
    const wanted = round.out.filter((one) => one.reader === reader).map(({ text }) => text);
    await waitFor(async () => includesAll(await textsAt(reader), wanted), {
      timeoutMs: 25_000,
      what: `the messages at ${reader}`,
    });
  }
  const missing = async () => {
    const received = await receivedTexts(sessionId);
    return round.in.filter((text) => !received.includes(text));
  };
  try {
    await waitFor(async () => (await missing()).length === 0, { timeoutMs: 25_000, what: 'the messages that came' });
  } catch (cause) {
    const { undecryptable } = await world.sandbox.recorder<{ undecryptable: unknown[] }>('undecryptable');
    const what = { missing: await missing(), inbound: await inbound(sessionId), undecryptable };
    throw new Error(`These did not come: ${JSON.stringify(what)}`, { cause });
  }
}

const includesAll = (all: readonly (string | null)[], wanted: readonly string[]): boolean =>
  wanted.every((text) => all.includes(text));

/** People who write first: each takes a one-time prekey, so that the device uploads new ones. */
async function newContacts({ number }: Cast, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const stranger = await world.sandbox.createPhone();
    await world.sandbox.sendFrom(stranger, { to: number, type: 'text', text: `hello from ${stranger}` });
  }
}

const keep = (name: string, sessionId: string) =>
  world.database.pool.query(`CREATE TABLE ${name} AS SELECT * FROM session_keys WHERE session_id = '${sessionId}'`);

async function putBack(name: string, sessionId: string): Promise<void> {
  const { pool } = world.database;
  await pool.query('DELETE FROM session_keys WHERE session_id = $1', [sessionId]);
  await pool.query(`INSERT INTO session_keys SELECT * FROM ${name}`);
  await pool.query(`DROP TABLE ${name}`);
}

async function start(sessionId: string): Promise<void> {
  await world.workers[0]!.start();
  await placeSession(world.database.pool, sessionId);
  await world.host.supervisor.converge();
  await world.waitForState(sessionId, 'CONNECTED');
}

describe('keys that are older than what was sent under them (MR-183)', () => {
  it('are renewed before anything is sent: no message key twice, everything is read, both ways', async () => {
    const people = await cast();
    const { sessionId, number } = people;
    await settled(people, await talk(people, 'before'));
    await keep('kept_keys', sessionId);

    // What the backup does not know: turns of all ratchets, a new contact, prekeys that were taken and uploaded.
    await newContacts(people, 6);
    const cleo = await world.sandbox.createPhone('Cleo');
    await settled(people, await talk(people, 'lost', [people.ann, people.ben, cleo]));
    const lastSeq = (await world.events(sessionId)).at(-1)!.seq;

    await world.workers[0]!.kill();
    await putBack('kept_keys', sessionId);
    const meanwhile = `meanwhile from ${people.ann}`;
    await world.sandbox.sendFrom(people.ann, { to: number, type: 'text', text: meanwhile });
    const recovery = await inTransaction(world.database.pool, (tx) =>
      recoverInstallation(tx, { kind: 'restored', asOf: new Date() }),
    );
    expect(recovery).toMatchObject({ sessions: 1, unknown: 0 });
    await start(sessionId);

    const after = await talk(people, 'after', [people.ann, people.ben, cleo]);
    await settled(people, { ...after, in: [...after.in, meanwhile] });
    await newContacts(people, 6);

    await waitFor(async () => (await summary()).undecryptable.unrecovered === 0, { what: 'phones to read everything' });
    const { keys, violations } = await summary();
    expect([keys.reused, violations.byRule]).toEqual([0, {}]);
    for (const reader of [people.ann, people.ben, cleo]) {
      const texts = await textsAt(reader);
      expect(texts).toEqual([...new Set(texts)]);
    }
    const { rowCount } = await world.database.pool.query('SELECT 1 FROM stale_keys');
    expect(rowCount).toBe(0);
    const restored = (await world.events(sessionId)).find(({ type }) => type === 'session.restored')!;
    expect(restored.seq).toBeGreaterThan(lastSeq + 1_000_000);
    expect(restored.data).toMatchObject({ skipped: 1_000_000 });
    expect(await findViolations(world.database.pool)).toEqual([]);
  });

  it('would use message keys twice without the mark: the recorder sees it', async () => {
    const people = await cast();
    const { sessionId } = people;
    await settled(people, await talk(people, 'before'));
    await keep('kept_keys', sessionId);
    // To people Baileys begins a new session with each cold cache; the sender key of a group goes on.
    const [group] = people.groups;
    const { messageId } = await world.send(sessionId, group!, 'lost');
    await world.waitForMessage(messageId, 'DELIVERED');
    expect((await summary()).keys.reused).toBe(0);

    await world.workers[0]!.kill();
    await putBack('kept_keys', sessionId);
    await start(sessionId);
    await world.send(sessionId, group!, 'after');
    await waitFor(async () => (await summary()).keys.reused > 0, { what: 'a message key that is used twice' });
  });
});
