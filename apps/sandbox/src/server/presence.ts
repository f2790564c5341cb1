import type { Account, Companion } from '../accounts/account.ts';
import { unixSeconds } from '../clock.ts';
import { isGroup } from '../wire/jid.ts';
import { type BinaryNode, children, node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import { shows } from './privacy.ts';

type PresenceState = 'available' | 'unavailable' | 'composing' | 'recording' | 'paused' | 'subscribe';

/** Presence and typing states. They are neither stored nor queued, because they are stale in seconds. */
export class Presence {
  private readonly context: ServerBase;
  /** Connected companions that have subscribed to the presence of a number. */
  private readonly subscribers = new Map<string, Set<Companion>>();
  /** Phones that have opened a chat with a number. */
  private readonly watchers = new Map<string, Set<Account>>();
  private readonly lastSeen = new Map<string, number>();
  /** Phones that appear online. */
  private readonly onlinePhones = new Set<string>();

  constructor(context: ServerBase) {
    this.context = context;
  }

  /** Handles a `<presence>` of a companion: its own state, or a subscription. */
  fromCompanion(companion: Companion, stanza: BinaryNode): void {
    const { type = 'available', to, name } = stanza.attrs;
    if (type === 'subscribe') {
      this.subscribe(companion, to);
      return;
    }
    if (name && name !== companion.account.name) {
      companion.account.name = name;
      companion.account.save();
    }
    companion.isAvailable = type === 'available';
    this.notifySubscribers(companion.account);
  }

  /** Handles a `<chatstate>` of a companion. */
  typing(companion: Companion, stanza: BinaryNode): void {
    const { to = '' } = stanza.attrs;
    const what = children(stanza)[0];
    if (!what) return;
    const state = what.attrs.media === 'audio' ? 'recording' : what.tag;
    this.spreadTyping(companion.account, to, what, state, companion);
  }

  /**
   * Sets the state of a phone (online, offline, typing, paused) or subscribes it, for `POST /phones/{number}/presence`.
   */
  fromPhone(account: Account, state: PresenceState, to: string | null): void {
    if (state === 'subscribe') {
      if (to) this.watch(account, to);
      return;
    }
    if (state === 'available') this.onlinePhones.add(account.number);
    else if (state === 'unavailable') this.onlinePhones.delete(account.number);
    if (state === 'available' || state === 'unavailable') {
      this.notifySubscribers(account);
      return;
    }
    const what = state === 'recording' ? node('composing', { media: 'audio' }) : node(state);
    if (to) this.spreadTyping(account, to, what, state, null);
  }

  disconnected(companion: Companion): void {
    for (const [number, subscribers] of this.subscribers) {
      subscribers.delete(companion);
      if (subscribers.size === 0) this.subscribers.delete(number);
    }
    if (!companion.isAvailable) return;
    companion.isAvailable = false;
    this.notifySubscribers(companion.account);
  }

  private subscribe(companion: Companion, to: string | undefined): void {
    const account = this.context.directory.resolve(to)?.account;
    if (!account) return;
    const subscribers = this.subscribers.get(account.number) ?? new Set();
    subscribers.add(companion);
    this.subscribers.set(account.number, subscribers);
    this.tell(companion, account);
  }

  private watch(watcher: Account, to: string): void {
    const account = this.context.directory.resolve(to)?.account ?? this.context.directory.find(to);
    if (!account) return;
    const watchers = this.watchers.get(account.number) ?? new Set();
    watchers.add(watcher);
    this.watchers.set(account.number, watchers);
    this.showTo(watcher, account);
  }

  private showTo(watcher: Account, account: Account): void {
    const state = this.isOnline(account) ? 'available' : 'unavailable';
    this.context.phones.of(watcher).seen.set(account.number, { from: account.jid, state, at: Date.now() });
  }

  private notifySubscribers(account: Account): void {
    if (!this.isOnline(account)) this.lastSeen.set(account.number, unixSeconds());
    for (const companion of this.subscribers.get(account.number) ?? []) {
      this.tell(companion, account);
    }
    for (const watcher of this.watchers.get(account.number) ?? []) this.showTo(watcher, account);
  }

  /** Who may see neither that an account is online nor when it was, is told nothing at all. */
  private tell(companion: Companion, account: Account): void {
    const { account: viewer } = companion;
    const showsLast = shows(account, viewer, 'last');
    const showsOnline = shows(account, viewer, 'online');
    if (!showsOnline && !(showsLast && !this.isOnline(account))) return;
    this.context.delivery.deliverIfOnline(companion, this.presenceOf(account, showsLast));
  }

  private presenceOf(account: Account, showsLast: boolean): BinaryNode {
    if (this.isOnline(account)) return node('presence', { from: account.jid });
    const last = showsLast ? this.lastSeen.get(account.number) : undefined;
    return node('presence', {
      from: account.jid,
      type: 'unavailable',
      last: last === undefined ? 'deny' : String(last),
    });
  }

  private isOnline(account: Account): boolean {
    return this.onlinePhones.has(account.number) || [...account.companions.values()].some((it) => it.isAvailable);
  }

  private spreadTyping(from: Account, to: string, what: BinaryNode, state: string, sender: Companion | null): void {
    const { directory, groups, delivery, phones } = this.context;
    const group = isGroup(to) ? groups.find(to) : undefined;
    const receivers = group ? groups.membersOf(group) : [directory.resolve(to)?.account ?? directory.find(to)];
    for (const receiver of receivers) {
      if (!receiver || receiver === from || receiver.blocked.has(from.number)) continue;
      phones.of(receiver).seen.set(from.number, { from: sender?.key ?? `${from.number}:0`, state, at: Date.now() });
      const jid = from.deviceJid(0, group?.addressing ?? (to.endsWith('@lid') ? 'lid' : 'pn'));
      const place = group ? { from: group.jid, participant: jid } : { from: jid };
      for (const companion of receiver.companions.values()) {
        delivery.deliverIfOnline(companion, node('chatstate', place, [what]));
      }
    }
  }
}
