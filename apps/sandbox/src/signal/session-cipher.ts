import { generateKeyPair, type KeyPair, prefixed, sharedSecret, xeddsaVerify } from './curve.ts';
import { hkdf } from './kdf.ts';
import { decryptMessage, encryptMessage, sendingStep } from './ratchet.ts';
import {
  BadMacError,
  DuplicateMessageError,
  NoSessionError,
  SessionError,
  SignatureError,
  UnknownPreKeyError,
  UntrustedIdentityError,
} from './session-errors.ts';
import { type SessionState, SignalSession } from './session-state.ts';
import { type PreKeyMessage, type RatchetIndex, readPreKeyMessage, writePreKeyMessage } from './signal-messages.ts';

export * from './session-errors.ts';
export { type SessionJson, SignalSession } from './session-state.ts';

/** The published keys with which others start a session. Keys are 32 bytes without type byte. */
export interface PreKeyBundle {
  registrationId: number;
  identityKey: Buffer;
  signedPreKey: { id: number; publicKey: Buffer; signature: Buffer };
  preKey?: { id: number; publicKey: Buffer } | undefined;
}

/**
 * The Signal state of one device for pairwise sessions. Synchronous on purpose: no message may overtake another between
 * load and save. An address is any stable name of the device of the peer.
 */
export interface SessionStore {
  readonly identity: KeyPair;
  readonly registrationId: number;
  loadSession(address: string): SignalSession | undefined;
  /** Called after every successful change; the object may be the one that was loaded. */
  saveSession(address: string, session: SignalSession): void;
  loadPreKey(id: number): KeyPair | undefined;
  /** Called once the first message that used a one-time prekey was read. */
  removePreKey(id: number): void;
  loadSignedPreKey(id: number): KeyPair | undefined;
  /** Called before a session with this identity begins; false refuses it. */
  isTrustedIdentity(address: string, identityKey: Buffer): boolean;
}

export interface Encrypted {
  type: 'pkmsg' | 'msg';
  ciphertext: Buffer;
  index: RatchetIndex;
}

export interface Decrypted {
  plaintext: Buffer;
  index: RatchetIndex;
}

/**
 * X3DH and the double ratchet for one device. It does not pad: see `pad`/`unpad`.
 *
 * A failed message leaves the session unchanged: states change only after the MAC is verified.
 */
export class SessionCipher {
  readonly #store: SessionStore;

  constructor(store: SessionStore) {
    this.#store = store;
  }

  hasSession(address: string): boolean {
    return this.#store.loadSession(address)?.current?.canSend === true;
  }

  /** Starts a session with a published bundle; it replaces the current one, which stays readable. */
  startOutgoing(address: string, bundle: PreKeyBundle): void {
    const { identityKey, signedPreKey, preKey } = bundle;
    if (!this.#store.isTrustedIdentity(address, identityKey)) throw untrusted(address);
    if (!xeddsaVerify(identityKey, prefixed(signedPreKey.publicKey), signedPreKey.signature)) {
      throw new SignatureError(`signed prekey ${signedPreKey.id} of ${address} is not signed by its identity`);
    }
    const base = generateKeyPair();
    const rootKey = rootFromAgreements([
      sharedSecret(this.#store.identity.privateKey, signedPreKey.publicKey),
      sharedSecret(base.privateKey, identityKey),
      sharedSecret(base.privateKey, signedPreKey.publicKey),
      ...(preKey ? [sharedSecret(base.privateKey, preKey.publicKey)] : []),
    ]);
    const step = sendingStep(rootKey, signedPreKey.publicKey);
    const session = this.#store.loadSession(address) ?? new SignalSession();
    session.replace({
      baseKey: base.publicKey,
      remoteIdentity: Buffer.from(identityKey),
      remoteRegistrationId: bundle.registrationId,
      rootKey: step.rootKey,
      sending: step.chain,
      canSend: true,
      previousCounter: 0,
      receiving: [],
      pending: { preKeyId: preKey?.id, signedPreKeyId: signedPreKey.id },
    });
    this.#store.saveSession(address, session);
  }

  encrypt(address: string, plaintext: Buffer): Encrypted {
    const session = this.#store.loadSession(address);
    const state = session?.current;
    if (!session || !state?.canSend) throw new NoSessionError(`no session with ${address}`);
    const { message, index } = encryptMessage(state, this.#store.identity.publicKey, plaintext);
    this.#store.saveSession(address, session);
    if (!state.pending) return { type: 'msg', ciphertext: message, index };
    const ciphertext = writePreKeyMessage({
      registrationId: this.#store.registrationId,
      preKeyId: state.pending.preKeyId,
      signedPreKeyId: state.pending.signedPreKeyId,
      baseKey: state.baseKey,
      identityKey: this.#store.identity.publicKey,
      message,
    });
    return { type: 'pkmsg', ciphertext, index };
  }

  decrypt(address: string, type: 'pkmsg' | 'msg', ciphertext: Buffer): Decrypted {
    const session = this.#store.loadSession(address);
    if (type === 'pkmsg') return this.#decryptFirst(address, session ?? new SignalSession(), ciphertext);
    if (!session || session.states.length === 0) throw new NoSessionError(`no session with ${address}`);
    const { state, result } = this.#tryStates(session.states, ciphertext);
    session.replace(state);
    this.#store.saveSession(address, session);
    return result;
  }

  /** Decrypts a message that starts a session. The peer repeats the start until it gets an answer. */
  #decryptFirst(address: string, session: SignalSession, ciphertext: Buffer): Decrypted {
    const first = readPreKeyMessage(ciphertext);
    const known = session.states.find((state) => state.baseKey.equals(first.baseKey));
    if (known && !known.remoteIdentity.equals(first.identityKey)) throw untrusted(address);
    const state = known ?? this.#accept(address, first);
    const result = decryptMessage(state, this.#store.identity.publicKey, first.message);
    session.replace(state);
    this.#store.saveSession(address, session);
    if (!known && first.preKeyId !== undefined) this.#store.removePreKey(first.preKeyId);
    return result;
  }

  #accept(address: string, first: PreKeyMessage): SessionState {
    if (!this.#store.isTrustedIdentity(address, first.identityKey)) throw untrusted(address);
    const signedPreKey = this.#store.loadSignedPreKey(first.signedPreKeyId);
    if (!signedPreKey) throw new UnknownPreKeyError(`no signed prekey ${first.signedPreKeyId}`);
    const preKey = first.preKeyId === undefined ? undefined : this.#store.loadPreKey(first.preKeyId);
    if (first.preKeyId !== undefined && !preKey) throw new UnknownPreKeyError(`no prekey ${first.preKeyId}`);
    const rootKey = rootFromAgreements([
      sharedSecret(signedPreKey.privateKey, first.identityKey),
      sharedSecret(this.#store.identity.privateKey, first.baseKey),
      sharedSecret(signedPreKey.privateKey, first.baseKey),
      ...(preKey ? [sharedSecret(preKey.privateKey, first.baseKey)] : []),
    ]);
    return {
      baseKey: Buffer.from(first.baseKey),
      remoteIdentity: Buffer.from(first.identityKey),
      remoteRegistrationId: first.registrationId,
      rootKey,
      sending: { ratchet: signedPreKey, chainKey: rootKey, next: 0 },
      canSend: false,
      previousCounter: 0,
      receiving: [],
      pending: undefined,
    };
  }

  /** Tries the current state, then the replaced ones: a backlog may have been written before a replacement. */
  #tryStates(states: SessionState[], ciphertext: Buffer): { state: SessionState; result: Decrypted } {
    for (const state of states) {
      try {
        return { state, result: decryptMessage(state, this.#store.identity.publicKey, ciphertext) };
      } catch (error) {
        // A used key proves that this state is the right one: no other can read it.
        if (error instanceof DuplicateMessageError || !(error instanceof SessionError)) throw error;
      }
    }
    throw new BadMacError(`no session state out of ${states.length} reads the message`);
  }
}

/** X3DH: 32 bytes of 0xff (so that the input is no valid key), then the agreements in the fixed order. */
function rootFromAgreements(agreements: Buffer[]): Buffer {
  return hkdf(Buffer.concat([Buffer.alloc(32, 0xff), ...agreements]), 64, 'WhisperText').subarray(0, 32);
}

function untrusted(address: string): UntrustedIdentityError {
  return new UntrustedIdentityError(`identity of ${address} is not the known one`);
}
