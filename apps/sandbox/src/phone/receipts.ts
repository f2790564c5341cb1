import type { Account, DeviceRef } from '../accounts/account.ts';
import { keyOf } from '../accounts/device-key.ts';
import { unixSeconds } from '../clock.ts';
import { isGroup } from '../wire/jid.ts';
import { type BinaryNode, node, uint } from '../wire/node.ts';
import type { PhoneCore } from './core.ts';
import type { InboxEntry, OwedReceipt } from './inbox.ts';
import type { Chat } from './server-port.ts';

/** The milliseconds after which a phone sends receipts, or null for never; `off` for both. */
export type ReceiptSettings = { deliveredMs: number; readMs: number | null } | 'off';

/** The maximum of retry receipts for a message, as in real clients. */
const MAX_RETRIES = 5;
const MAX_REMEMBERED_RETRIES = 1000;

/** The receipts of one phone. */
export class PhoneReceipts {
  private readonly phone: PhoneCore;
  private readonly settings: () => ReceiptSettings;
  private readonly retries = new Map<string, number>();

  constructor(phone: PhoneCore, settings: () => ReceiptSettings) {
    this.phone = phone;
    this.settings = settings;
  }

  /**
   * Schedules the receipts of a received message: `sender` for the copy of an own message (which makes Baileys report
   * "accepted by the server"), else `delivered` and `read`. They are stored with the message, so that they survive a
   * restart.
   */
  schedule(entry: InboxEntry, stanza: BinaryNode): void {
    const receipts = this.settings();
    if (receipts === 'off') return;
    if (entry.fromMe) {
      if (!isGroup(entry.chat) && stanza.attrs.device_fanout !== 'false')
        this.owe(entry, 'sender', receipts.deliveredMs * 0.75);
      return;
    }
    this.owe(entry, 'delivered', receipts.deliveredMs);
    if (receipts.readMs !== null) this.owe(entry, 'read', Math.max(receipts.readMs, receipts.deliveredMs));
  }

  /** After a restart: sends all receipts that are due. */
  resume(): void {
    for (const entry of this.phone.inbox.all()) for (const owed of entry.owes) this.later(entry, owed, 100);
  }

  /** Confirms messages now, as `POST /phones/{number}/receipts` asks. */
  give(entries: InboxEntry[], type: 'delivered' | 'read' | 'played'): void {
    for (const entry of entries) this.send(entry, type);
  }

  /** Sends a retry receipt with fresh keys: the message could not be decrypted and is to be sent again. */
  askAgain(stanza: BinaryNode, sender: DeviceRef): void {
    const { id = '' } = stanza.attrs;
    const name = `${keyOf(sender)} ${id}`;
    const count = (this.retries.get(name) ?? 0) + 1;
    if (count > MAX_RETRIES || sender.device === 0) return;
    this.retries.set(name, count);
    const oldest = this.retries.keys().next();
    if (this.retries.size > MAX_REMEMBERED_RETRIES && !oldest.done) this.retries.delete(oldest.value);
    const { keys, deps, account } = this.phone;
    const preKey = keys.takePreKey();
    const { signedPreKey } = keys;
    const retry = { count: String(count), id, t: stanza.attrs.t ?? String(unixSeconds()), v: '1' };
    deps.server().later(50, () =>
      deps.server().receipt({
        from: account,
        to: sender.account,
        device: sender.device,
        ids: [id],
        type: 'retry',
        ...this.place(stanza, sender.account),
        content: [
          node('retry', retry),
          node('registration', {}, uint(keys.registrationId, 4)),
          node('keys', {}, [
            node('type', {}, Buffer.from([5])),
            node('identity', {}, keys.identity.publicKey),
            node('key', {}, [node('id', {}, uint(preKey.id, 3)), node('value', {}, preKey.publicKey)]),
            node('skey', {}, [
              node('id', {}, uint(signedPreKey.id, 3)),
              node('value', {}, signedPreKey.publicKey),
              node('signature', {}, signedPreKey.signature),
            ]),
          ]),
        ],
      }),
    );
  }

  private owe(entry: InboxEntry, owed: OwedReceipt, ms: number): void {
    if (!entry.owes.includes(owed)) {
      entry.owes.push(owed);
      this.phone.inbox.save(entry);
    }
    this.later(entry, owed, ms);
  }

  private later(entry: InboxEntry, owed: OwedReceipt, ms: number): void {
    this.phone.deps.server().later(ms, () => {
      entry.owes = entry.owes.filter((item) => item !== owed);
      this.phone.inbox.save(entry);
      this.send(entry, owed);
    });
  }

  private send(entry: InboxEntry, kind: OwedReceipt | 'played'): void {
    const { account, deps } = this.phone;
    const { directory } = deps;
    const sender = directory.find(entry.from);
    const chat = this.chatOf(entry);
    if (!sender || !chat) return; // deleted meanwhile
    const type = kind === 'delivered' ? undefined : kind;
    deps.server().receipt({
      from: account,
      to: sender,
      ids: [entry.id],
      type,
      chat,
      addressing: entry.addressing,
      ...(kind === 'sender' ? { device: entry.fromDevice } : {}),
    });
  }

  private place(stanza: BinaryNode, sender: Account): { chat: Chat; addressing: 'pn' | 'lid' } {
    const { from = '', participant, addressing_mode: mode } = stanza.attrs;
    const group = isGroup(from) ? this.phone.deps.groups.find(from) : undefined;
    if (group) return { chat: { kind: 'group', group }, addressing: group.addressing };
    const addressing = mode === 'lid' || (participant ?? from).endsWith('@lid') ? 'lid' : 'pn';
    const peer = this.phone.deps.directory.resolve(stanza.attrs.recipient)?.account ?? sender;
    return { chat: { kind: 'direct', account: peer }, addressing };
  }

  private chatOf(entry: InboxEntry): Chat | null {
    if (isGroup(entry.chat)) {
      const group = this.phone.deps.groups.find(entry.chat);
      return group ? { kind: 'group', group } : null;
    }
    const account = this.phone.deps.directory.find(entry.chat);
    return account ? { kind: 'direct', account } : null;
  }
}
