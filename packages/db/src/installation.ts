import { createSecretBox, MasterKeyError, UnsealError } from '@wa-gate/kit';
import type { Queryable } from './pool.ts';

const KNOWN_TEXT = 'wa-gate master key';
const CONTEXT = 'installation';

/**
 * Refuses to start with another master key than the one that this database was first used with: what it would write could
 * not be read by the others, and what is there could not be read by it. The first process to come stores the check.
 *
 * @throws {MasterKeyError}
 */
export async function assertMasterKey(db: Queryable, masterKeys: readonly Uint8Array[]): Promise<void> {
  const box = createSecretBox(masterKeys, 'installation');
  await db.query('INSERT INTO installation (id, key_check) VALUES (1, $1) ON CONFLICT (id) DO NOTHING', [
    box.seal(Buffer.from(KNOWN_TEXT), CONTEXT),
  ]);
  const { rows } = await db.query<{ key_check: Buffer }>('SELECT key_check FROM installation WHERE id = 1');
  try {
    if (box.open(rows[0]!.key_check, CONTEXT).toString() === KNOWN_TEXT) return;
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error;
  }
  throw new MasterKeyError(
    'WAG_MASTER_KEY is not the key that this database was set up with. Give the key from DATA_DIR/secrets or your secret store; nothing was changed.',
  );
}
