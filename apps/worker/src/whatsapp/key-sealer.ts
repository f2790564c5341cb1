import { createHash } from 'node:crypto';
import { compactJson, decodeKey, encodeKey, type KeyEntry, sessionKeyContext, splitRecord } from '@wa-gate/cluster';
import type { RecordForm } from '@wa-gate/db';
import type { LastingPart, SecretBox } from '@wa-gate/kit';
import { BoundedCache } from './bounded-cache.ts';

/** Encodes and seals the keys of one session, and opens them. */
export interface KeySealer {
  seal(kind: string, keyId: string, value: unknown): KeyEntry;
  /** Reads every form. @throws {UnsealError} */
  open(kind: string, keyId: string, sealed: Buffer): unknown;
}

/** Of the contacts that a session has lately exchanged messages with; some 800 bytes each. */
const LASTING_PARTS = 200;

export function createKeySealer(box: SecretBox, form: RecordForm, sessionId: string): KeySealer {
  const context = (kind: string, keyId: string) => sessionKeyContext(sessionId, kind, keyId);
  const lastingParts = new BoundedCache<{ digest: Buffer; sealed: LastingPart }>({ max: LASTING_PARTS });

  function sealLasting(keyId: string, json: string): LastingPart {
    const digest = createHash('sha256').update(json).digest();
    const kept = lastingParts.get(keyId);
    if (kept?.digest.equals(digest)) return kept.sealed;
    const sealed = box.sealLasting(compactJson(json), context('session', keyId));
    lastingParts.set(keyId, { digest, sealed });
    return sealed;
  }

  function sealValue(kind: string, keyId: string, value: unknown): Buffer {
    const split = form === 'split' && kind === 'session' ? splitRecord(value) : undefined;
    if (split) return box.sealBefore(split.changing, sealLasting(keyId, split.lasting), context(kind, keyId));
    return box.seal(encodeKey(kind, value, { compact: form !== 'json' }), context(kind, keyId));
  }

  return {
    seal: (kind, keyId, value) => ({ kind, keyId, value: sealValue(kind, keyId, value) }),
    open: (kind, keyId, sealed) => decodeKey(kind, box.open(sealed, context(kind, keyId))),
  };
}
