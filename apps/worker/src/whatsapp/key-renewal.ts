import {
  hasStaleKeys,
  type KeyEntry,
  type Ownership,
  readSessionKeys,
  readSessionKindPage,
  StaleEpochError,
  settleStaleKeys,
  writeManySessionKeys,
} from '@wa-gate/cluster';
import { inTransaction, type Pool, type Queryable } from '@wa-gate/db';
import { type AuthenticationState, jidDecode } from './baileys.ts';
import type { KeySealer } from './key-sealer.ts';

export interface KeyRenewalDependencies {
  pool: Pool;
  sealer: KeySealer;
  owner: Ownership;
}

type Creds = AuthenticationState['creds'];

/** A session record as libsignal serialises it: the sessions with one device; an open one has `closed: -1`. */
interface StoredRecord {
  _sessions?: Record<string, { indexInfo: { closed: number } }>;
}

const OPEN = -1;
/** Records read, closed and written in one statement. */
const RECORDS_PER_PAGE = 200;
/**
 * By so much the numbers of new one-time prekeys leap. The server knows all prekeys that the device ever uploaded by
 * number, those of the lost time too: another key under one of their numbers would make both useless. A device
 * uploads five at a time, each for a contact that began to write to it.
 */
const PREKEY_LEAP = 50_000;
/** Numbers have three bytes on the wire; after the last one they begin anew. */
const MAX_PREKEY_ID = 0xff_ff_ff;

/**
 * Makes keys usable that are older than what was sent under them: those of a database that was restored from a backup,
 * of a promoted replica, of an imported session. A ratchet that goes on from an old state uses message keys a second
 * time, which tells both plaintexts, and phones cannot read what follows. So, before the first connection (I4):
 *
 * - sessions with contacts are closed. Baileys fetches a bundle and begins a new one with the next message. The closed
 *   ones stay, because they can still read what a contact wrote under them.
 * - the own sender keys of groups are removed, with the record of who has them: the next message to a group brings a
 *   new key to every member. Those of other members only read, and stay.
 * - the numbers of one-time prekeys leap. Baileys sees that the latest one is missing and uploads new ones.
 *
 * Every write is fenced (I2). The mark is removed in the transaction of the last one, so a process that dies in between
 * leaves the work to the next owner; done twice it does no harm.
 *
 * @returns whether there was anything to do
 * @throws {StaleEpochError} the session has another owner
 * @throws {UnsealError} keys cannot be opened; nothing is sent then
 */
export async function renewStaleKeys({ pool, sealer, owner }: KeyRenewalDependencies): Promise<boolean> {
  const { sessionId } = owner;
  if (!(await hasStaleKeys(pool, sessionId))) return false;

  const { seal, open } = sealer;
  const write = async (db: Queryable, upserts: KeyEntry[]): Promise<void> => {
    const stale = await writeManySessionKeys(db, [{ owner, upserts, deletes: [] }]);
    if (stale.length > 0) throw new StaleEpochError(stale);
  };

  for (let after = ''; ; ) {
    const page = await readSessionKindPage(pool, sessionId, 'session', { after, limit: RECORDS_PER_PAGE });
    const closed = page.flatMap(({ keyId, value }) => {
      const record = open('session', keyId, value) as StoredRecord;
      return closeSessions(record) ? [seal('session', keyId, record)] : [];
    });
    if (closed.length > 0) await write(pool, closed);
    const last = page.at(-1);
    if (!last || page.length < RECORDS_PER_PAGE) break;
    after = last.keyId;
  }

  const sealed = (await readSessionKeys(pool, sessionId, 'creds', ['creds'])).get('creds');
  const creds = sealed && (open('creds', 'creds', sealed) as Creds);
  await inTransaction(pool, async (tx) => {
    if (creds) await write(tx, [seal('creds', 'creds', leapPreKeys(creds))]);
    await settleStaleKeys(tx, owner, creds ? ownAddresses(creds) : []);
  });
  return true;
}

/** Closes the open sessions of a record, in place. Returns whether there were any. */
function closeSessions({ _sessions = {} }: StoredRecord): boolean {
  const open = Object.values(_sessions).filter(({ indexInfo }) => indexInfo.closed === OPEN);
  for (const { indexInfo } of open) indexInfo.closed = Date.now();
  return open.length > 0;
}

function leapPreKeys(creds: Creds): Creds {
  const leapt = creds.nextPreKeyId + PREKEY_LEAP;
  const nextPreKeyId = leapt > MAX_PREKEY_ID - PREKEY_LEAP ? 1 : leapt;
  return { ...creds, nextPreKeyId, firstUnuploadedPreKeyId: nextPreKeyId };
}

/**
 * How this device is named in the ids of sender keys, `<group>::<user>::<device>`: by its number, and by its LID in
 * groups that hide numbers.
 */
function ownAddresses({ me }: Creds): string[] {
  const device = (me && jidDecode(me.id)?.device) ?? 0;
  return [me?.id, me?.lid].flatMap((jid) => {
    const decoded = jid ? jidDecode(jid) : undefined;
    if (!decoded) return [];
    const { user, domainType } = decoded;
    return [`::${domainType ? `${user}_${domainType}` : user}::${device}`];
  });
}
