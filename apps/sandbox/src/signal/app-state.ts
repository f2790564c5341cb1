import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { hkdf, hmacSha256 } from './kdf.ts';
import { addToHash, subtractFromHash } from './lt-hash.ts';

/**
 * App state: the settings that the devices of an account share (archived, muted, pinned chats, push name...), as a log
 * of encrypted patches per collection. The server only stores patches; phone and companions read and write them.
 */
export type CollectionName = 'critical_block' | 'critical_unblock_low' | 'regular_high' | 'regular_low' | 'regular';

/** A key that the phone shared with its companions. */
export interface AppStateKey {
  /** 6 bytes. */
  keyId: Buffer;
  /** 32 bytes. */
  keyData: Buffer;
}

/** The state of a collection on one device. */
export interface CollectionState {
  version: number;
  /** 128 bytes: the sum over all current values. */
  hash: Buffer;
  /** Hex of an index's MAC to the MAC of its current value. */
  values: Map<string, Buffer>;
}

export interface AppStateMutation {
  operation: 'set' | 'remove';
  /** For example `["mute", "123@s.whatsapp.net"]`. */
  index: string[];
  value: proto.ISyncActionValue;
  /** Version of the action's schema. */
  version: number;
}

/** A patch that cannot be read, or whose MACs are wrong. */
export class AppStateError extends Error {
  override readonly name = 'AppStateError';
}

const { SyncdOperation } = proto.SyncdMutation;
const VALUE_MAC_LENGTH = 32;
const IV_LENGTH = 16;

export function emptyCollection(): CollectionState {
  return { version: 0, hash: Buffer.alloc(128), values: new Map() };
}

/** Makes the next patch of a collection; `state` becomes the collection after it. */
export function encodePatch(
  collection: CollectionName,
  state: CollectionState,
  key: AppStateKey,
  mutations: readonly AppStateMutation[],
): Buffer {
  const keys = expandKey(key.keyData);
  const records = mutations.map((mutation) => encodeMutation(mutation, key.keyId, keys));
  applyRecords(state, records);
  state.version++;
  const snapshotMac = macOfSnapshot(state, collection, keys);
  const valueMacs = records.map((record) => record.valueMac);
  const patch = proto.SyncdPatch.encode({
    version: { version: state.version },
    keyId: { id: key.keyId },
    snapshotMac,
    patchMac: macOfPatch(snapshotMac, valueMacs, state.version, collection, keys),
    mutations: records.map((record) => ({
      operation: record.operation === 'set' ? SyncdOperation.SET : SyncdOperation.REMOVE,
      record: { index: { blob: record.indexMac }, value: { blob: record.blob }, keyId: { id: key.keyId } },
    })),
  });
  return Buffer.from(patch.finish());
}

/**
 * Reads and checks a patch that another device wrote; `state` becomes the collection after it, unless it throws.
 *
 * @param findKey the account's keys by id
 */
export function decodePatch(
  collection: CollectionName,
  state: CollectionState,
  data: Buffer,
  findKey: (keyId: Buffer) => AppStateKey | undefined,
): AppStateMutation[] {
  const patch = readPatch(data);
  const keys = expandKey(required(findKey, patch.keyId?.id).keyData);
  const version = Number(patch.version?.version ?? state.version + 1);
  const next: CollectionState = { version, hash: state.hash, values: new Map(state.values) };
  const decoded = (patch.mutations ?? []).map((mutation) => decodeMutation(mutation, findKey));
  applyRecords(
    next,
    decoded.map(({ record }) => record),
  );
  const snapshotMac = macOfSnapshot(next, collection, keys);
  if (!snapshotMac.equals(patch.snapshotMac ?? Buffer.alloc(0))) throw new AppStateError('snapshot MAC is wrong');
  const valueMacs = decoded.map(({ record }) => record.valueMac);
  const patchMac = macOfPatch(snapshotMac, valueMacs, version, collection, keys);
  if (!patchMac.equals(patch.patchMac ?? Buffer.alloc(0))) throw new AppStateError('patch MAC is wrong');
  Object.assign(state, next);
  return decoded.map(({ mutation }) => mutation);
}

/**
 * The part of the server: writes the accepted version into an uploaded patch, because a client that receives several
 * patches at once cannot tell it otherwise.
 */
export function stampPatchVersion(data: Buffer, version: number): Buffer {
  const patch = readPatch(data);
  patch.version = { version };
  return Buffer.from(proto.SyncdPatch.encode(patch).finish());
}

interface SealedRecord {
  operation: 'set' | 'remove';
  indexMac: Buffer;
  valueMac: Buffer;
  /** Ciphertext and value MAC. */
  blob: Buffer;
}

interface ExpandedKey {
  index: Buffer;
  encryption: Buffer;
  valueMac: Buffer;
  snapshotMac: Buffer;
  patchMac: Buffer;
}

function expandKey(keyData: Buffer): ExpandedKey {
  const out = hkdf(keyData, 160, 'WhatsApp Mutation Keys');
  const part = (at: number): Buffer => out.subarray(at * 32, at * 32 + 32);
  return { index: part(0), encryption: part(1), valueMac: part(2), snapshotMac: part(3), patchMac: part(4) };
}

function encodeMutation(mutation: AppStateMutation, keyId: Buffer, keys: ExpandedKey): SealedRecord {
  const index = Buffer.from(JSON.stringify(mutation.index), 'utf8');
  const { value, version } = mutation;
  const plain = proto.SyncActionData.encode({ index, value, version, padding: Buffer.alloc(0) }).finish();
  const iv = randomBytes(IV_LENGTH);
  const cipher = createCipheriv('aes-256-cbc', keys.encryption, iv);
  const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final()]);
  const valueMac = macOfValue(mutation.operation, sealed, keyId, keys);
  const indexMac = hmacSha256(keys.index, index);
  return { operation: mutation.operation, indexMac, valueMac, blob: Buffer.concat([sealed, valueMac]) };
}

function decodeMutation(
  { operation: code, record }: proto.ISyncdMutation,
  findKey: (keyId: Buffer) => AppStateKey | undefined,
): { mutation: AppStateMutation; record: SealedRecord } {
  const operation = code === SyncdOperation.REMOVE ? 'remove' : 'set';
  const key = required(findKey, record?.keyId?.id);
  const keys = expandKey(key.keyData);
  const blob = Buffer.from(record?.value?.blob ?? []);
  if (blob.length <= VALUE_MAC_LENGTH + IV_LENGTH) throw new AppStateError('mutation is too short');
  const sealed = blob.subarray(0, -VALUE_MAC_LENGTH);
  const valueMac = Buffer.from(blob.subarray(-VALUE_MAC_LENGTH));
  if (!macOfValue(operation, sealed, key.keyId, keys).equals(valueMac)) throw new AppStateError('value MAC is wrong');
  const decipher = createDecipheriv('aes-256-cbc', keys.encryption, sealed.subarray(0, IV_LENGTH));
  const plain = Buffer.concat([decipher.update(sealed.subarray(IV_LENGTH)), decipher.final()]);
  const action = proto.SyncActionData.decode(plain);
  const index = Buffer.from(action.index ?? []);
  const indexMac = hmacSha256(keys.index, index);
  if (!indexMac.equals(record?.index?.blob ?? Buffer.alloc(0))) throw new AppStateError('index MAC is wrong');
  const mutation: AppStateMutation = {
    operation,
    index: JSON.parse(index.toString('utf8')) as string[],
    value: action.value ?? {},
    version: action.version ?? 0,
  };
  return { mutation, record: { operation, indexMac, valueMac, blob } };
}

/** Each index counts once in the hash: its earlier value is taken out when a new one or a removal comes. */
function applyRecords(state: CollectionState, records: readonly SealedRecord[]): void {
  let { hash } = state;
  for (const { operation, indexMac, valueMac } of records) {
    const name = indexMac.toString('hex');
    const previous = state.values.get(name);
    if (previous) hash = subtractFromHash(hash, previous);
    if (operation === 'remove') {
      state.values.delete(name);
    } else {
      hash = addToHash(hash, valueMac);
      state.values.set(name, valueMac);
    }
  }
  state.hash = hash;
}

function macOfValue(operation: 'set' | 'remove', sealed: Buffer, keyId: Buffer, keys: ExpandedKey): Buffer {
  const length = Buffer.alloc(8);
  length[7] = 1 + keyId.length;
  return createHmac('sha512', keys.valueMac)
    .update(Buffer.from([operation === 'set' ? 1 : 2]))
    .update(keyId)
    .update(sealed)
    .update(length)
    .digest()
    .subarray(0, VALUE_MAC_LENGTH);
}

function macOfSnapshot(state: CollectionState, collection: CollectionName, keys: ExpandedKey): Buffer {
  return hmacSha256(keys.snapshotMac, state.hash, bigEndian64(state.version), Buffer.from(collection));
}

function macOfPatch(
  snapshotMac: Buffer,
  valueMacs: readonly Buffer[],
  version: number,
  collection: CollectionName,
  keys: ExpandedKey,
): Buffer {
  return hmacSha256(keys.patchMac, snapshotMac, ...valueMacs, bigEndian64(version), Buffer.from(collection));
}

function bigEndian64(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out;
}

function readPatch(data: Buffer): proto.SyncdPatch {
  try {
    return proto.SyncdPatch.decode(data);
  } catch (cause) {
    throw new AppStateError('patch cannot be read', { cause });
  }
}

function required(
  findKey: (keyId: Buffer) => AppStateKey | undefined,
  keyId: Uint8Array | null | undefined,
): AppStateKey {
  const key = keyId ? findKey(Buffer.from(keyId)) : undefined;
  if (!key) throw new AppStateError('patch was made with an unknown key');
  return key;
}
