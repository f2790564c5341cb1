import type { Pool } from '@wa-gate/db';
import { waitFor } from '../../harness/wait-for.ts';

/** The deletions of a database (of a session, of its webhook), held up and let go between their turns. */
export interface Pause {
  /** Resolves when none erases anything. */
  rest(): Promise<void>;
  /** Resolves when one erases again. */
  goOn(): Promise<void>;
}

/**
 * A turn of the loop of deletions ends with a write of its progress. While a table says so, that write puts the next
 * turn off for ever: the code that is measured has no switch for it.
 */
const HOLD = `
CREATE TABLE held_deletions (held boolean NOT NULL);
INSERT INTO held_deletions VALUES (false);
CREATE FUNCTION hold_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT held FROM held_deletions) THEN
    NEW.not_before := 'infinity';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hold_deletion BEFORE UPDATE ON deletions FOR EACH ROW
  WHEN (NEW.rows_deleted > OLD.rows_deleted) EXECUTE FUNCTION hold_deletion();
`;

/** A turn lasts for a hundred statements and three times their rest. */
const TURN_MS = 120_000;

/** @param isLeft whether anything is left to be erased: nothing waits for a deletion that is over */
export async function pauseOf(pool: Pool, isLeft: () => Promise<boolean>): Promise<Pause> {
  await pool.query(HOLD);
  const find = async () => {
    const { rows } = await pool.query<{ rests: boolean; isClaimed: boolean }>(
      `SELECT bool_and(not_before = 'infinity') AS rests, bool_or(not_before > now() AND not_before < 'infinity') AS "isClaimed"
       FROM deletions WHERE state <> 'done' AND pass = 1`,
    );
    return rows[0]!;
  };
  const until = (holds: (deletions: Awaited<ReturnType<typeof find>>) => boolean, what: string) =>
    waitFor(async () => holds(await find()) || !(await isLeft()), { what, timeoutMs: TURN_MS, everyMs: 100 });
  return {
    async rest() {
      await pool.query('UPDATE held_deletions SET held = true');
      // That of the webhook waits for the turn of that of its session.
      await pool.query(`UPDATE deletions SET not_before = 'infinity' WHERE not_before <= now() OR pass > 1`);
      await until(({ rests }) => rests, 'the end of a turn');
    },
    async goOn() {
      await pool.query('UPDATE held_deletions SET held = false');
      await pool.query(`UPDATE deletions SET not_before = now() WHERE not_before = 'infinity'`);
      await until(({ isClaimed }) => isClaimed, 'the next turn');
    },
  };
}
