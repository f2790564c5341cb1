import { createHmac, createSecretKey, type KeyObject, randomFillSync, timingSafeEqual } from 'node:crypto';
import { deriveKey } from './secret-box.ts';

/** Cache of derived tokens by master key: every call needs the token of its worker. */
const tokens = new WeakMap<Uint8Array, Map<string, string>>();
/** Above the count of incarnations that a fleet has at a time. */
const MAX_TOKENS = 2_000;

/**
 * The credential of calls from the gateway to one incarnation of one worker. Both sides derive it from the master key,
 * so nothing is exchanged. It is invalid after the incarnation.
 */
export function internalToken(masterKey: Uint8Array, workerId: string, incarnation: bigint | number): string {
  let known = tokens.get(masterKey);
  if (!known || known.size >= MAX_TOKENS) {
    known = new Map();
    tokens.set(masterKey, known);
  }
  const identity = `${workerId}.${incarnation}`;
  let token = known.get(identity);
  if (token === undefined) {
    token = tokenOf(masterKey, identity);
    known.set(identity, token);
  }
  return token;
}

function tokenOf(masterKey: Uint8Array, identity: string): string {
  return createHmac('sha256', deriveKey(masterKey, 'gateway-to-worker')).update(identity).digest('base64url');
}

/** Headers: the nonce of the gateway, and the two parts of the answer of the worker, its incarnation and the proof. */
export const PROOF_HEADERS = {
  nonce: 'x-wag-nonce',
  incarnation: 'x-wag-incarnation',
  proof: 'x-wag-proof',
} as const;

/** The incarnation in the proof of a worker that runs without a lease. */
export const NO_INCARNATION = 0;

const NONCE_BYTES = 18;
/** The maximum length of a nonce; longer ones are refused. */
const MAX_NONCE_LENGTH = 64;

/** Random bytes for many nonces: one system call for each nonce costs more than the proof. */
const drawn = Buffer.alloc(NONCE_BYTES * 256);
let used = drawn.length;

/** A random nonce. It cannot be foreseen, so its proof cannot have been requested before. */
export function newNonce(): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const nonce = drawn.toString('base64url', used, used + NONCE_BYTES);
  used += NONCE_BYTES;
  return nonce;
}

/** The worker and incarnation that a proof asserts. */
export interface WorkerClaim {
  workerId: string;
  incarnation: number;
}

/** Key objects, prepared once: raw bytes would be prepared again for each proof. */
const proofKeys = new WeakMap<Uint8Array, KeyObject>();

function proofKey(masterKey: Uint8Array): KeyObject {
  let key = proofKeys.get(masterKey);
  if (!key) {
    key = createSecretKey(deriveKey(masterKey, 'worker-to-gateway'));
    proofKeys.set(masterKey, key);
  }
  return key;
}

function proofOf(masterKey: Uint8Array, { workerId, incarnation }: WorkerClaim, nonce: string): string {
  return createHmac('sha256', proofKey(masterKey)).update(`${workerId}.${incarnation}.${nonce}`).digest('base64url');
}

/**
 * The headers with which a worker proves its incarnation. A process that has taken over its address, or a man in the
 * middle, does not have the key. Without a valid nonce there is no proof.
 */
export function proofHeaders(masterKey: Uint8Array, claim: WorkerClaim, nonce: unknown): Record<string, string> {
  if (typeof nonce !== 'string' || nonce === '' || nonce.length > MAX_NONCE_LENGTH) return {};
  return {
    [PROOF_HEADERS.incarnation]: String(claim.incarnation),
    [PROOF_HEADERS.proof]: proofOf(masterKey, claim, nonce),
  };
}

/**
 * The incarnation that an answer proves; `undefined` when it proves none. Then the answer must not be used.
 *
 * @param headers of the answer, with lower-case names
 */
export function provenIncarnation(
  masterKeys: readonly Uint8Array[],
  workerId: string,
  nonce: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): number | undefined {
  const given = headers[PROOF_HEADERS.proof];
  const incarnation = Number(headers[PROOF_HEADERS.incarnation]);
  if (typeof given !== 'string' || !Number.isSafeInteger(incarnation)) return undefined;
  const proven = masterKeys.some((key) => tokensEqual(given, proofOf(key, { workerId, incarnation }, nonce)));
  return proven ? incarnation : undefined;
}

/** Compares two tokens in constant time. Only a difference of their lengths shows, which is no secret. */
export function tokensEqual(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
