/**
 * A model of what WhatsApp does to accounts that write to people who do not know them. Nobody outside of WhatsApp knows
 * its rules; these assumptions are made of what people have reported, and everything of the model stands in this table.
 *
 * An account has a suspicion: a number that grows with what it does to strangers, shrinks when they answer, and is
 * halved in a day. A stranger is somebody who has never written to the account. Groups count nothing.
 *
 * 1. The first message to a stranger counts; later ones, before an answer, do not count again.
 * 2. More strangers in an hour than a person writes to count twice.
 * 3. A text that many strangers got within a day counts half more. The real server cannot read texts; it is assumed to
 *    know from reports, and from how alike messages are in size and time, what the phones tell this model.
 * 4. An answer takes back more than a message costs, a block or report adds much more.
 * 5. It warns twice about the cap on new chats before that is used up. The cap lasts for a day.
 * 6. Within a month of a used-up cap the same suspicion is a time-lock of a day, and after that a ban for ever.
 * 7. What is refused adds nothing, and restrictions are told to the companions as those of WhatsApp are.
 */
export const SPAM_ASSUMPTIONS = {
  stranger: 1,
  hurried: 1,
  strangersPerHour: 15,
  alike: 0.5,
  /** Strangers who got a text within a day before it counts as one of many. */
  alikeFrom: 10,
  answer: -3,
  block: 10,
  halfLifeHours: 24,
  firstWarning: 100,
  secondWarning: 150,
  restricted: 200,
  capHours: 24,
  lockHours: 24,
  /** Days for which a restriction makes the next one harder. */
  rememberedDays: 30,
} as const;
type SpamAssumptions = { readonly [K in keyof typeof SPAM_ASSUMPTIONS]: number };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What happens to an account. Times are milliseconds since 1970. */
export type Verdict =
  | { kind: 'warning'; status: 'FIRST_WARNING' | 'SECOND_WARNING'; used: number; total: number; until: number }
  | { kind: 'cap'; used: number; total: number; until: number }
  | { kind: 'time-lock'; until: number }
  | { kind: 'ban' };

/** What is known of an account. */
interface Standing {
  suspicion: number;
  /** When the suspicion was that. */
  at: number;
  /** Numbers that have written to it. */
  acquainted: Set<string>;
  /** Strangers that it has written to, who have not answered. */
  strangers: Set<string>;
  /** When it wrote to strangers in the last hour. */
  lastHour: number[];
  /** How many strangers got a text, and since when that is counted. */
  texts: Map<string, { count: number; since: number }>;
  /** When it was restricted. */
  strikes: number[];
  /** Warnings of the present rise of the suspicion. */
  warnings: 0 | 1 | 2;
  /** Until then it may begin no chats. */
  heldUntil: number;
  isBanned: boolean;
}

/** An account as the control API shows it. */
interface SpamReport {
  suspicion: number;
  strangers: number;
  strikes: number;
  heldUntil: number | null;
  isBanned: boolean;
}

interface SpamDetectorOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  assumptions?: Partial<SpamAssumptions>;
}

export class SpamDetector {
  private readonly now: () => number;
  private readonly rules: SpamAssumptions;
  private readonly accounts = new Map<string, Standing>();

  constructor({ now, assumptions }: SpamDetectorOptions) {
    this.now = now;
    this.rules = { ...SPAM_ASSUMPTIONS, ...assumptions };
  }

  /** Whether the server takes no message of an account to somebody: it would begin a chat, and may not. */
  refuses(from: string, to: string): boolean {
    const account = this.accounts.get(from);
    if (!account) return false;
    return account.isBanned || (account.heldUntil > this.now() && !account.acquainted.has(to));
  }

  /** A message was shown by the phone of its recipient. Returns what it brings upon the sender. */
  wrote(from: string, to: string, text: string | null): Verdict | null {
    const sender = this.of(from);
    const recipient = this.of(to);
    if (recipient.strangers.delete(from)) this.add(recipient, this.rules.answer);
    recipient.acquainted.add(from);
    if (sender.acquainted.has(to) || sender.strangers.has(to)) return null;
    sender.strangers.add(to);
    return this.judge(sender, this.weightOf(sender, text));
  }

  /** Somebody has blocked or reported an account. */
  blocked(account: string): Verdict | null {
    return this.judge(this.of(account), this.rules.block);
  }

  report(account: string): SpamReport {
    const { suspicion, strangers, strikes, heldUntil, isBanned } = this.faded(this.of(account));
    return {
      suspicion: Math.round(suspicion * 10) / 10,
      strangers: strangers.size,
      strikes: strikes.length,
      heldUntil: heldUntil > this.now() ? heldUntil : null,
      isBanned,
    };
  }

  private of(number: string): Standing {
    let account = this.accounts.get(number);
    if (!account) {
      account = {
        suspicion: 0,
        at: this.now(),
        acquainted: new Set(),
        strangers: new Set(),
        lastHour: [],
        texts: new Map(),
        strikes: [],
        warnings: 0,
        heldUntil: 0,
        isBanned: false,
      };
      this.accounts.set(number, account);
    }
    return account;
  }

  private weightOf(sender: Standing, text: string | null): number {
    const { rules } = this;
    const now = this.now();
    sender.lastHour = sender.lastHour.filter((at) => at > now - HOUR_MS);
    sender.lastHour.push(now);
    const hurried = sender.lastHour.length > rules.strangersPerHour ? rules.hurried : 0;
    return rules.stranger + hurried + (this.isOneOfMany(sender, text) ? rules.alike : 0);
  }

  private isOneOfMany({ texts }: Standing, text: string | null): boolean {
    if (text === null) return false;
    const now = this.now();
    for (const [known, { since }] of texts) if (since <= now - DAY_MS) texts.delete(known);
    const entry = texts.get(text) ?? { count: 0, since: now };
    entry.count += 1;
    texts.set(text, entry);
    return entry.count > this.rules.alikeFrom;
  }

  private faded(account: Standing): Standing {
    const now = this.now();
    account.suspicion *= 0.5 ** ((now - account.at) / (this.rules.halfLifeHours * HOUR_MS));
    account.at = now;
    return account;
  }

  private add(account: Standing, weight: number): void {
    this.faded(account).suspicion = Math.max(0, account.suspicion + weight);
    if (account.suspicion < this.rules.firstWarning / 2) account.warnings = 0;
  }

  private judge(account: Standing, weight: number): Verdict | null {
    const { rules } = this;
    this.add(account, weight);
    const now = this.now();
    const { suspicion } = account;
    if (account.isBanned || account.heldUntil > now) return null;
    const figures = { used: Math.min(Math.round(suspicion), rules.restricted), total: rules.restricted };
    if (suspicion >= rules.restricted) return this.restrict(account, figures);
    const level = suspicion >= rules.secondWarning ? 2 : suspicion >= rules.firstWarning ? 1 : 0;
    if (level <= account.warnings) return null;
    account.warnings = level as 1 | 2;
    const status = level === 1 ? 'FIRST_WARNING' : 'SECOND_WARNING';
    return { kind: 'warning', status, ...figures, until: now + rules.capHours * HOUR_MS };
  }

  private restrict(account: Standing, figures: { used: number; total: number }): Verdict {
    const { rules } = this;
    const now = this.now();
    account.strikes = account.strikes.filter((at) => at > now - rules.rememberedDays * DAY_MS);
    account.strikes.push(now);
    account.warnings = 0;
    switch (account.strikes.length) {
      case 1:
        account.heldUntil = now + rules.capHours * HOUR_MS;
        return { kind: 'cap', ...figures, until: account.heldUntil };
      case 2:
        account.heldUntil = now + rules.lockHours * HOUR_MS;
        return { kind: 'time-lock', until: account.heldUntil };
      default:
        account.isBanned = true;
        return { kind: 'ban' };
    }
  }
}
