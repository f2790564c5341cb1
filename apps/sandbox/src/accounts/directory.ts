import { phoneNotFound, SandboxError } from '../errors.ts';
import type { Journal } from '../store/journal.ts';
import { LID_SERVER, PN_SERVER, parseJid } from '../wire/jid.ts';
import { Account, type Companion, type DeviceRef } from './account.ts';
import { parseDeviceKey } from './device-key.ts';

/** The first number for `POST /phones` without one. */
const FIRST_FREE_NUMBER = 15_550_100_001;

/** All accounts, by number and by LID. */
export class Directory {
  private readonly byNumber = new Map<string, Account>();
  private readonly byLid = new Map<string, Account>();
  private readonly journal: Journal;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  load(): void {
    for (const key of this.journal.keys('account/')) {
      const account = Account.load(key.slice('account/'.length), this.journal);
      if (account) this.register(account);
    }
  }

  /** Creates an account without a phone; `Phones.create` makes both. */
  create(number: string = this.freeNumber(), name = `Phone ${number.slice(-4)}`): Account {
    if (this.byNumber.has(number)) {
      throw new SandboxError(409, 'PHONE_EXISTS', `Phone ${number} exists already; use it, or delete it first.`);
    }
    const account = new Account(number, name, this.journal);
    this.register(account);
    account.save();
    return account;
  }

  find(number: string): Account | undefined {
    return this.byNumber.get(number);
  }

  get(number: string): Account {
    const account = this.byNumber.get(number);
    if (!account) throw phoneNotFound(number);
    return account;
  }

  /** The device of a jid in either addressing, if its account exists. */
  resolve(jid: string | undefined): DeviceRef | null {
    const parsed = parseJid(jid);
    if (!parsed) return null;
    const account =
      parsed.server === LID_SERVER
        ? this.byLid.get(parsed.user)
        : parsed.server === PN_SERVER
          ? this.byNumber.get(parsed.user)
          : undefined;
    return account ? { account, device: parsed.device } : null;
  }

  /** The account that a contact query for this number answers with. */
  findByAnyNumber(number: string): Account | undefined {
    return this.byNumber.get(number) ?? [...this.byNumber.values()].find(({ aliases }) => aliases.has(number));
  }

  /** The companion named `<number>:<device>`, if there is one. */
  companion(key: string): Companion | undefined {
    const parsed = parseDeviceKey(key);
    return parsed ? this.byNumber.get(parsed.number)?.companions.get(parsed.device) : undefined;
  }

  all(): IterableIterator<Account> {
    return this.byNumber.values();
  }

  get size(): number {
    return this.byNumber.size;
  }

  *companions(): IterableIterator<Companion> {
    for (const account of this.byNumber.values()) yield* account.companions.values();
  }

  remove(account: Account): void {
    this.byNumber.delete(account.number);
    this.byLid.delete(account.lid);
    account.erase();
  }

  private register(account: Account): void {
    this.byNumber.set(account.number, account);
    this.byLid.set(account.lid, account);
  }

  private freeNumber(): string {
    let number = FIRST_FREE_NUMBER;
    while (this.byNumber.has(String(number))) number++;
    return String(number);
  }
}
