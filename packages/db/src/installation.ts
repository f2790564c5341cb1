import { createSecretBox, deriveKey, KEY_ID_SLICE, MasterKeyError, UnsealError } from '@wa-gate/kit';
import type { Queryable } from './pool.ts';

const KNOWN_TEXT = 'wa-gate master key';
const CONTEXT = 'installation';

/**
 * Checks that the master key is the one that this database was first used with. Processes with different keys could not
 * read the values of each other. The first process stores the check.
 *
 * @throws {MasterKeyError}
 */
export async function assertMasterKey(db: Queryable, masterKeys: readonly Uint8Array[]): Promise<void> {
  const box = createSecretBox(masterKeys, 'installation');
  await db.query('INSERT INTO installation (id, key_check) VALUES (1, $1) ON CONFLICT (id) DO NOTHING', [
    box.seal(Buffer.from(KNOWN_TEXT), CONTEXT),
  ]);
  const { rows } = await db.query<{ key_check: Buffer }>('SELECT key_check FROM installation WHERE id = 1');
  assertKeyCheck(rows[0]!.key_check, masterKeys);
}

/**
 * Checks a stored key check, such as that of a backup.
 *
 * @throws {MasterKeyError} when no key opens it
 */
export function assertKeyCheck(keyCheck: Uint8Array, masterKeys: readonly Uint8Array[]): void {
  const box = createSecretBox(masterKeys, 'installation');
  try {
    if (box.open(keyCheck, CONTEXT).toString() === KNOWN_TEXT) return;
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error;
  }
  throw new MasterKeyError(
    'WAG_MASTER_KEY is not the key that this database was set up with. Give the key from DATA_DIR/secrets or your secret store; nothing was changed.',
  );
}

/**
 * Seals the check under the first key, so that the others may be removed: from then on a process without the first key
 * is refused. Call it only when nothing is sealed under the others any more. Returns whether it was sealed under
 * another one.
 */
export async function rekeyInstallation(db: Queryable, masterKeys: readonly Uint8Array[]): Promise<boolean> {
  const box = createSecretBox(masterKeys, 'installation');
  const { rowCount } = await db.query(
    `UPDATE installation SET key_check = $1 WHERE id = 1 AND substring(key_check FROM ${KEY_ID_SLICE.from} FOR ${KEY_ID_SLICE.for}) <> $2`,
    [box.seal(Buffer.from(KNOWN_TEXT), CONTEXT), box.keyId],
  );
  return rowCount === 1;
}

/** The purpose and context of the box of {@link readMessageKey}. */
export const MESSAGE_KEY_BOX = 'message-key';

/**
 * Reads the secret from which the secrets inside outgoing messages are derived. The first process derives it from its
 * master key and stores it, so that it stays the same for the life of the installation. An attempt after a change of
 * the master key makes the same bytes for the same message. Call it after {@link assertMasterKey}.
 *
 * @throws {UnsealError}
 */
export async function readMessageKey(db: Queryable, masterKeys: readonly Uint8Array[]): Promise<Buffer> {
  const box = createSecretBox(masterKeys, MESSAGE_KEY_BOX);
  await db.query('UPDATE installation SET message_key = $1 WHERE id = 1 AND message_key IS NULL', [
    box.seal(deriveKey(masterKeys[0]!, 'message-secret'), MESSAGE_KEY_BOX),
  ]);
  const { rows } = await db.query<{ message_key: Buffer }>('SELECT message_key FROM installation WHERE id = 1');
  return box.open(rows[0]!.message_key, MESSAGE_KEY_BOX);
}

/**
 * How session records are stored. `json`: versions before the compact form read it alone. `split`: compact, in two
 * parts of which a message changes one (docs/decisions/0059-split-session-records.md).
 */
export type RecordForm = 'json' | 'compact' | 'split';

/**
 * The form in which the workers of this installation write session records: one that every version reads which has been
 * there. Read it after {@link assertMasterKey}.
 */
export async function readRecordForm(db: Queryable): Promise<RecordForm> {
  const { rows } = await db.query<{ form: RecordForm }>(
    `SELECT CASE WHEN split_keys THEN 'split' WHEN compact_keys THEN 'compact' ELSE 'json' END AS form
     FROM installation WHERE id = 1`,
  );
  return rows[0]!.form;
}
