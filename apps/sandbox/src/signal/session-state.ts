import type { KeyPair } from './curve.ts';
import type { KeyChain } from './key-chain.ts';

/** The states of one pairwise session, and their stored form. The rules are in session-cipher.ts. */

/** A chain on which the peer sends. */
export interface ReceivingChain extends KeyChain {
  ratchetKey: Buffer;
}

export interface SendingChain {
  ratchet: KeyPair;
  chainKey: Buffer;
  next: number;
}

/** The fields that a pkmsg repeats until the peer has answered once. */
interface PendingPreKey {
  preKeyId: number | undefined;
  signedPreKeyId: number;
}

export interface SessionState {
  /** The initiator's base key: names the session on both sides. */
  baseKey: Buffer;
  remoteIdentity: Buffer;
  remoteRegistrationId: number;
  rootKey: Buffer;
  /** Our ratchet key before anything was received: the signed prekey on the responding side. */
  sending: SendingChain;
  /** False on the responding side until its first ratchet step: it cannot send yet. */
  canSend: boolean;
  previousCounter: number;
  /** Newest first. */
  receiving: ReceivingChain[];
  pending: PendingPreKey | undefined;
}

/**
 * Replaced states per address, as in real clients. A peer that answers on an older one cannot be decrypted there
 * either.
 */
const MAX_ARCHIVED = 40;

/**
 * The sessions with one address: the current state and the replaced ones, newest first. `JSON.stringify` writes it,
 * `fromJSON` reads it.
 */
export class SignalSession {
  current: SessionState | undefined;
  archived: SessionState[] = [];

  /** Makes a state the current one and keeps the one that it replaces. */
  replace(next: SessionState): void {
    this.archived = this.archived.filter((state) => state !== next);
    if (this.current && this.current !== next) this.archived.unshift(this.current);
    this.archived.length = Math.min(this.archived.length, MAX_ARCHIVED);
    this.current = next;
  }

  /** Ends the current state: the next message to this address needs a new bundle, old ones can still be read. */
  close(): void {
    if (this.current) this.archived.unshift(this.current);
    this.archived.length = Math.min(this.archived.length, MAX_ARCHIVED);
    this.current = undefined;
  }

  get states(): SessionState[] {
    return this.current ? [this.current, ...this.archived] : this.archived;
  }

  toJSON(): SessionJson {
    return {
      current: this.current ? stateToJson(this.current) : null,
      archived: this.archived.map(stateToJson),
    };
  }

  static fromJSON(json: SessionJson): SignalSession {
    const session = new SignalSession();
    session.current = json.current ? stateFromJson(json.current) : undefined;
    session.archived = json.archived.map(stateFromJson);
    return session;
  }
}

export interface SessionJson {
  current: SessionStateJson | null;
  archived: SessionStateJson[];
}

interface SessionStateJson {
  baseKey: string;
  remoteIdentity: string;
  remoteRegistrationId: number;
  rootKey: string;
  sending: { publicKey: string; privateKey: string; chainKey: string; next: number };
  canSend: boolean;
  previousCounter: number;
  receiving: { ratchetKey: string; chainKey: string; next: number; skipped: [number, string][] }[];
  pending: { preKeyId: number | null; signedPreKeyId: number } | null;
}

function stateToJson(state: SessionState): SessionStateJson {
  const { sending, pending } = state;
  return {
    baseKey: encode(state.baseKey),
    remoteIdentity: encode(state.remoteIdentity),
    remoteRegistrationId: state.remoteRegistrationId,
    rootKey: encode(state.rootKey),
    sending: {
      publicKey: encode(sending.ratchet.publicKey),
      privateKey: encode(sending.ratchet.privateKey),
      chainKey: encode(sending.chainKey),
      next: sending.next,
    },
    canSend: state.canSend,
    previousCounter: state.previousCounter,
    receiving: state.receiving.map((chain) => ({
      ratchetKey: encode(chain.ratchetKey),
      chainKey: encode(chain.chainKey),
      next: chain.next,
      skipped: [...chain.skipped].map(([counter, seed]) => [counter, encode(seed)]),
    })),
    pending: pending ? { preKeyId: pending.preKeyId ?? null, signedPreKeyId: pending.signedPreKeyId } : null,
  };
}

function stateFromJson(json: SessionStateJson): SessionState {
  return {
    baseKey: decode(json.baseKey),
    remoteIdentity: decode(json.remoteIdentity),
    remoteRegistrationId: json.remoteRegistrationId,
    rootKey: decode(json.rootKey),
    sending: {
      ratchet: { publicKey: decode(json.sending.publicKey), privateKey: decode(json.sending.privateKey) },
      chainKey: decode(json.sending.chainKey),
      next: json.sending.next,
    },
    canSend: json.canSend,
    previousCounter: json.previousCounter,
    receiving: json.receiving.map((chain) => ({
      ratchetKey: decode(chain.ratchetKey),
      chainKey: decode(chain.chainKey),
      next: chain.next,
      skipped: new Map(chain.skipped.map(([counter, seed]) => [counter, decode(seed)])),
    })),
    pending: json.pending
      ? { preKeyId: json.pending.preKeyId ?? undefined, signedPreKeyId: json.pending.signedPreKeyId }
      : undefined,
  };
}

const encode = (value: Buffer): string => value.toString('base64');
const decode = (value: string): Buffer => Buffer.from(value, 'base64');
