import type { Account } from '../accounts/account.ts';
import type { PhoneDeps } from './core.ts';
import { Phone } from './phone.ts';

/** The phones of all accounts. */
export class Phones {
  private readonly deps: PhoneDeps;
  /** Keeps an erased phone as long as its account is referenced: a new one would store keys again. */
  private readonly byAccount = new WeakMap<Account, Phone>();

  constructor(deps: PhoneDeps) {
    this.deps = deps;
  }

  /** The phone of an account; it is read from the journal at its first use. */
  of(account: Account): Phone {
    let phone = this.byAccount.get(account);
    if (!phone) {
      phone = new Phone(account, this.deps);
      this.byAccount.set(account, phone);
    }
    return phone;
  }

  /**
   * A new account with its phone.
   *
   * @throws {SandboxError} 409 when the number is taken
   */
  create(number?: string, name?: string): Phone {
    const phone = this.of(this.deps.directory.create(number, name));
    phone.save();
    return phone;
  }

  /** After a restart: schedules the receipts that are still due. */
  resume(): void {
    for (const account of this.deps.directory.all()) this.of(account).resume();
  }

  /** Removes an account and its phone. The streams of its companions must have ended before. */
  remove(account: Account): void {
    this.of(account).erase();
    this.deps.directory.remove(account);
  }
}
