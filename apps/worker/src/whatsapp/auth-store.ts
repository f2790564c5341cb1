import {
  type JournalEntry,
  type JournalHalf,
  journalContext,
  type KeyEntry,
  type KeyReference,
  type Ownership,
  readSessionKeys,
} from '@wa-gate/cluster';
import { isDatabaseUnavailable, type Pool, type RecordForm } from '@wa-gate/db';
import { backoffDelay, type Clock, type SecretBox } from '@wa-gate/kit';
import { findJournalled, readUnprojected } from '@wa-gate/messaging';
import { ACCEPTANCE_KIND, type Acceptance, NotAcceptedError } from './acceptance.ts';
import { type AuthenticationState, initAuthCreds, type SignalDataSet, type SignalDataTypeMap } from './baileys.ts';
import { BoundedCache } from './bounded-cache.ts';
import { JOURNAL_KIND, type JournalRecord, type JournalStore } from './journal.ts';
import { renewStaleKeys } from './key-renewal.ts';
import { createKeySealer } from './key-sealer.ts';
import type { KeyWriter, WriteRequest } from './key-writer.ts';

export interface AuthStoreDependencies {
  pool: Pool;
  writer: KeyWriter;
  box: SecretBox;
  /** In which form session records are written. All are read. */
  recordForm: RecordForm;
  clock: Clock;
  owner: Ownership;
  /**
   * Called once, synchronously, before the failed read or write rejects: the receiver must cut the connection at once.
   * Baileys takes an exception from the store for a message that cannot be decrypted and tells the server so, unless
   * the socket is closed (docs/decisions/0007-refused-writes-cut-the-socket.md).
   */
  onFailure: (error: Error) => void;
}

/** The Signal keys and credentials of one session, for one life of its actor. */
export interface AuthStore {
  /** What Baileys takes. The same object for the life of the store; Baileys changes `creds` in place. */
  readonly state: AuthenticationState;
  /** What arrived; rows are written by `set`, under {@link JOURNAL_KIND}, with the keys of their ratchet step. */
  readonly journal: JournalStore;
  /** Whether a phone has linked this device. Credentials that are not paired are never stored and never used twice. */
  isPaired(): boolean;
  /** Call after each change of `state.creds`: saved soon, one save at a time. */
  saveCreds(): void;
  /** Writes keys outside of any transaction of Baileys. */
  set(data: SignalDataSet): Promise<void>;
  /** Resolves when changed credentials are durable. */
  flush(): Promise<void>;
  /** Nothing is read or written by this store afterwards. */
  close(): void;
}

type StoredType = keyof SignalDataTypeMap;
/** A kind of `session_keys`. */
type KeyKind = StoredType | 'creds';

/** Sessions, sender keys, mappings, device lists of the contacts lately talked to; the rest is read when needed. */
const CACHED_KEYS = 1_000;
/** Read one at a time, used once: keeping 812 pairs per session would be a quarter of its memory. */
const NOT_CACHED: ReadonlySet<string> = new Set<StoredType>(['pre-key']);
const CREDS = { kind: 'creds', keyId: 'creds' } as const;
const READ_ATTEMPTS = 4;
const READ_RETRY = { initialMs: 50, maxMs: 1_000 };

/**
 * Opens the store: reads the credentials, or makes new ones when none are stored. Keys that may be behind what was sent
 * under them are renewed first.
 *
 * @throws {UnsealError} when they are there and cannot be opened; they are never taken for absent
 */
export async function openAuthStore(dependencies: AuthStoreDependencies): Promise<AuthStore> {
  const { pool, writer, box, recordForm, clock, owner, onFailure } = dependencies;
  const sealer = createKeySealer(box, recordForm, owner.sessionId);
  // What a former life of the session asked for must not come after what this one reads.
  await writer.idle(owner.sessionId);
  await renewStaleKeys({ pool, sealer, owner });
  const cache = new BoundedCache<unknown>({ max: CACHED_KEYS });
  /** Reads on their way, by cache key; a write of the same key makes their result old news. */
  const reads = new Map<string, Set<{ outdated: boolean }>>();
  let failure: Error | undefined;
  let credsDirty = false;
  let saving: Promise<void> | undefined;
  /** Ends of withheld steps, by the hashes of what they have read. */
  const withheld = new Map<string, Promise<void>>();

  const seal = (kind: KeyKind, keyId: string, value: unknown): KeyEntry => sealer.seal(kind, keyId, value);

  const sealRecord = (id: string, { content, ...place }: JournalRecord): JournalEntry => {
    const hash = Buffer.from(id, 'hex');
    const sealHalf = (half: JournalHalf) => box.seal(content![half], journalContext(owner.sessionId, half, hash));
    return { ...place, hash, content: content && { stanza: sealHalf('stanza'), plaintext: sealHalf('plaintext') } };
  };
  const openHalf = (half: JournalHalf, hash: Buffer, sealed: Buffer) =>
    box.open(sealed, journalContext(owner.sessionId, half, hash));

  /** Ends the store: nothing is read or written any more, and what the cache says does not count. */
  function fail(error: unknown): Error {
    if (failure) return failure;
    failure = error instanceof Error ? error : new Error(String(error));
    cache.clear();
    onFailure(failure);
    return failure;
  }

  async function patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        if (attempt + 1 >= READ_ATTEMPTS || !isDatabaseUnavailable(error)) throw error;
        await clock.sleep(backoffDelay(attempt, READ_RETRY));
      }
    }
  }

  async function read(kind: KeyKind, keyIds: readonly string[]): Promise<Map<string, unknown>> {
    const rows = await patiently(() => readSessionKeys(pool, owner.sessionId, kind, keyIds));
    return new Map([...rows].map(([keyId, sealed]) => [keyId, sealer.open(kind, keyId, sealed)]));
  }

  /** A read for Baileys: an error ends the store before the read rejects. */
  async function readOrFail<T>(ask: () => Promise<T>): Promise<T> {
    if (failure) throw failure;
    try {
      const found = await ask();
      if (!failure) return found;
    } catch (error) {
      throw fail(error);
    }
    throw failure;
  }

  async function readThrough(type: StoredType, keyIds: string[]): Promise<Map<string, unknown>> {
    if (NOT_CACHED.has(type)) return read(type, keyIds);
    const ticket = { outdated: false };
    const keys = keyIds.map((keyId) => `${type}|${keyId}`);
    for (const key of keys) addTo(reads, key, ticket);
    try {
      const found = await read(type, keyIds);
      // Absence is cached too: only this store can create the key.
      if (!ticket.outdated && !failure) {
        for (const keyId of keyIds) cache.set(`${type}|${keyId}`, found.get(keyId));
      }
      return found;
    } finally {
      for (const key of keys) removeFrom(reads, key, ticket);
    }
  }

  async function get<T extends StoredType>(type: T, keyIds: string[]): Promise<{ [id: string]: SignalDataTypeMap[T] }> {
    if (failure) throw failure;
    const result: Record<string, unknown> = {};
    const missing: string[] = [];
    for (const keyId of keyIds) {
      const key = `${type}|${keyId}`;
      if (!cache.has(key)) missing.push(keyId);
      else if (cache.get(key) !== undefined) result[keyId] = ownCopy(type, cache.get(key));
    }
    if (missing.length > 0) {
      const found = await readOrFail(() => readThrough(type, missing));
      for (const [keyId, value] of found) result[keyId] = ownCopy(type, value);
    }
    return result as { [id: string]: SignalDataTypeMap[T] };
  }

  async function set(data: SignalDataSet): Promise<void> {
    if (failure) throw failure;
    const upserts: KeyEntry[] = [];
    const deletes: KeyReference[] = [];
    const read: [id: string, record: JournalRecord][] = [];
    const cached: [key: string, value: unknown][] = [];
    let acceptance: Acceptance | undefined;
    for (const [type, entries] of Object.entries(data) as [StoredType, Record<string, unknown>][]) {
      if ((type as string) === JOURNAL_KIND) {
        read.push(...(Object.entries(entries) as [string, JournalRecord][]));
        continue;
      }
      if ((type as string) === ACCEPTANCE_KIND) {
        acceptance = entries.message as Acceptance;
        continue;
      }
      for (const [keyId, value] of Object.entries(entries)) {
        const gone = value === null || value === undefined;
        if (gone) deletes.push({ kind: type, keyId });
        else upserts.push(seal(type, keyId, value));
        if (!NOT_CACHED.has(type)) cached.push([`${type}|${keyId}`, gone ? undefined : ownCopy(type, value)]);
      }
    }
    // New prekeys and the counter that numbers them must be durable together, or a restart gives used ids out again.
    if (data['pre-key'] && upserts.some((entry) => entry.kind === 'pre-key')) upserts.push(takeCreds());
    if (upserts.length === 0 && deletes.length === 0 && read.length === 0) return;
    const [only] = read;
    const isStep = only && read.length === 1 && upserts.length > 0 && deletes.length === 0 && !acceptance;
    if (!(isStep && withhold(upserts, ...only))) {
      const journal = read.map(([id, record]) => sealRecord(id, record));
      await commit({ upserts, deletes, journal, acceptance });
    }
    for (const [key, value] of cached) {
      cache.set(key, value);
      for (const ticket of reads.get(key) ?? []) ticket.outdated = true;
    }
  }

  /** Leaves the step to the statement that stores what it has read, where that may be. */
  function withhold(upserts: readonly KeyEntry[], id: string, record: JournalRecord): boolean {
    if (!record.onWithheld) return false;
    const { stanzaId, encIndex, encCount, onWithheld } = record;
    const place = { hash: Buffer.from(id, 'hex'), stanzaId, encIndex, encCount };
    const whole = () => ({ owner, upserts, deletes: [], journal: [sealRecord(id, record)] });
    const step = writer.withhold({ owner, upserts, read: place }, whole);
    if (!step) return false;
    const end = step.settled.catch((error: unknown) => void fail(error)).finally(() => withheld.delete(id));
    withheld.set(id, end);
    onWithheld(step);
    return true;
  }

  async function commit(write: Omit<WriteRequest, 'owner'>): Promise<void> {
    try {
      await writer.write({ owner, ...write });
    } catch (error) {
      // Nothing was written, and the cache says what is stored.
      if (error instanceof NotAcceptedError) throw error;
      throw fail(error);
    }
    if (failure) throw failure;
  }

  function takeCreds(): KeyEntry {
    credsDirty = false;
    return seal(CREDS.kind, CREDS.keyId, state.creds);
  }

  async function saveDirtyCreds(): Promise<void> {
    // Changes come in groups within one turn of the loop; one write takes them all.
    await new Promise((resolve) => setImmediate(resolve));
    while (credsDirty && !failure) await commit({ upserts: [takeCreds()], deletes: [] });
  }

  const journal: JournalStore = {
    find: (hash) =>
      readOrFail(async () => {
        await withheld.get(hash.toString('hex'));
        const found = await patiently(() => findJournalled(pool, owner.sessionId, hash));
        return found instanceof Buffer ? openHalf('plaintext', hash, found) : found;
      }),
    unprojected: () =>
      readOrFail(async () => {
        const rows = await patiently(() => readUnprojected(pool, owner.sessionId));
        return rows.map(({ hash, content, ...place }) => {
          const stanza = openHalf('stanza', hash, content.stanza);
          return {
            hash,
            record: { ...place, content: { stanza, plaintext: openHalf('plaintext', hash, content.plaintext) } },
          };
        });
      }),
  };

  const stored = await read(CREDS.kind, [CREDS.keyId]);
  const creds = (stored.get(CREDS.keyId) as AuthenticationState['creds'] | undefined) ?? initAuthCreds();
  const state: AuthenticationState = { creds, keys: { get, set } };
  const isPaired = () => state.creds.account !== undefined && state.creds.account !== null;

  return {
    state,
    journal,
    isPaired,
    set,
    saveCreds() {
      if (!isPaired() || failure) return;
      credsDirty = true;
      // A failure has been reported by `fail`.
      saving ??= saveDirtyCreds()
        .catch(() => undefined)
        .finally(() => {
          saving = undefined;
        });
    },
    async flush() {
      while (saving) await saving;
    },
    close() {
      failure ??= new Error('The key store of this session is closed.');
      cache.clear();
    },
  };
}

/**
 * Baileys changes some values that it was given in place (it pushes into device lists, for one); those are handed out
 * as copies.
 */
function ownCopy(type: StoredType, value: unknown): unknown {
  if (type === 'device-list') return [...(value as string[])];
  if (type === 'sender-key-memory') return { ...(value as Record<string, boolean>) };
  return value;
}

function addTo<V>(map: Map<string, Set<V>>, key: string, value: V): void {
  const set = map.get(key);
  if (set) set.add(value);
  else map.set(key, new Set([value]));
}

function removeFrom<V>(map: Map<string, Set<V>>, key: string, value: V): void {
  const set = map.get(key);
  set?.delete(value);
  if (set?.size === 0) map.delete(key);
}
