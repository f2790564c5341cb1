/** What is deleted as a whole leaves nothing, whichever tables there are. */
import { EVENTS } from '@wa-gate/contracts';
import { inTransaction } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseAll } from '../testing/erase-all.ts';
import { DELETION_KINDS, type DeletionKind, ERASED_TABLES } from './erased-tables.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const query = async <T extends object = Record<string, unknown>>(text: string, values: unknown[] = []) =>
  (await database.pool.query<T>(text, values)).rows;

const OWN_TABLE: Record<DeletionKind, string> = {
  session: 'sessions',
  workspace: 'workspaces',
  user: 'users',
  webhook: 'webhooks',
};
/** Tables that outlive what they name, and why. */
const OUTLIVE: Record<string, string> = {
  'audit_logs.workspace_id': 'who deleted what',
  'audit_logs.actor_user_id': 'who deleted what',
  'system_logs.session_id': 'swept by age',
  'system_logs.user_id': 'swept by age',
  'message_usage.session_id': 'an account is charged for what its deleted sessions have sent',
  'usage_records.session_id': 'the same for requests',
  'broadcast_recipients.session_id': 'the report of the broadcast, which is of the workspace',
  'opt_outs.session_id': 'who wants no messages, whichever session they said it to',
  'consent_log.session_id': 'the ledger of that',
  'deletions.workspace_id': 'what became of it, for some days',
  'deletions.user_id': 'the same',
};
/** Rows that go with a row that is erased, by a trigger or a foreign key of that table, and are found by it alone. */
const OF_OTHERS: Record<string, string> = {
  'logins.workspace_id': 'the login of the user, who stays, says which workspace it was in',
  'contact_identities.workspace_id': 'contacts',
  'webhook_deliveries.session_id': 'webhooks and events',
  'media_files.workspace_id': 'the file goes after its last media',
  'media.session_id': 'media',
  'contact_labels.workspace_id': 'contacts',
};

/** Foreign keys with their columns, and whether an index begins with these. */
const FOREIGN_KEYS = `SELECT c.conrelid::regclass::text AS table, c.confrelid::regclass::text AS target,
    (SELECT array_agg(a.attname::text ORDER BY k.ord) FROM unnest(c.conkey) WITH ORDINALITY AS k(num, ord)
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num) AS columns, c.confdeltype::text AS "onDelete",
    EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indisvalid
      AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] <@ c.conkey
      AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ILIKE '%IS NOT NULL%')) AS "isIndexed"
  FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace`;
interface ForeignKey {
  table: string;
  target: string;
  columns: string[];
  onDelete: string;
  isIndexed: boolean;
}

describe('deletions scale (MR-009)', () => {
  it('every foreign key has an index: a row that is deleted does not make PostgreSQL read whole tables', async () => {
    const keys = await query<ForeignKey>(FOREIGN_KEYS);
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter(({ isIndexed }) => !isIndexed)).toEqual([]);
  });

  it('the look for foreign keys without an index finds one', async () => {
    await query('CREATE TABLE lacking (session_id uuid REFERENCES sessions (id) ON DELETE CASCADE)');
    const keys = await query<ForeignKey>(FOREIGN_KEYS);
    expect(keys.filter(({ isIndexed }) => !isIndexed).map(({ table }) => table)).toEqual(['lacking']);
    await query('DROP TABLE lacking');
  });

  it('a table that names a session, workspace, user or webhook is erased with it, goes by a foreign key, or says why it stays', async () => {
    const columns = await query<{ table: string; column: string }>(
      `SELECT c.table_name AS "table", c.column_name AS "column" FROM information_schema.columns c
       JOIN information_schema.tables t USING (table_schema, table_name)
       WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name IN ('session_id', 'workspace_id', 'user_id', 'webhook_id')`,
    );
    const keys = await query<ForeignKey>(FOREIGN_KEYS);
    const isErased = ({ table, column }: { table: string; column: string }) =>
      DELETION_KINDS.some((kind) =>
        ERASED_TABLES[kind].some((erased) => erased.table === table && erased.subject === column),
      ) || keys.some((key) => key.table === table && key.columns[0] === column && 'cn'.includes(key.onDelete));
    const left = columns
      .filter((each) => !isErased(each))
      .map(({ table, column }) => `${table}.${column}`)
      .filter((name) => !(name in OUTLIVE) && !(name in OF_OTHERS));
    expect(left).toEqual([]);
  });

  it('no erased table has a foreign key to its subject, which would delete it in one statement', async () => {
    const keys = await query<ForeignKey>(FOREIGN_KEYS);
    for (const kind of DELETION_KINDS) {
      const tables = ERASED_TABLES[kind].map(({ table }) => table);
      expect(keys.filter(({ table, target }) => target === OWN_TABLE[kind] && tables.includes(table))).toEqual([]);
    }
  });

  it('an index leads each statement to the rows in their order', async () => {
    for (const kind of DELETION_KINDS) {
      for (const { table, subject, order } of ERASED_TABLES[kind]) {
        // So few that they are read as a whole.
        if (table === 'resumable_uploads') continue;
        const names = [subject, ...order.slice(0, 1).map(([column]) => column)];
        const found = await query(
          `SELECT 1 FROM pg_index i WHERE i.indrelid = $1::regclass AND (SELECT array_agg(a.attname::text ORDER BY k.ord)
             FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(num, ord) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
             WHERE k.ord <= $3) = $2::text[]`,
          [table, names, names.length],
        );
        expect(found.length, `${table} by ${names.join(', ')}`).toBeGreaterThan(0);
      }
    }
  });
});

describe('what is deleted', () => {
  /** Values of columns that need one, by their type. */
  const VALUES: Record<string, string> = {
    uuid: 'gen_random_uuid()',
    text: `'x' || n`,
    bytea: `sha256(('x' || n)::bytea)`,
    int4: 'n',
    int2: '1',
    int8: 'n',
    jsonb: `'{}'`,
    bool: 'false',
    date: 'current_date',
    timestamptz: `now() + n * interval '1 ms'`,
    float8: '1',
    _int4: `'{1}'`,
    _text: `'{}'`,
  };
  const SPECIAL: Record<string, string> = {
    'media.direction': `'inbound'`,
    'media.status': `'pending'`,
    'rule_firings.rule_id': '(SELECT id FROM keyword_rules LIMIT 1)',
    'events.type': `'session.status'`,
    'events.data': `'${JSON.stringify(EVENTS['session.status'].example)}'`,
  };

  /** Rows of a table that belong to the subject, whatever its other columns are. */
  async function fill(table: string, subject: string, id: string, rows: number): Promise<void> {
    const columns = await query<{ name: string; type: string; needs: boolean; label: string | null }>(
      `SELECT a.attname::text AS name, t.typname::text AS type, a.attnotnull AND NOT a.atthasdef AS needs,
         (SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder LIMIT 1) AS label
       FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped`,
      [table],
    );
    const given = columns.filter(({ name, needs }) => needs && name !== subject);
    const values = given.map(({ name, type, label }) =>
      label === null ? (SPECIAL[`${table}.${name}`] ?? VALUES[type] ?? `'no value for ${type}'`) : `'${label}'`,
    );
    await query(
      `INSERT INTO ${table} (${[subject, ...given.map(({ name }) => name)].join(', ')})
       SELECT ${['$1', ...values].join(', ')} FROM generate_series(1, $2::int) n`,
      [id, rows],
    );
  }
  const count = async (table: string, subject: string, id: string) =>
    (await query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${subject} = $1`, [id]))[0]!.n;
  const deletionOf = async (id: string) =>
    (
      await query<{ state: string; pass: number; rows: number }>(
        'SELECT state, pass, rows_deleted::int AS rows FROM deletions WHERE subject = $1',
        [id],
      )
    )[0];

  it.each(DELETION_KINDS)('%s: no row is left in any table, erased in parts', async (kind) => {
    const seeded = await seedSession(database.pool);
    await query(
      `INSERT INTO keyword_rules (id, workspace_id, name, session_ids, match, patterns, cooldown_seconds, action)
       VALUES (gen_random_uuid(), $1, 'x', '{}', 'exact', '{x}', 0, '{}')`,
      [seeded.workspaceId],
    );
    const webhookId = newId();
    await query(
      `INSERT INTO webhooks (id, session_id, url, events, secret) VALUES ($1, $2, 'https://x.test', '{}', 'x')`,
      [webhookId, seeded.sessionId],
    );
    const id = { session: seeded.sessionId, workspace: seeded.workspaceId, user: seeded.userId, webhook: webhookId }[
      kind
    ];
    const tables = ERASED_TABLES[kind];
    for (const { table, subject, order } of tables) await fill(table, subject, id, order.length === 0 ? 1 : 7);
    await query(`DELETE FROM ${OWN_TABLE[kind]} WHERE id = $1`, [id]);
    expect(await deletionOf(id)).toMatchObject({ state: 'erasing', pass: 1 });
    for (const { table, subject } of tables) expect(await count(table, subject, id), table).toBeGreaterThan(0);
    await eraseAll(database.pool, 3);
    for (const { table, subject } of tables) expect(await count(table, subject, id), table).toBe(0);
    expect(await deletionOf(id)).toMatchObject({ state: 'done' });
  });

  it('leaves the same to do when a cascade deletes it: of a user the workspaces, their sessions, their webhooks', async () => {
    const seeded = await seedSession(database.pool);
    await query(
      `INSERT INTO webhooks (id, session_id, url, events, secret) VALUES ($1, $2, 'https://x.test', '{}', 'x')`,
      [newId(), seeded.sessionId],
    );
    await query('DELETE FROM users WHERE id = $1', [seeded.userId]);
    const left = await query<{ kind: string }>(`SELECT kind FROM deletions WHERE state = 'erasing' ORDER BY kind`);
    expect(left.map(({ kind }) => kind)).toEqual(['session', 'user', 'webhook', 'workspace']);
    await eraseAll(database.pool);
  });

  it('what a transaction writes late is erased by the second pass', async () => {
    const { sessionId } = await seedSession(database.pool);
    let end: () => void = () => undefined;
    const late = inTransaction(database.pool, async (tx) => {
      await tx.query(`INSERT INTO session_contacts (session_id, jid) VALUES ($1, '1@s.whatsapp.net')`, [sessionId]);
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    await query('DELETE FROM sessions WHERE id = $1', [sessionId]);
    // The first pass.
    await query(`UPDATE deletions SET pass = 2 WHERE subject = $1`, [sessionId]);
    end();
    await late;
    await eraseAll(database.pool);
    expect(await count('session_contacts', 'session_id', sessionId)).toBe(0);
  });
});
