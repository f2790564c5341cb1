import { createHash, randomInt } from 'node:crypto';
import type { Journal } from '../store/journal.ts';
import { lidJid, pnJid } from '../wire/jid.ts';
import { AppState } from './app-state.ts';
import { type CompanionIdentity, CompanionOf } from './companion.ts';

/** The privacy settings of a fresh account. */
const DEFAULT_PRIVACY: Record<string, string> = {
  readreceipts: 'all',
  last: 'all',
  online: 'all',
  profile: 'all',
  status: 'all',
  groupadd: 'all',
  calladd: 'all',
  messages: 'all',
};

interface StoredAccount {
  lid: string;
  name: string;
  createdAt: number;
  rawId: number;
  nextDevice: number;
  privacy: Record<string, string>;
  blocked: string[];
  status: string;
  disappearingSeconds: number;
  picture: { id: string; path: string } | null;
  companions: number[];
  aliases?: string[];
  business?: Business | null;
  addressBook?: [string, string][];
  statusSetAt?: number;
  hidesLid?: boolean;
}

/** What makes an account that of a business. */
export interface Business {
  /** The name that WhatsApp has checked: it stands on the messages of the account. */
  verifiedName: string;
  description?: string | undefined;
  category?: string | undefined;
  address?: string | undefined;
  email?: string | undefined;
  websites?: string[] | undefined;
}

/** A linked device of an account. */
export type Companion = CompanionOf<Account>;

/** One device of an account. Device 0 is the phone. */
export interface DeviceRef {
  account: Account;
  device: number;
}

/** A phone number: its linked companions and the data that the server keeps for it. Its phone is in `Phones`. */
export class Account {
  readonly number: string;
  readonly lid: string;
  readonly companions = new Map<number, Companion>();
  readonly appState: AppState;
  /** Companions that have requested the device list of this account. They are notified of its changes. */
  readonly deviceWatchers = new Set<Companion>();
  readonly createdAt: number;
  /** The constant id in the device identities that this phone signs. */
  readonly rawId: number;
  name: string;
  privacy: Record<string, string> = { ...DEFAULT_PRIVACY };
  /** Numbers this account has blocked. */
  readonly blocked = new Set<string>();
  /** Names under which the account has saved others, by number. */
  readonly addressBook = new Map<string, string>();
  /** The about text. */
  status = 'Hey there! I am using WhatsApp.';
  /** Unix seconds. */
  statusSetAt = 0;
  disappearingSeconds = 0;
  picture: { id: string; path: string } | null = null;
  /** Other numbers for which contact queries answer with this account, such as a spelling without the ninth digit. */
  readonly aliases = new Set<string>();
  business: Business | null = null;
  /** WhatsApp tells nobody the LID of the number, as before it had one. */
  hidesLid = false;
  private nextDevice = 1;
  private gone = false;
  private readonly journal: Journal;

  constructor(number: string, name: string, journal: Journal, stored?: StoredAccount) {
    this.number = number;
    this.name = stored?.name ?? name;
    this.lid = stored?.lid ?? deriveLid(number);
    this.createdAt = stored?.createdAt ?? Date.now();
    this.rawId = stored?.rawId ?? randomInt(1, 2 ** 31);
    this.journal = journal;
    this.appState = new AppState(number, journal);
    if (!stored) return;
    this.privacy = stored.privacy;
    for (const blocked of stored.blocked) this.blocked.add(blocked);
    this.status = stored.status;
    this.statusSetAt = stored.statusSetAt ?? 0;
    this.disappearingSeconds = stored.disappearingSeconds;
    this.picture = stored.picture;
    this.nextDevice = stored.nextDevice;
    this.business = stored.business ?? null;
    this.hidesLid = stored.hidesLid ?? false;
    for (const alias of stored.aliases ?? []) this.aliases.add(alias);
    for (const [number, name] of stored.addressBook ?? []) this.addressBook.set(number, name);
    for (const id of stored.companions) {
      const companion = CompanionOf.load(this, id, journal);
      if (companion) this.companions.set(id, companion);
    }
  }

  static load(number: string, journal: Journal): Account | null {
    const stored = journal.read(`account/${number}`);
    return stored ? new Account(number, '', journal, JSON.parse(stored.toString('utf8')) as StoredAccount) : null;
  }

  get jid(): string {
    return pnJid(this.number);
  }

  get lidJid(): string {
    return lidJid(this.lid);
  }

  /** The LID where WhatsApp tells it beside the number. */
  get toldLidJid(): string | undefined {
    return this.hidesLid ? undefined : this.lidJid;
  }

  /** Returns a device and key index for a companion that is being paired; neither is used twice. */
  allotDevice(): number {
    const id = this.nextDevice++;
    this.save();
    return id;
  }

  addCompanion(identity: CompanionIdentity): Companion {
    const companion = new CompanionOf<Account>(this, identity, this.journal);
    this.companions.set(companion.id, companion);
    companion.save();
    this.save();
    return companion;
  }

  removeCompanion(companion: Companion): void {
    this.companions.delete(companion.id);
    companion.erase();
    this.save();
  }

  /** The address of a device of this account, in the given addressing. */
  deviceJid(device: number, addressing: 'pn' | 'lid'): string {
    return addressing === 'lid' ? lidJid(this.lid, device) : pnJid(this.number, device);
  }

  save(): void {
    this.journal.touch(`account/${this.number}`, () =>
      this.gone ? null : Buffer.from(JSON.stringify(this.toStored())),
    );
  }

  /** Removes the account. The streams of its companions must have ended before. */
  erase(): void {
    this.gone = true;
    for (const companion of this.companions.values()) this.removeCompanion(companion);
    this.appState.erase();
    this.save();
  }

  private toStored(): StoredAccount {
    return {
      lid: this.lid,
      name: this.name,
      createdAt: this.createdAt,
      rawId: this.rawId,
      nextDevice: this.nextDevice,
      privacy: this.privacy,
      blocked: [...this.blocked],
      status: this.status,
      disappearingSeconds: this.disappearingSeconds,
      picture: this.picture,
      companions: [...this.companions.keys()],
      aliases: [...this.aliases],
      business: this.business,
      addressBook: [...this.addressBook],
      statusSetAt: this.statusSetAt,
      hidesLid: this.hidesLid,
    };
  }
}

/** Derives a stable 15-digit LID, so that a number has the same one in every sandbox. */
function deriveLid(number: string): string {
  const hash = createHash('sha256').update(`lid of ${number}`).digest();
  return `2${(hash.readBigUInt64BE(0) % 10n ** 14n).toString().padStart(14, '0')}`;
}
