import { type KeyWrite, readSessionKeys } from '@wa-gate/cluster';
import { createPool, type Pool } from '@wa-gate/db';
import { systemClock } from '@wa-gate/kit';
import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownedSession } from '../testing/signal-parties.ts';
import { createKeyWriter, KeysLostError, type KeyWriter, MAX_WITHHELD } from './key-writer.ts';

let database: TestDatabase;
let pool: Pool;
let statements = 0;

beforeAll(async () => {
  database = await createTestDatabase({ max: 1 });
  pool = createPool({ url: database.url, name: 'counted', max: 4 });
  const query = pool.query.bind(pool);
  Object.assign(pool, {
    query: (...args: Parameters<typeof query>) => {
      statements++;
      return query(...args);
    },
  });
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

/** A chain of ready promises, as in a ratchet step. */
async function step(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

test('steps that run side by side become durable in one statement, however unequal they are', async () => {
  const owner = await ownedSession(database.pool);
  const writer = createKeyWriter({ pool, clock: systemClock });
  statements = 0;
  await Promise.all(
    [3, 200].map(async (turns, index) => {
      await step(turns);
      const key = { kind: 'session', keyId: `${index}.0`, value: Buffer.of(index) };
      await writer.write({ owner, upserts: [key], deletes: [] });
    }),
  );
  expect(statements).toBe(1);
});

test('idle waits for what has only just been asked for', async () => {
  const owner = await ownedSession(database.pool);
  const writer = createKeyWriter({ pool, clock: systemClock });
  let isWritten = false;
  const key = { kind: 'session', keyId: 'x.0', value: Buffer.of(1) };
  const writing = writer.write({ owner, upserts: [key], deletes: [] }).then(() => {
    isWritten = true;
  });
  await writer.idle();
  expect(isWritten).toBe(true);
  await writing;
});

describe('a step that is withheld for the statement of its message (I4, I5)', () => {
  const entry = (value: string) => ({ kind: 'session', keyId: 'ann.0', value: Buffer.from(value) });
  const place = { hash: Buffer.from('hash'), stanzaId: 'S1', encIndex: 0, encCount: 1 };

  async function begin() {
    const owner = await ownedSession(database.pool);
    const writer = createKeyWriter({ pool, clock: systemClock });
    const withhold = (value: string) => {
      const upserts = [entry(value)];
      const content = { stanza: Buffer.from('stanza'), plaintext: Buffer.from(value) };
      const whole = (): KeyWrite => ({ owner, upserts, deletes: [], journal: [{ ...place, content }] });
      return writer.withhold({ owner, upserts, read: place }, whole);
    };
    const written: string[] = [];
    const write = (value: string): Promise<unknown> =>
      writer.write({ owner, upserts: [entry(value)], deletes: [] }).then(
        () => written.push(value),
        (error: unknown) => error,
      );
    const stored = async () =>
      (await readSessionKeys(database.pool, owner.sessionId, 'session', ['ann.0'])).get('ann.0')?.toString();
    return { owner, writer, withhold, write, written, stored };
  }
  const settleOthers = (writer: KeyWriter) =>
    Promise.race([writer.idle(), new Promise((resolve) => setTimeout(resolve, 50))]);

  test('keeps later writes of its keys back until it is stored', async () => {
    const { writer, withhold, write, written, stored } = await begin();
    const step = withhold('first')!;
    step.join();
    const later = write('second');
    await settleOthers(writer);
    expect([written, await stored()]).toEqual([[], undefined]);
    step.conclude();
    await later;
    expect([written, await stored()]).toEqual([['second'], 'second']);
    await expect(step.settled).resolves.toBeUndefined();
  });

  test('is written apart with what it has read, before what came after it', async () => {
    const { owner, writer, withhold, write, stored } = await begin();
    const steps = [withhold('first')!, withhold('second')!];
    for (const step of steps) step.join();
    const later = write('third');
    await Promise.all(steps.toReversed().map((step) => step.writeApart()));
    await later;
    await writer.idle(owner.sessionId);
    expect(await stored()).toBe('third');
    const { rows } = await database.pool.query('SELECT plaintext FROM inbound_journal WHERE session_id = $1', [
      owner.sessionId,
    ]);
    expect(rows).toEqual([{ plaintext: Buffer.from('first') }]);
  });

  test('that nobody takes over is written apart; one that is taken over is not', async () => {
    const { writer, withhold, stored } = await begin();
    const left = withhold('first')!;
    left.leave();
    await writer.idle();
    expect(await stored()).toBe('first');
    const joined = withhold('second')!;
    joined.join();
    joined.leave();
    await settleOthers(writer);
    expect(await stored()).toBe('first');
    joined.conclude();
    await writer.idle();
  });

  test('is refused while a write of its keys is under way: that one would be overtaken', async () => {
    const { withhold, write } = await begin();
    const writing = write('first');
    expect(withhold('second')).toBeUndefined();
    await writing;
    const step = withhold('second')!;
    const waiting = write('third');
    expect(withhold('fourth')).toBeUndefined();
    step.leave();
    await waiting;
  });

  test('is refused while very many are: what comes waits for a slow database', async () => {
    const { withhold } = await begin();
    const steps = Array.from({ length: MAX_WITHHELD }, (_, n) => withhold(String(n))!);
    for (const step of steps) step.join();
    expect(withhold('one more')).toBeUndefined();
    steps[0]!.conclude();
    expect(withhold('one more')).toBeDefined();
  });

  test('that never will be stored takes those with it that were made from it', async () => {
    const { withhold, write, stored } = await begin();
    const step = withhold('first')!;
    step.join();
    const later = write('second');
    const lost = new KeysLostError('lost');
    step.conclude(lost);
    expect(await later).toBe(lost);
    await expect(step.settled).rejects.toBe(lost);
    expect(await stored()).toBeUndefined();
  });
});
