import { newWaMessageId } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LinkedSession, type RunWorld, startRunWorld } from '../../testing/session-runs.ts';
import { testBox } from '../../testing/signal-parties.ts';

/**
 * The case of docs/decisions/0015-libsignal.md: a session stored under a phone number gets its LID while both sides
 * write.
 */
let world: RunWorld;
beforeAll(async () => {
  world = await startRunWorld();
});
afterAll(() => world?.stop());

const EACH_WAY = 10;
const jid = (number: string) => `${number}@s.whatsapp.net`;
const shown = async (number: string, prefix: string) => {
  const texts = (await world.sandbox.inbox(number)).map(({ text }) => text ?? '');
  return new Set(texts.filter((text) => text.startsWith(prefix))).size;
};
const stored = async ({ owner }: LinkedSession, prefix: string) => {
  const { rows } = await world.database.pool.query(
    'SELECT 1 FROM messages WHERE session_id = $1 AND NOT from_me AND text LIKE $2',
    [owner.sessionId, `${prefix}%`],
  );
  return rows.length;
};

/** Stores the session of a contact under its number again, as before LIDs. */
async function forgetLid({ owner: { sessionId } }: LinkedSession, number: string): Promise<void> {
  const { pool } = world.database;
  const lid = (await world.sandbox.phone(number)).lid.split('@')[0]!;
  const context = (name: string) => `${sessionId}|session|${name}`;
  const { rows } = await pool.query<{ value: Buffer }>(
    "DELETE FROM session_keys WHERE session_id = $1 AND kind = 'session' AND key_id = $2 RETURNING value",
    [sessionId, `${lid}_1.0`],
  );
  const value = testBox.seal(testBox.open(rows[0]!.value, context(`${lid}_1.0`)), context(`${number}.0`));
  await pool.query("INSERT INTO session_keys (session_id, kind, key_id, value) VALUES ($1, 'session', $2, $3)", [
    sessionId,
    `${number}.0`,
    value,
  ]);
  await pool.query("DELETE FROM session_keys WHERE session_id = $1 AND kind = 'lid-mapping' AND key_id = ANY($2)", [
    sessionId,
    [number, `${lid}_reverse`],
  ]);
}

it.each([1, 2, 3])(
  'round %i: everything can be read at once on both sides, and no key is used twice (I4)',
  async () => {
    const session = await world.link();
    const dan = await world.sandbox.createPhone('Dan');
    const before = await session.open();
    await before.send(jid(dan), newWaMessageId(), 'first');
    await waitFor(async () => (await shown(dan, 'first')) === 1, { what: 'the first message' });
    await world.sandbox.sendFrom(dan, { to: session.number, type: 'text', text: 'first answer' });
    await waitFor(async () => (await stored(session, 'first answer')) === 1, { what: 'the first answer' });
    before.kill();
    await forgetLid(session, dan);

    const run = await session.open();
    await Promise.all(
      Array.from({ length: EACH_WAY }, (_, n) => [
        run.send(jid(dan), newWaMessageId(), `out ${n}`),
        world.sandbox.sendFrom(dan, { to: session.number, type: 'text', text: `in ${n}` }),
      ]).flat(),
    );
    await waitFor(async () => (await shown(dan, 'out')) === EACH_WAY, { what: 'all of them at the phone' });
    await waitFor(async () => (await stored(session, 'in')) === EACH_WAY, { what: 'all of them here' });
    const { undecryptable } = await world.sandbox.recorder<{ undecryptable: unknown[] }>(
      `undecryptable?device=${session.device}`,
    );
    expect(undecryptable).toEqual([]);
    expect(run.gate.steps.filter((step) => step.startsWith('before receipt retry'))).toEqual([]);
    expect(run.ratchets).toMatchObject({ notDurable: 0, reused: 0 });
    run.kill();
  },
);
