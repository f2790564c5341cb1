import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Account, Companion, DeviceRef } from '../accounts/account.ts';
import { keyOf } from '../accounts/device-key.ts';
import type { Group } from '../accounts/group.ts';
import { unixSeconds } from '../clock.ts';
import type { Chat, Copy, Envelope } from '../phone/server-port.ts';
import {
  type EncType,
  readIndex,
  readSenderKeyMessage,
  SIGNATURE_LENGTH,
  SignalFormatError,
  writeSenderKeyMessage,
} from '../signal/signal-messages.ts';
import { crc32 } from '../store/crc32.ts';
import { isGroup, isLid, PN_SERVER, STATUS_JID } from '../wire/jid.ts';
import { type BinaryNode, bytes, child, children, node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import type { Connection } from './connection.ts';
import { checkDeviceIdentity } from './device-identity.ts';
import { rejectionFor } from './message-faults.ts';

const ENC_TYPES: ReadonlySet<string> = new Set(['pkmsg', 'msg', 'skmsg']);

/** Routes messages from a device to the devices of a chat. They are ciphertext. */
export class Router {
  private readonly context: ServerBase;

  constructor(context: ServerBase) {
    this.context = context;
  }

  /** Fans a message stanza of a companion out as it is addressed, and acknowledges it. */
  fromCompanion(connection: Connection, companion: Companion, stanza: BinaryNode): void {
    const { recorder } = this.context;
    const { id, to } = stanza.attrs;
    if (!id || !to) {
      recorder.violation(companion.key, 'message-without-address', `id ${id ?? '-'}, to ${to ?? '-'}`);
      return;
    }
    const record = recorder.messageUp(connection.stream!, companion.key, id, to);
    const chat = this.chatOf(companion, stanza, to);
    const error = rejectionFor(this.context, companion, to) ?? (typeof chat === 'string' ? chat : null);
    this.recordKeys(companion, id, to, stanza);
    if (error === null && typeof chat === 'object') this.fanOut(companion, stanza, to, chat);
    // The ack follows the flush: an acknowledged message must survive a kill of this process.
    this.context.journal.afterFlush(() => {
      record.ackedAt = Date.now();
      record.ack = error;
      connection.send(
        node('ack', {
          class: 'message',
          id,
          from: to,
          participant: stanza.attrs.participant,
          t: String(unixSeconds()),
          error: error ?? undefined,
        }),
      );
    });
  }

  /**
   * Records a message on an ended stream (its device has logged in elsewhere, for example). It is not delivered, but it
   * shows that its sender was still active, and which message keys it used.
   */
  observe(connection: Connection, companion: Companion, stanza: BinaryNode): void {
    const { id = '', to = '' } = stanza.attrs;
    this.context.recorder.messageUp(connection.stream!, companion.key, id, to);
    this.recordKeys(companion, id, to, stanza);
  }

  /** Delivers the copies of a message of a companion or a phone. */
  route(envelope: Envelope, copies: Copy[]): void {
    const { chat, sender } = envelope;
    for (const { to, content } of copies) {
      // In groups the messages of somebody who is blocked arrive.
      if (chat.kind === 'direct' && to.account.blocked.has(sender.account.number)) continue;
      const stanza = messageStanza(envelope, to, content);
      const companion = to.account.companions.get(to.device);
      if (to.device === 0) this.context.phones.of(to.account).receive(stanza);
      else if (companion) this.context.delivery.deliver(companion, this.spoiled(companion, stanza));
    }
  }

  private fanOut(companion: Companion, stanza: BinaryNode, to: string, chat: Chat): void {
    const identity = child(stanza, 'device-identity');
    checkDeviceIdentity(this.context, companion, stanza, identity);
    const addressing = chat.kind === 'group' ? chat.group.addressing : isLid(to) ? 'lid' : 'pn';
    const envelope: Envelope = {
      id: stanza.attrs.id!,
      sender: { account: companion.account, device: companion.id },
      chat,
      addressing,
      type: stanza.attrs.type ?? 'text',
      t: unixSeconds(),
      category: stanza.attrs.category,
      edit: stanza.attrs.edit,
      identity,
    };
    this.route(envelope, this.copiesOf(companion, stanza, to, chat));
  }

  /**
   * The copies of a message: the part for each device and, for groups, the shared part for every device of every
   * member. The sending device gets none, though clients name it among the recipients of groups whose members are named
   * by LIDs.
   */
  private copiesOf(companion: Companion, stanza: BinaryNode, to: string, chat: Chat): Copy[] {
    const copies = new Map<string, Copy>();
    const add = (ref: DeviceRef, part: BinaryNode) => {
      const known = copies.get(keyOf(ref));
      if (known) known.content.push(part);
      else copies.set(keyOf(ref), { to: ref, content: [part] });
    };
    for (const item of children(child(stanza, 'participants'), 'to')) {
      const enc = child(item, 'enc');
      const ref = this.recipient(companion, item.attrs.jid, chat);
      if (enc && ref && keyOf(ref) !== companion.key) add(ref, enc);
    }
    for (const enc of children(stanza, 'enc')) {
      if (enc.attrs.type === 'skmsg' && to === STATUS_JID) {
        for (const { content } of copies.values()) content.push(enc);
        continue;
      }
      if (enc.attrs.type === 'skmsg' && chat.kind === 'group') {
        for (const ref of this.groupDevices(chat.group, companion)) add(ref, enc);
        continue;
      }
      const ref = this.recipient(companion, stanza.attrs.participant ?? to, chat);
      if (ref) add(ref, enc);
    }
    return [...copies.values()];
  }

  private *groupDevices(group: Group, sender: Companion): IterableIterator<DeviceRef> {
    for (const account of this.context.groups.membersOf(group)) {
      yield { account, device: 0 };
      for (const companion of account.companions.values()) {
        if (companion !== sender) yield { account, device: companion.id };
      }
    }
  }

  /** The device of a part; null (and recorded) when it does not exist or is not in the chat. */
  private recipient(companion: Companion, jid: string | undefined, chat: Chat): DeviceRef | null {
    const { directory, recorder } = this.context;
    const ref = directory.resolve(jid);
    const exists = ref && (ref.device === 0 || ref.account.companions.has(ref.device));
    if (!exists) {
      recorder.violation(companion.key, 'unknown-recipient', jid ?? '-');
      return null;
    }
    if (chat.kind === 'group' && !chat.group.members.has(ref.account.number)) return null;
    return ref;
  }

  /** The chat of a message; an error code when it is refused; undefined when the sandbox does not support it. */
  private chatOf(companion: Companion, stanza: BinaryNode, to: string): Chat | string | undefined {
    const { groups, directory, recorder } = this.context;
    if (isGroup(to)) {
      const group = groups.find(to);
      const { number } = companion.account;
      if (!group) return '404';
      return group.members.has(number) && (!group.announce || group.isAdmin(number)) ? { kind: 'group', group } : '403';
    }
    if (!to.endsWith(PN_SERVER) && !isLid(to)) {
      recorder.unknownStanza(`message to ${to.slice(to.indexOf('@'))}`);
      return undefined;
    }
    // A resend to an own device is addressed to that device and names the chat in `recipient`.
    const account = directory.resolve(stanza.attrs.recipient ?? to)?.account;
    return account ? { kind: 'direct', account } : '404';
  }

  private recordKeys(companion: Companion, id: string, to: string, stanza: BinaryNode): void {
    for (const item of children(child(stanza, 'participants'), 'to')) {
      const enc = child(item, 'enc');
      if (enc) this.recordKey(companion, id, this.nameOf(item.attrs.jid), enc);
    }
    for (const enc of children(stanza, 'enc')) {
      this.recordKey(companion, id, enc.attrs.type === 'skmsg' ? to : this.nameOf(stanza.attrs.participant ?? to), enc);
    }
  }

  private recordKey(companion: Companion, messageId: string, peer: string, enc: BinaryNode): void {
    const { recorder } = this.context;
    const type = enc.attrs.type ?? '';
    const ciphertext = bytes(enc);
    if (!ciphertext || !ENC_TYPES.has(type)) {
      recorder.violation(companion.key, 'unknown-encryption', `${messageId}: ${type}`);
      return;
    }
    try {
      const index = readIndex(type as EncType, ciphertext);
      const ratchet = 'ratchetKey' in index ? index.ratchetKey : String(index.senderKeyId);
      const counter = 'counter' in index ? index.counter : index.iteration;
      recorder.keyUse({ device: companion.key, peer, ratchet, counter, fingerprint: crc32(ciphertext), messageId });
    } catch (error) {
      if (!(error instanceof SignalFormatError)) throw error;
      recorder.violation(companion.key, 'malformed-ciphertext', `${messageId}: ${error.message}`);
    }
  }

  /** One name per device, however it was addressed. */
  private nameOf(jid: string | undefined): string {
    const ref = this.context.directory.resolve(jid);
    return ref ? keyOf(ref) : (jid ?? '-');
  }

  /** Fault `corrupt`: the companion gets a ciphertext that it cannot decrypt, so that it requests it again. */
  private spoiled(companion: Companion, stanza: BinaryNode): BinaryNode {
    if (this.context.faults.idle || !this.context.faults.take('corrupt', companion.key)) return stanza;
    const content = children(stanza).map((part) => (part.tag === 'enc' ? { ...part, content: damaged(part) } : part));
    return { ...stanza, content };
  }
}

/** Damages a ciphertext so that it keeps its form and cannot be decrypted. */
function damaged(enc: BinaryNode): Buffer {
  const whole = Buffer.from(bytes(enc) ?? Buffer.alloc(0));
  if (enc.attrs.type === 'skmsg') {
    // Clients do not check the signature, so only a damaged last block is detected for certain.
    const { senderKeyId, iteration, ciphertext } = readSenderKeyMessage(whole);
    const body = writeSenderKeyMessage({ senderKeyId, iteration, ciphertext: ciphertext.subarray(0, -1) });
    return Buffer.concat([body, whole.subarray(-SIGNATURE_LENGTH)]);
  }
  // Inside the MAC of the message; in a pkmsg two short fields follow it.
  const at = whole.length - 12;
  whole[at]! ^= 0xff;
  return whole;
}

/** A message as it is delivered to one device. */
function messageStanza(envelope: Envelope, to: DeviceRef, content: BinaryNode[]): BinaryNode {
  const { sender, identity } = envelope;
  const common = {
    id: envelope.id,
    type: envelope.type,
    t: String(envelope.t),
    notify: sender.account.name,
    category: envelope.category,
    edit: envelope.edit,
  };
  const needsIdentity = identity && content.some((part) => part.attrs.type === 'pkmsg');
  const { business } = sender.account;
  const verified = business ? [verifiedName(business.verifiedName)] : [];
  const parts = [...content, ...(needsIdentity ? [identity] : []), ...verified];
  return node('message', { ...addressesOf(envelope, to), ...common }, parts);
}

/** The name of a business, as WhatsApp has certified it. */
function verifiedName(name: string): BinaryNode {
  const details = proto.VerifiedNameCertificate.Details.encode({ verifiedName: name }).finish();
  const certificate = proto.VerifiedNameCertificate.encode({ details }).finish();
  return node('verified_name', { v: '2', verified_level: 'unknown' }, Buffer.from(certificate));
}

function addressesOf(
  { sender, chat, addressing, category, hidesOtherName }: Envelope,
  to: DeviceRef,
): Record<string, string | undefined> {
  const from = sender.account.deviceJid(sender.device, addressing);
  const isHidden = hidesOtherName || (chat.kind === 'group' && chat.group.hidesNumbers && addressing === 'lid');
  const other = isHidden ? undefined : alternative(sender.account, addressing);
  if (chat.kind === 'group') {
    return {
      from: chat.group.jid,
      participant: from,
      [addressing === 'lid' ? 'participant_pn' : 'participant_lid']: other,
      addressing_mode: addressing,
    };
  }
  const mode = addressing === 'lid' ? 'lid' : undefined;
  if (sender.account !== to.account || category === 'peer') {
    return { from, [addressing === 'lid' ? 'sender_pn' : 'sender_lid']: other, addressing_mode: mode };
  }
  return {
    from,
    recipient: chat.account.deviceJid(0, addressing),
    [addressing === 'lid' ? 'peer_recipient_pn' : 'peer_recipient_lid']: alternative(chat.account, addressing),
    addressing_mode: mode,
  };
}

/** The same account in the addressing that a stanza does not use. */
const alternative = (account: Account, addressing: 'pn' | 'lid') =>
  addressing === 'lid' ? account.jid : account.toldLidJid;
