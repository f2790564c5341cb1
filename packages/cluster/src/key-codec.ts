import { decodeCompact, encodeCompact, isCompact } from './compact-record.ts';
import { isSplit, joinRecord } from './split-record.ts';

/** Kinds whose values are bytes. */
const RAW: ReadonlySet<string> = new Set(['identity-key', 'sender-key']);
const KEY_BYTES = 32;

/**
 * Encodes key values. JSON, because it is the same in every Node version of a mixed fleet; bytes in it are marked. A
 * session record has only strings and numbers, and is written with every message: the compact form takes less than half
 * of the bytes. Split records (`split-record.ts`) are the third form. All are read. Which one is written is a fact of
 * the installation, because versions before this one do not read them all.
 *
 * @param kind as in `session_keys`: a type of Baileys, or `creds`
 */
export function encodeKey(kind: string, value: unknown, { compact = false } = {}): Buffer {
  if (RAW.has(kind)) return Buffer.from(value as Uint8Array);
  if (kind === 'pre-key') {
    const pair = value as { public: Uint8Array; private: Uint8Array };
    return Buffer.concat([pair.public, pair.private]);
  }
  if (kind === 'session') return compact ? encodeCompact(value) : Buffer.from(JSON.stringify(value));
  return Buffer.from(JSON.stringify(value, markBytes));
}

export function decodeKey(kind: string, bytes: Buffer): unknown {
  if (RAW.has(kind)) return bytes;
  if (kind === 'pre-key') return { public: bytes.subarray(0, KEY_BYTES), private: bytes.subarray(KEY_BYTES) };
  if (kind === 'session' && isSplit(bytes)) return joinRecord(bytes);
  if (kind === 'session' && isCompact(bytes)) return decodeCompact(bytes);
  return kind === 'session' ? JSON.parse(bytes.toString()) : JSON.parse(bytes.toString(), readBytes);
}

const MARK = '$bytes';

/**
 * `JSON.stringify` has called `toJSON` of Buffers and protobuf messages already; the holder still has the value itself.
 */
function markBytes(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const own = this[key];
  if (own instanceof Uint8Array) return { [MARK]: Buffer.from(own).toString('base64') };
  if (own && typeof own === 'object' && 'toJSON' in own) return { ...own };
  return value;
}

function readBytes(_key: string, value: unknown): unknown {
  if (value && typeof value === 'object' && MARK in value) return Buffer.from(String(value[MARK]), 'base64');
  return value;
}
