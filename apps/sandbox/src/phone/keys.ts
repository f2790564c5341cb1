import { randomInt } from 'node:crypto';
import type { SignedPreKey } from '../accounts/companion.ts';
import { generateKeyPair, type KeyPair, prefixed, xeddsaSign } from '../signal/curve.ts';
import { type SenderKeyJson, SenderKeyRecord } from '../signal/sender-key.ts';
import { type SessionJson, type SessionStore, SignalSession } from '../signal/session-cipher.ts';
import type { Journal } from '../store/journal.ts';

/** The maximum of unused one-time prekeys. Above it the oldest are dropped, as real phones do. */
const MAX_UNUSED_PREKEYS = 2000;

/** Key pairs are stored with both halves: deriving the public halves for every phone would slow a restart. */
interface StoredKeys {
  identity: string;
  registrationId: number;
  signedPreKeyId: number;
  signedPreKey: string;
  signature: string;
  nextPreKeyId: number;
}

const packPair = ({ privateKey, publicKey }: KeyPair): Buffer => Buffer.concat([privateKey, publicKey]);

/** Copies, because long-lived keys must not pin the buffer that they were read from. */
const unpackPair = (packed: Buffer): KeyPair => ({
  privateKey: Buffer.from(packed.subarray(0, 32)),
  publicKey: Buffer.from(packed.subarray(32, 64)),
});

/**
 * The Signal state of a phone: identity, prekeys, pairwise sessions with companions, sender keys of groups. Sessions
 * are read from the journal when first needed and written back after every change.
 */
export class PhoneKeys implements SessionStore {
  identity: KeyPair;
  registrationId: number;
  private signedPair: KeyPair;
  private signedId: number;
  private signature: Buffer;
  private nextPreKeyId: number;
  private readonly number: string;
  private readonly journal: Journal;
  private readonly identityOf: (address: string) => Buffer | null;
  private readonly sessions = new Map<string, SignalSession>();
  private readonly senderKeys = new Map<string, SenderKeyRecord>();
  private readonly preKeys = new Map<number, KeyPair>();

  /** @param identityOf the identity key of a device at the server; any other is refused */
  constructor(number: string, journal: Journal, identityOf: (address: string) => Buffer | null) {
    this.number = number;
    this.journal = journal;
    this.identityOf = identityOf;
    const stored = journal.read(`phonekeys/${number}`);
    if (stored) {
      const data = JSON.parse(stored.toString('utf8')) as StoredKeys;
      this.identity = unpackPair(Buffer.from(data.identity, 'base64'));
      this.registrationId = data.registrationId;
      this.signedId = data.signedPreKeyId;
      this.signedPair = unpackPair(Buffer.from(data.signedPreKey, 'base64'));
      this.signature = Buffer.from(data.signature, 'base64');
      this.nextPreKeyId = data.nextPreKeyId;
    } else {
      this.identity = generateKeyPair();
      this.registrationId = randomInt(1, 16_381);
      this.signedId = 1;
      this.signedPair = generateKeyPair();
      this.signature = this.signPreKey();
      this.nextPreKeyId = 1;
      this.save();
    }
    for (const key of journal.keys(this.preKeySpace)) {
      const stored = journal.read(key);
      if (stored) this.preKeys.set(Number(key.slice(this.preKeySpace.length)), unpackPair(stored));
    }
  }

  get signedPreKey(): SignedPreKey {
    return { id: this.signedId, publicKey: this.signedPair.publicKey, signature: this.signature };
  }

  /** Makes a fresh one-time prekey to hand out. */
  takePreKey(): { id: number; publicKey: Buffer } {
    const id = this.nextPreKeyId++;
    const pair = generateKeyPair();
    this.preKeys.set(id, pair);
    this.touchPreKey(id);
    const oldest = this.preKeys.keys().next();
    if (this.preKeys.size > MAX_UNUSED_PREKEYS && !oldest.done) this.removePreKey(oldest.value);
    this.save();
    return { id, publicKey: pair.publicKey };
  }

  loadSession(address: string): SignalSession | undefined {
    const cached = this.sessions.get(address);
    if (cached) return cached;
    const stored = this.journal.read(`session/${this.number}/${address}`);
    if (!stored) return undefined;
    const session = SignalSession.fromJSON(JSON.parse(stored.toString('utf8')) as SessionJson);
    this.sessions.set(address, session);
    return session;
  }

  saveSession(address: string, session: SignalSession): void {
    this.sessions.set(address, session);
    this.journal.touch(`session/${this.number}/${address}`, () => {
      const living = this.sessions.get(address);
      return living ? Buffer.from(JSON.stringify(living)) : null;
    });
  }

  /** Closes the session with a device: the next message to it starts a new one. */
  closeSession(address: string): void {
    const session = this.loadSession(address);
    if (!session) return;
    session.close();
    this.saveSession(address, session);
  }

  /** Addresses of all devices this phone has a session with. */
  sessionAddresses(): string[] {
    const space = `session/${this.number}/`;
    return [...new Set([...this.sessions.keys(), ...this.journal.keys(space).map((key) => key.slice(space.length))])];
  }

  loadPreKey(id: number): KeyPair | undefined {
    return this.preKeys.get(id);
  }

  removePreKey(id: number): void {
    this.preKeys.delete(id);
    this.touchPreKey(id);
  }

  loadSignedPreKey(id: number): KeyPair | undefined {
    return id === this.signedId ? this.signedPair : undefined;
  }

  isTrustedIdentity(address: string, identityKey: Buffer): boolean {
    return this.identityOf(address)?.equals(identityKey) === true;
  }

  /** The sender key record of one device in one group; `save` it after use. */
  senderKey(group: string, address: string): SenderKeyRecord {
    const name = `${group} ${address}`;
    let record = this.senderKeys.get(name);
    if (!record) {
      const stored = this.journal.read(`senderkey/${this.number}/${name}`);
      record = stored
        ? SenderKeyRecord.fromJSON(JSON.parse(stored.toString('utf8')) as SenderKeyJson)
        : new SenderKeyRecord();
      this.senderKeys.set(name, record);
    }
    return record;
  }

  saveSenderKey(group: string, address: string): void {
    const name = `${group} ${address}`;
    this.journal.touch(`senderkey/${this.number}/${name}`, () => {
      const record = this.senderKeys.get(name);
      return record && !record.isEmpty ? Buffer.from(JSON.stringify(record)) : null;
    });
  }

  /** Starts a new sender key of our own in a group, as after a member left. */
  dropSenderKey(group: string, address: string): void {
    this.senderKeys.set(`${group} ${address}`, new SenderKeyRecord());
    this.saveSenderKey(group, address);
  }

  /** Replaces the identity and drops all sessions, as a new installation of WhatsApp does. */
  reset(): void {
    this.forget();
    this.identity = generateKeyPair();
    this.registrationId = randomInt(1, 16_381);
    this.signedId++;
    this.signedPair = generateKeyPair();
    this.signature = this.signPreKey();
    this.save();
  }

  erase(): void {
    this.forget();
    this.journal.touch(`phonekeys/${this.number}`, () => null);
  }

  private get preKeySpace(): string {
    return `phoneprekey/${this.number}/`;
  }

  private forget(): void {
    const { number, journal } = this;
    for (const address of this.sessionAddresses()) journal.touch(`session/${number}/${address}`, () => null);
    const names = [...this.senderKeys.keys()].map((name) => `senderkey/${number}/${name}`);
    for (const key of [...names, ...journal.keys(`senderkey/${number}/`)]) journal.touch(key, () => null);
    for (const id of this.preKeys.keys()) this.removePreKey(id);
    this.sessions.clear();
    this.senderKeys.clear();
  }

  private signPreKey(): Buffer {
    return xeddsaSign(this.identity.privateKey, prefixed(this.signedPair.publicKey));
  }

  private touchPreKey(id: number): void {
    this.journal.touch(this.preKeySpace + id, () => {
      const pair = this.preKeys.get(id);
      return pair ? packPair(pair) : null;
    });
  }

  private save(): void {
    this.journal.touch(`phonekeys/${this.number}`, () => {
      const stored: StoredKeys = {
        identity: packPair(this.identity).toString('base64'),
        registrationId: this.registrationId,
        signedPreKeyId: this.signedId,
        signedPreKey: packPair(this.signedPair).toString('base64'),
        signature: this.signature.toString('base64'),
        nextPreKeyId: this.nextPreKeyId,
      };
      return Buffer.from(JSON.stringify(stored));
    });
  }
}
