import { randomUUID } from 'node:crypto';
import { createPool } from '@wa-gate/db';
import { createLogger } from '@wa-gate/kit';
import { createFaultProxy, createTestDatabase, type FaultProxy, type TestDatabase, waitFor } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { msOf, shortest } from '../testing/timing.ts';
import { createRevocations, type RevocationKind, type Revocations, sweepRevocations } from './revocations.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

let database: TestDatabase;
let line: FaultProxy;
let stop: (() => Promise<void>)[];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  line = await createFaultProxy(database.url);
  stop = [];
});
afterEach(async () => {
  for (const end of stop.reverse()) await end();
  await line.close();
});

interface Reader {
  revocations: Revocations;
  /** What was heard, as `kind/subject`. */
  heard: string[];
}

/** As in one more gateway. */
async function startReader(): Promise<Reader> {
  const watchPool = createPool({
    url: line.url,
    name: 'watch',
    max: 1,
    silenceTimeoutMs: 500,
    connectTimeoutMs: 500,
  });
  const revocations = createRevocations({ pool: database.pool, watchPool, logger });
  const heard: string[] = [];
  for (const kind of ['key', 'user'] satisfies RevocationKind[]) {
    revocations.onRevoked(kind, (subject) => heard.push(`${kind}/${subject ?? 'all'}`));
  }
  revocations.start();
  stop.push(async () => {
    await revocations.stop();
    await watchPool.end();
  });
  await waitFor(() => revocations.isCurrent, { everyMs: 5 });
  heard.length = 0;
  return { revocations, heard };
}

const revoke = (subject: string) =>
  database.pool.query(`INSERT INTO revocations (kind, subject) VALUES ('key', $1)`, [subject]);

describe('revocations', () => {
  it('reach every gateway within a second, and the own one at once', async () => {
    const [here, there] = [await startReader(), await startReader()];
    const ms = await shortest(1_000, async () => {
      const subject = randomUUID();
      await here.revocations.inTransaction((_tx, tell) => tell('key', subject));
      expect(here.heard.at(-1)).toBe(`key/${subject}`);
      return msOf(() => waitFor(() => there.heard.includes(`key/${subject}`), { everyMs: 5 }));
    });
    expect(ms).toBeLessThan(1_000);
  });

  it('of a transaction that is rolled back are heard by nobody', async () => {
    const [here, there] = [await startReader(), await startReader()];
    await expect(
      here.revocations.inTransaction(async (_tx, tell) => {
        await tell('key', 'undone');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await revoke('after');
    await waitFor(() => here.heard.length > 0 && there.heard.length > 0, { everyMs: 5 });
    expect([here.heard, there.heard]).toEqual([['key/after'], ['key/after']]);
  });

  it('of a transaction that commits late are heard, however many others were heard in between', async () => {
    const { heard } = await startReader();
    const late = await database.pool.connect();
    try {
      await late.query('BEGIN');
      await late.query(
        `INSERT INTO revocations (kind, subject, created_at) VALUES ('key', 'late', now() - interval '10 minutes')`,
      );
      for (const subject of ['first', 'second']) {
        await revoke(subject);
        await waitFor(() => heard.includes(`key/${subject}`), { everyMs: 5 });
      }
      expect(heard).not.toContain('key/late');
      await late.query('COMMIT');
    } finally {
      late.release();
    }
    await waitFor(() => heard.includes('key/late'), { everyMs: 5 });
    expect(heard).toEqual(['key/first', 'key/second', 'key/late']);
  });

  it.each(['refuse', 'stall'] as const)(
    'are not trusted while PostgreSQL is away (%s), and none is missed',
    async (mode) => {
      const { revocations, heard } = await startReader();
      line.set(mode);
      await waitFor(() => !revocations.isCurrent, { everyMs: 5 });
      await revoke(`while away ${mode}`);
      line.set('forward');
      await waitFor(() => revocations.isCurrent, { everyMs: 5 });
      // Heard before memory is trusted again, not some time after.
      expect(heard).toEqual([`key/while away ${mode}`]);
    },
  );

  it('make a gateway forget everything that was away for longer than they are kept', async () => {
    const { revocations, heard } = await startReader();
    const away = createRevocations({
      pool: database.pool,
      logger,
      watchPool: {
        // As if the last reading had been hours ago.
        query: async (...question: unknown[]) => {
          const answer = await (database.pool.query as (...args: unknown[]) => Promise<{ rows: { readAt: number }[] }>)(
            ...question,
          );
          readings += 1;
          if (readings > 1) answer.rows[0]!.readAt += 2 * 3_600;
          return answer;
        },
      } as never,
    });
    let readings = 0;
    const told: (string | null)[] = [];
    away.onRevoked('login', (subject) => told.push(subject));
    away.start();
    stop.push(() => away.stop());
    await waitFor(() => readings >= 3, { everyMs: 5 });
    expect(told.slice(0, 2)).toEqual([null, null]);
    // The other one, which was not away, has forgotten nothing.
    await waitFor(() => revocations.isCurrent, { everyMs: 5 });
    expect(heard).toEqual([]);
  });

  it('from before a gateway looked for the first time are none of its business, though a long transaction holds the bound back', async () => {
    const long = await database.pool.connect();
    try {
      await long.query('BEGIN');
      await long.query('SELECT pg_current_xact_id()');
      await revoke('before');
      const { heard } = await startReader();
      await revoke('after');
      await waitFor(() => heard.includes('key/after'), { everyMs: 5 });
      expect(heard).toEqual(['key/after']);
    } finally {
      await long.query('ROLLBACK');
      long.release();
    }
  });

  it('are deleted when they are an hour old', async () => {
    await database.pool.query(`INSERT INTO revocations (kind, subject, created_at) VALUES
      ('key', 'old', now() - interval '61 minutes'), ('key', 'old too', now() - interval '2 days'), ('key', 'young', now() - interval '59 minutes')`);
    expect(await sweepRevocations(database.pool, 1)).toBe(1);
    expect(await sweepRevocations(database.pool, 100)).toBe(1);
    const { rows } = await database.pool.query(
      `SELECT subject FROM revocations WHERE subject IN ('old', 'old too', 'young')`,
    );
    expect(rows).toEqual([{ subject: 'young' }]);
  });
});
