import { decodeCompact } from './compact-record.ts';

/**
 * Splits a session record of libsignal into what a message changes and what stays. A message that goes moves the chain
 * of the open session that encrypts, a message that comes the chain that decrypts, and the time of use: some 80 bytes
 * of a record of 1 000 to 100 000. Only when the other side has answered, the ratchet turns, and all of it changes.
 */

interface Chain {
  chainKey: { counter: number; key?: string };
}

/** A session of a record, as far as it matters here. */
interface Session {
  currentRatchet: { ephemeralKeyPair: { pubKey: string }; lastRemoteEphemeralKey: string };
  indexInfo: { closed: number; used: number };
  _chains: Record<string, Chain>;
}

export interface SplitRecord {
  /** The counters and keys of the open session's two chains, and when it was used. */
  changing: Buffer;
  /** JSON of the record with zeros and empty keys in their place; it is stored compact, behind `changing`. */
  lasting: string;
}

/** First byte of the form. Neither JSON text nor the compact form begins with it. */
const FORM = 2;
/** The form, and which chains there are. */
const HEAD_BYTES = 2;

const OPEN = -1;
const USED_BYTES = 6;
const COUNTER_BYTES = 4;
const KEY_BYTES = 32;
const CHAIN_BYTES = COUNTER_BYTES + KEY_BYTES;
/** The chain that encrypts, the chain that decrypts: bits of the second byte. */
const CHAINS = [1, 2] as const;

/** The open session of a record, and the names of its two chains in the order of {@link CHAINS}. */
function findMoving(record: unknown): { id: string; session: Session; names: [string, string] } | undefined {
  const sessions = (record as { _sessions?: Record<string, Session> } | null)?._sessions;
  if (typeof sessions !== 'object') return undefined;
  const found = Object.entries(sessions).find(([, { indexInfo }]) => indexInfo?.closed === OPEN);
  if (!found) return undefined;
  const [id, session] = found;
  const { currentRatchet } = session;
  const names: [unknown, unknown] = [currentRatchet?.ephemeralKeyPair?.pubKey, currentRatchet?.lastRemoteEphemeralKey];
  const areNames = names.every((name) => typeof name === 'string') && names[0] !== names[1];
  return areNames && session._chains ? { id, session, names: names as [string, string] } : undefined;
}

/** The bytes of a chain key; `undefined`: it is closed, or not written as these bytes are. */
function keyBytes({ chainKey: { counter, key } }: Chain): Buffer | undefined {
  if (!Number.isInteger(counter) || Math.abs(counter) > 0x7f_ff_ff_ff || typeof key !== 'string') return undefined;
  const bytes = Buffer.from(key, 'base64');
  return bytes.length === KEY_BYTES && bytes.toString('base64') === key ? bytes : undefined;
}

/** Splits the record; `undefined`: it has no open session that can encrypt, and is stored as a whole. */
export function splitRecord(record: unknown): SplitRecord | undefined {
  const moving = findMoving(record);
  if (!moving) return undefined;
  const { id, session, names } = moving;
  const { used } = session.indexInfo;
  if (!Number.isInteger(used) || used < 0 || used >= 2 ** (8 * USED_BYTES)) return undefined;

  const chains: Record<string, Chain> = { ...session._chains };
  const head = Buffer.alloc(HEAD_BYTES + USED_BYTES);
  const parts: Buffer[] = [head];
  let present = 0;
  for (const [index, name] of names.entries()) {
    const chain = Object.hasOwn(chains, name) ? chains[name]! : undefined;
    const key = chain && keyBytes(chain);
    if (!key) continue;
    const counter = Buffer.alloc(COUNTER_BYTES);
    counter.writeInt32BE(chain.chainKey.counter);
    parts.push(counter, key);
    chains[name] = { ...chain, chainKey: { ...chain.chainKey, counter: 0, key: '' } };
    present |= CHAINS[index]!;
  }
  if (!(present & CHAINS[0])) return undefined;
  head[0] = FORM;
  head[1] = present;
  head.writeUIntBE(used, HEAD_BYTES, USED_BYTES);

  const whole = record as { _sessions: Record<string, Session> };
  const lasting = {
    ...whole,
    _sessions: {
      ...whole._sessions,
      [id]: { ...session, indexInfo: { ...session.indexInfo, used: 0 }, _chains: chains },
    },
  };
  return { changing: Buffer.concat(parts), lasting: JSON.stringify(lasting) };
}

export const isSplit = (bytes: Uint8Array): boolean => bytes[0] === FORM;

/**
 * Puts a record together again from both parts, one after the other.
 *
 * @throws {Error} for bytes that are not those of a split record
 */
export function joinRecord(bytes: Buffer): unknown {
  const present = CHAINS.filter((bit) => bytes[1]! & bit);
  let at = HEAD_BYTES + USED_BYTES;
  const record = decodeCompact(bytes.subarray(at + present.length * CHAIN_BYTES));
  const moving = findMoving(record);
  if (!moving) throw new Error('A split session record has no open session.');
  const { session, names } = moving;
  session.indexInfo.used = bytes.readUIntBE(HEAD_BYTES, USED_BYTES);
  for (const bit of present) {
    const { chainKey } = session._chains[names[CHAINS.indexOf(bit)]!]!;
    chainKey.counter = bytes.readInt32BE(at);
    chainKey.key = bytes.toString('base64', at + COUNTER_BYTES, at + CHAIN_BYTES);
    at += CHAIN_BYTES;
  }
  return record;
}
