import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Account, Companion } from '../accounts/account.ts';
import { keyOf } from '../accounts/device-key.ts';
import type { Addressing, Group } from '../accounts/group.ts';
import { unixSeconds } from '../clock.ts';
import { SandboxError } from '../errors.ts';
import { createDistribution, groupEncrypt } from '../signal/sender-key.ts';
import type { PreKeyBundle } from '../signal/session-cipher.ts';
import { pad } from '../signal/signal-messages.ts';
import { isGroup, LID_SERVER, parseJid, STATUS_JID } from '../wire/jid.ts';
import { type BinaryNode, node } from '../wire/node.ts';
import { describeFor } from './ballots.ts';
import { applyChange } from './changes.ts';
import { compose } from './compose.ts';
import type { PhoneCore } from './core.ts';
import { type InboxEntry, secretOf } from './inbox.ts';
import type { OutgoingMessage } from './kinds/index.ts';
import type { Composed } from './kinds/kind.ts';
import type { Chat, Copy, Envelope } from './server-port.ts';

/** The maximum of messages kept for retry requests of companions. */
const MAX_SENT = 500;

interface SentMessage {
  chat: string;
  addressing: Addressing;
  type: string;
  edit: string | null;
  mediaType: string | null;
  message: string;
}

/**
 * The messages that one phone sends: to companions as real Signal messages, to other phones unencrypted, because
 * nothing checks those.
 */
export class PhoneOutbox {
  private readonly phone: PhoneCore;
  private readonly sent = new Map<string, SentMessage>();
  /** Per group: the devices that have this phone's sender key. */
  private readonly holders = new Map<string, Set<string>>();

  constructor(phone: PhoneCore) {
    this.phone = phone;
    const { journal } = phone.deps;
    for (const key of journal.keys(this.sentSpace)) {
      const stored = journal.read(key);
      if (stored) this.sent.set(key.slice(this.sentSpace.length), JSON.parse(stored.toString('utf8')) as SentMessage);
    }
    for (const key of journal.keys(this.holderSpace)) {
      const stored = journal.read(key);
      const holders = stored ? (JSON.parse(stored.toString('utf8')) as string[]) : [];
      this.holders.set(key.slice(this.holderSpace.length), new Set(holders));
    }
  }

  async send(request: OutgoingMessage): Promise<InboxEntry> {
    const { chat, addressing } = this.resolve(request);
    const composed = await compose(this.phone, chat, request);
    const id = request.id ?? newMessageId();
    const { account, inbox } = this.phone;
    if (chat.kind === 'group') this.sendToGroup(chat.group, id, composed, request.audience);
    else this.sendToAccount(chat.account, addressing, id, composed, request.hidesOtherName);
    const description = describeFor(this.phone, account, composed.message)!;
    this.remember(id, chat, addressing, composed);
    applyChange(this.phone, composed.message, { from: account.number, edit: composed.edit });
    return inbox.add({
      id,
      from: account.number,
      fromDevice: 0,
      fromMe: true,
      chat: nameOfChat(chat),
      addressing,
      encryption: null,
      wireCount: 1,
      at: Date.now(),
      pushName: account.name,
      receipts: { delivered: [], read: [], played: [] },
      owes: [],
      ...secretOf(composed.message),
      ...description,
    });
  }

  /** Sends a message once more, to the one device that could not read it, in a fresh session. */
  sendAgain(companion: Companion, id: string, count: number, bundle: PreKeyBundle | null): void {
    const sent = this.sent.get(id);
    if (!sent) return;
    const { cipher, deps } = this.phone;
    const chat = this.chatNamed(sent.chat);
    if (!chat) return;
    const content = proto.Message.decode(Buffer.from(sent.message, 'base64'));
    if (chat.kind === 'group') content.senderKeyDistributionMessage = this.distribution(chat.group.jid);
    const own = companion.account === this.phone.account && chat.kind === 'direct';
    const message = own ? this.asOwnCopy(content, chat.account.deviceJid(0, sent.addressing)) : content;
    const enc = this.encrypt(companion, message, { ...this.encAttributes(sent.mediaType), count: String(count) }, () =>
      cipher.startOutgoing(companion.key, bundle ?? deps.server().bundle(companion)),
    );
    deps
      .server()
      .route(this.envelope(id, chat, sent.addressing, sent.type, sent.edit), [
        { to: { account: companion.account, device: companion.id }, content: [enc] },
      ]);
  }

  /** Sends a protocol message to one own companion, outside of any chat. */
  sendToOwn(companion: Companion, message: proto.IMessage): string {
    const { account, deps } = this.phone;
    const id = newMessageId();
    const enc = this.encrypt(companion, message, {});
    const envelope: Envelope = {
      ...this.envelope(id, { kind: 'direct', account }, 'pn', 'text', null),
      category: 'peer',
    };
    deps.server().route(envelope, [{ to: { account, device: companion.id }, content: [enc] }]);
    return id;
  }

  /** The protobuf bytes of a message of this phone, if it is still kept. */
  original(id: string): Buffer | null {
    const sent = this.sent.get(id);
    return sent ? Buffer.from(sent.message, 'base64') : null;
  }

  /** Records the confirmation of messages by a device. */
  confirmed(device: string, ids: string[], type: string | undefined): void {
    const { inbox, account } = this.phone;
    const kind = type === 'read' || type === 'played' ? type : 'delivered';
    for (const id of ids) {
      const entry = inbox.find(account.number, id);
      if (!entry || entry.receipts[kind].includes(device)) continue;
      entry.receipts[kind].push(device);
      inbox.save(entry);
    }
  }

  /** Drops all holders of the sender keys, after an identity change. */
  reset(): void {
    for (const group of this.holders.keys()) {
      this.holders.delete(group);
      this.saveHolders(group);
    }
  }

  erase(): void {
    this.reset();
    for (const id of this.sent.keys()) this.forget(id);
  }

  private sendToAccount(
    peer: Account,
    addressing: Addressing,
    id: string,
    composed: Composed,
    hidesOtherName?: boolean,
  ): void {
    const { account, deps } = this.phone;
    const attrs = this.encAttributes(composed.mediaType ?? null, composed.hideWhenUnreadable);
    const copies: Copy[] = [];
    for (const companion of peer === account ? [] : peer.companions.values()) {
      copies.push({
        to: { account: peer, device: companion.id },
        content: [this.encrypt(companion, composed.message, attrs)],
      });
    }
    const ownCopy = this.asOwnCopy(composed.message, peer.deviceJid(0, addressing));
    for (const companion of account.companions.values()) {
      copies.push({ to: { account, device: companion.id }, content: [this.encrypt(companion, ownCopy, attrs)] });
    }
    if (peer !== account) copies.push({ to: { account: peer, device: 0 }, content: [this.plain(composed.message)] });
    deps.journal.flush(); // a counter that went out must never be used again, whatever happens to this process
    const chat: Chat = { kind: 'direct', account: peer };
    const envelope = this.envelope(id, chat, addressing, composed.type, composed.edit ?? null);
    deps.server().route(hidesOtherName ? { ...envelope, hidesOtherName } : envelope, copies);
  }

  /** @param audience numbers of those who see a status update */
  private sendToGroup(group: Group, id: string, composed: Composed, audience: readonly string[] = []): void {
    const { account, keys, deps } = this.phone;
    if (!group.members.has(account.number)) {
      throw new SandboxError(
        403,
        'NOT_A_MEMBER',
        `Phone ${account.number} is not a member of ${group.jid}; add it first.`,
      );
    }
    const seers = [account, ...audience.map((number) => deps.directory.get(number))];
    const members = group.jid === STATUS_JID ? [...new Set(seers)] : deps.groups.membersOf(group);
    const companions = members.flatMap((member) => [...member.companions.values()]);
    const holders = this.currentHolders(group, companions);
    const distribution: proto.IMessage = { senderKeyDistributionMessage: this.distribution(group.jid) };
    const attrs = this.encAttributes(composed.mediaType ?? null, composed.hideWhenUnreadable);
    const shared = this.encryptForGroup(group.jid, composed.message, attrs);
    const copies: Copy[] = companions.map((companion) => {
      const content = holders.has(companion.key) ? [shared] : [this.encrypt(companion, distribution, {}), shared];
      holders.add(companion.key);
      return { to: { account: companion.account, device: companion.id }, content };
    });
    for (const member of members) {
      if (member !== account)
        copies.push({ to: { account: member, device: 0 }, content: [this.plain(composed.message)] });
    }
    keys.saveSenderKey(group.jid, keyOf(this.phone.self));
    this.saveHolders(group.id);
    deps.journal.flush();
    deps
      .server()
      .route(
        this.envelope(id, { kind: 'group', group }, group.addressing, composed.type, composed.edit ?? null),
        copies,
      );
  }

  /**
   * The devices with the sender key. When one of them has left the group, a new key is begun, because the old one could
   * still be read.
   */
  private currentHolders(group: Group, companions: Companion[]): Set<string> {
    const present = new Set(companions.map((companion) => companion.key));
    let holders = this.holders.get(group.id);
    if (!holders || [...holders].some((key) => !present.has(key))) {
      this.phone.keys.dropSenderKey(group.jid, keyOf(this.phone.self));
      holders = new Set();
      this.holders.set(group.id, holders);
    }
    return holders;
  }

  private distribution(groupJid: string): proto.Message.ISenderKeyDistributionMessage {
    const { keys, self } = this.phone;
    const record = keys.senderKey(groupJid, keyOf(self));
    const bytes = createDistribution(record);
    keys.saveSenderKey(groupJid, keyOf(self));
    return { groupId: groupJid, axolotlSenderKeyDistributionMessage: bytes };
  }

  private encryptForGroup(groupJid: string, message: proto.IMessage, attrs: Record<string, string>): BinaryNode {
    const { keys, self, deps } = this.phone;
    return deps.recorder.cpu.span('phone', () => {
      const bytes = pad(proto.Message.encode(message).finish());
      const { ciphertext } = groupEncrypt(keys.senderKey(groupJid, keyOf(self)), bytes);
      return node('enc', { v: '2', type: 'skmsg', ...attrs }, ciphertext);
    });
  }

  private encrypt(
    companion: Companion,
    message: proto.IMessage,
    attrs: Record<string, string>,
    restart?: () => void,
  ): BinaryNode {
    const { cipher, deps } = this.phone;
    return deps.recorder.cpu.span('phone', () => {
      if (restart) restart();
      else if (!cipher.hasSession(companion.key)) cipher.startOutgoing(companion.key, deps.server().bundle(companion));
      const { type, ciphertext } = cipher.encrypt(companion.key, pad(proto.Message.encode(message).finish()));
      return node('enc', { v: '2', type, ...attrs }, ciphertext);
    });
  }

  private plain(message: proto.IMessage): BinaryNode {
    return node('plaintext', {}, Buffer.from(proto.Message.encode(message).finish()));
  }

  private asOwnCopy(message: proto.IMessage, destinationJid: string): proto.IMessage {
    return { deviceSentMessage: { destinationJid, message } };
  }

  private encAttributes(mediaType: string | null, hide = false): Record<string, string> {
    return { ...(mediaType ? { mediatype: mediaType } : {}), ...(hide ? { 'decrypt-fail': 'hide' } : {}) };
  }

  private envelope(id: string, chat: Chat, addressing: Addressing, type: string, edit: string | null): Envelope {
    return { id, sender: this.phone.self, chat, addressing, type, t: unixSeconds(), ...(edit ? { edit } : {}) };
  }

  private resolve(request: OutgoingMessage): { chat: Chat; addressing: Addressing } {
    const { deps } = this.phone;
    const { directory } = deps;
    const { to } = request;
    if (isGroup(to)) {
      const group = deps.groups.get(to);
      return { chat: { kind: 'group', group }, addressing: group.addressing };
    }
    const jid = parseJid(to);
    const account = jid ? directory.resolve(to)?.account : directory.find(to.replace(/^\+/, ''));
    if (!account) {
      throw new SandboxError(
        404,
        'RECIPIENT_NOT_FOUND',
        `There is no phone ${to}; create it with POST /phones, or use a group id.`,
      );
    }
    return {
      chat: { kind: 'direct', account },
      addressing: request.addressing ?? (jid?.server === LID_SERVER ? 'lid' : 'pn'),
    };
  }

  private chatNamed(name: string): Chat | null {
    if (isGroup(name)) {
      const group = this.phone.deps.groups.find(name);
      return group ? { kind: 'group', group } : null;
    }
    const account = this.phone.deps.directory.find(name);
    return account ? { kind: 'direct', account } : null;
  }

  private remember(id: string, chat: Chat, addressing: Addressing, composed: Composed): void {
    const message = Buffer.from(proto.Message.encode(composed.message).finish()).toString('base64');
    const { type, edit = null, mediaType = null } = composed;
    this.sent.set(id, { chat: nameOfChat(chat), addressing, type, edit, mediaType, message });
    this.saveSent(id);
    const oldest = this.sent.keys().next();
    if (this.sent.size > MAX_SENT && !oldest.done) this.forget(oldest.value);
  }

  private forget(id: string): void {
    this.sent.delete(id);
    this.saveSent(id);
  }

  private get sentSpace(): string {
    return `sent/${this.phone.account.number}/`;
  }

  private get holderSpace(): string {
    return `holders/${this.phone.account.number}/`;
  }

  private saveSent(id: string): void {
    this.phone.deps.journal.touch(this.sentSpace + id, () => {
      const sent = this.sent.get(id);
      return sent ? Buffer.from(JSON.stringify(sent)) : null;
    });
  }

  private saveHolders(groupId: string): void {
    this.phone.deps.journal.touch(this.holderSpace + groupId, () => {
      const holders = this.holders.get(groupId);
      return holders ? Buffer.from(JSON.stringify([...holders])) : null;
    });
  }
}

const nameOfChat = (chat: Chat) => (chat.kind === 'group' ? chat.group.jid : chat.account.number);

/** An id in the form of phones: 3EB0 and 9 random bytes. */
const newMessageId = () => `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
