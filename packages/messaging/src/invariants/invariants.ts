import { inTransaction, type Pool } from '@wa-gate/db';
import { firstIdOf } from '../first-id.ts';
import { SQL_INVARIANTS, type SqlInvariant } from './invariant-queries.ts';

export interface InvariantBounds {
  /** A temporary state counts as a violation only after so many milliseconds. @default 60 000 */
  settledMs?: number;
  /** Milliseconds: older messages and journal rows are not checked. @default everything */
  windowMs?: number;
  /** How many of the latest events of each session are checked. @default all */
  depth?: number;
  /** The maximum of returned rows per invariant. @default 20 */
  limit?: number;
  /** Milliseconds after which a query is cancelled, so that checks do not slow the system. @default 10 000 */
  timeoutMs?: number;
}

export interface InvariantFinding {
  name: string;
  invariant: SqlInvariant['invariant'];
  description: string;
  rows: Record<string, unknown>[];
}

const ALL_MS = 100 * 365 * 86_400_000;
const ALL_EVENTS = 1_000_000_000;

/**
 * The bounds as one row. Message ids are uuidv7, so a time is a lower bound of ids. The primary key finds recent rows,
 * and no query reads the whole table.
 */
const withBounds = (sql: string): string => `WITH bound AS MATERIALIZED (
    SELECT now() - $1 * interval '1 ms' AS before, now() - $2 * interval '1 ms' AS since,
      ${firstIdOf("now() - $2 * interval '1 ms'")} AS first_id,
      $3::bigint AS depth
  )
  SELECT to_jsonb(violation) AS row FROM (${sql}) AS violation LIMIT $4`;

/** Checks one invariant. A failed query rejects, because it does not prove that there is no violation. */
export async function checkInvariant(
  pool: Pool,
  invariant: SqlInvariant,
  bounds: InvariantBounds = {},
): Promise<InvariantFinding> {
  const [finding] = await check(pool, [invariant], bounds);
  return finding!;
}

/** Finds all violated invariants, with rows that show the violation. */
export async function findViolations(pool: Pool, bounds: InvariantBounds = {}): Promise<InvariantFinding[]> {
  return (await check(pool, SQL_INVARIANTS, bounds)).filter(({ rows }) => rows.length > 0);
}

/** One transaction for all of them: each statement has the time limit and a snapshot of its own. */
function check(
  pool: Pool,
  invariants: readonly SqlInvariant[],
  { settledMs = 60_000, windowMs = ALL_MS, depth = ALL_EVENTS, limit = 20, timeoutMs = 10_000 }: InvariantBounds,
): Promise<InvariantFinding[]> {
  return inTransaction(pool, async (tx) => {
    await tx.query('SET TRANSACTION READ ONLY');
    await tx.query("SELECT set_config('statement_timeout', $1, true)", [String(timeoutMs)]);
    const findings: InvariantFinding[] = [];
    for (const { name, invariant, description, sql } of invariants) {
      const { rows } = await tx.query<{ row: Record<string, unknown> }>(withBounds(sql), [
        settledMs,
        windowMs,
        depth,
        limit,
      ]);
      findings.push({ name, invariant, description, rows: rows.map(({ row }) => row) });
    }
    return findings;
  });
}
