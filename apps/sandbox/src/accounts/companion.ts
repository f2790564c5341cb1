import type { Journal } from '../store/journal.ts';
import { lidJid, pnJid } from '../wire/jid.ts';
import type { BinaryNode } from '../wire/node.ts';
import { deviceKey } from './device-key.ts';
import { PreKeyPool } from './prekey-pool.ts';
import { StanzaQueue } from './stanza-queue.ts';

/** A signed prekey as published: the signature is over the key with its type byte. */
export interface SignedPreKey {
  id: number;
  publicKey: Buffer;
  signature: Buffer;
}

/** The keys that a companion has proven during its pairing. */
export interface CompanionIdentity {
  id: number;
  keyIndex: number;
  registrationId: number;
  /** Noise static key: its credential at logins. */
  noiseKey: Buffer;
  identityKey: Buffer;
  signedPreKey: SignedPreKey;
  /** ADVSignedDeviceIdentity with both signatures; part of its key bundles. */
  signedIdentity: Buffer;
  platform: string;
  /** What phones show of it among the linked devices. */
  shownAs: string;
  pairedAt: number;
  /** It has asked for the whole history of the phone. */
  wantsFullHistory?: boolean;
}

/** The live connection of a companion, as the accounts use it. */
export interface CompanionLink {
  /** True once the offline queue was sent: stanzas are sent directly. */
  readonly isActive: boolean;
  send(node: BinaryNode): void;
  /** Ends the stream; `last` is sent first. */
  close(reason: string, last?: BinaryNode): void;
}

interface StoredCompanion {
  keyIndex: number;
  registrationId: number;
  noiseKey: string;
  identityKey: string;
  signedPreKey: { id: number; publicKey: string; signature: string };
  signedIdentity: string;
  platform: string;
  /** Missing in directories of sandboxes before. */
  shownAs?: string;
  pairedAt: number;
  wantsFullHistory?: boolean;
  preKeysHandedOut: number;
  historySent: boolean;
  pushName: string | null;
  dirty?: [string, number][];
}

/** The account as its companions see it. */
interface CompanionOwner {
  readonly number: string;
  readonly lid: string;
  readonly companions: ReadonlyMap<number, unknown>;
}

/**
 * A linked device of an account: its public keys, its unacknowledged stanzas, and its connection if it has one. Code
 * uses the type `Companion` of `account.ts`. This class does not import the account, so that there is no import circle.
 */
export class CompanionOf<A extends CompanionOwner> implements CompanionIdentity {
  readonly account: A;
  readonly id: number;
  readonly keyIndex: number;
  readonly registrationId: number;
  readonly noiseKey: Buffer;
  readonly identityKey: Buffer;
  readonly signedIdentity: Buffer;
  readonly platform: string;
  readonly shownAs: string;
  readonly pairedAt: number;
  readonly wantsFullHistory: boolean;
  readonly queue: StanzaQueue;
  signedPreKey: SignedPreKey;
  preKeys: PreKeyPool;
  /** Whether the key share and the history were sent after the first login. */
  historySent = false;
  pushName: string | null = null;
  /** What has changed in a way that it was not told, with seconds since 1970: it is told so until it confirms it. */
  readonly dirty = new Map<string, number>();
  link: CompanionLink | null = null;
  /** The presence that it has sent on the present connection. */
  isAvailable = false;
  private readonly journal: Journal;

  constructor(account: A, identity: CompanionIdentity, journal: Journal) {
    this.account = account;
    this.id = identity.id;
    this.keyIndex = identity.keyIndex;
    this.registrationId = identity.registrationId;
    this.noiseKey = identity.noiseKey;
    this.identityKey = identity.identityKey;
    this.signedPreKey = identity.signedPreKey;
    this.signedIdentity = identity.signedIdentity;
    this.platform = identity.platform;
    this.shownAs = identity.shownAs;
    this.pairedAt = identity.pairedAt;
    this.wantsFullHistory = identity.wantsFullHistory ?? false;
    this.journal = journal;
    this.queue = new StanzaQueue(journal, `queue/${account.number}/${identity.id}/`);
    this.preKeys = new PreKeyPool();
  }

  get key(): string {
    return deviceKey(this.account.number, this.id);
  }

  get jid(): string {
    return pnJid(this.account.number, this.id);
  }

  get lidJid(): string {
    return lidJid(this.account.lid, this.id);
  }

  get isConnected(): boolean {
    return this.link !== null;
  }

  save(): void {
    this.journal.touch(this.storageKey, () => (this.isGone ? null : Buffer.from(JSON.stringify(this.toStored()))));
  }

  savePreKeys(): void {
    this.journal.touch(this.preKeyStorageKey, () => (this.isGone ? null : this.preKeys.toBuffer()));
    this.save();
  }

  /** Deletes everything stored about it. The account must have dropped it before. */
  erase(): void {
    this.queue.clear();
    this.journal.touch(this.storageKey, () => null);
    this.journal.touch(this.preKeyStorageKey, () => null);
  }

  static load<A extends CompanionOwner>(account: A, id: number, journal: Journal): CompanionOf<A> | null {
    const stored = journal.read(`companion/${account.number}/${id}`);
    if (!stored) return null;
    const data = JSON.parse(stored.toString('utf8')) as StoredCompanion;
    const companion = new CompanionOf(
      account,
      {
        id,
        keyIndex: data.keyIndex,
        registrationId: data.registrationId,
        noiseKey: Buffer.from(data.noiseKey, 'base64'),
        identityKey: Buffer.from(data.identityKey, 'base64'),
        signedPreKey: {
          id: data.signedPreKey.id,
          publicKey: Buffer.from(data.signedPreKey.publicKey, 'base64'),
          signature: Buffer.from(data.signedPreKey.signature, 'base64'),
        },
        signedIdentity: Buffer.from(data.signedIdentity, 'base64'),
        platform: data.platform,
        shownAs: data.shownAs ?? '',
        pairedAt: data.pairedAt,
        wantsFullHistory: data.wantsFullHistory ?? false,
      },
      journal,
    );
    companion.historySent = data.historySent;
    companion.pushName = data.pushName;
    for (const [type, at] of data.dirty ?? []) companion.dirty.set(type, at);
    companion.preKeys = PreKeyPool.fromBuffer(journal.read(companion.preKeyStorageKey), data.preKeysHandedOut);
    return companion;
  }

  private get isGone(): boolean {
    return this.account.companions.get(this.id) !== this;
  }

  private get storageKey(): string {
    return `companion/${this.account.number}/${this.id}`;
  }

  private get preKeyStorageKey(): string {
    return `prekeys/${this.account.number}/${this.id}`;
  }

  private toStored(): StoredCompanion {
    return {
      keyIndex: this.keyIndex,
      registrationId: this.registrationId,
      noiseKey: this.noiseKey.toString('base64'),
      identityKey: this.identityKey.toString('base64'),
      signedPreKey: {
        id: this.signedPreKey.id,
        publicKey: this.signedPreKey.publicKey.toString('base64'),
        signature: this.signedPreKey.signature.toString('base64'),
      },
      signedIdentity: this.signedIdentity.toString('base64'),
      platform: this.platform,
      shownAs: this.shownAs,
      pairedAt: this.pairedAt,
      wantsFullHistory: this.wantsFullHistory,
      preKeysHandedOut: this.preKeys.handedOut,
      historySent: this.historySent,
      pushName: this.pushName,
      dirty: [...this.dirty],
    };
  }
}
