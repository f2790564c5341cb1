import type { Companion, DeviceRef } from '../accounts/account.ts';
import { deviceKey } from '../accounts/device-key.ts';
import { unixSeconds } from '../clock.ts';
import type { PhoneReceipt } from '../phone/server-port.ts';
import type { PreKeyBundle } from '../signal/session-cipher.ts';
import { isGroup, isLid } from '../wire/jid.ts';
import { type BinaryNode, child, children, node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import type { Connection } from './connection.ts';
import { bundleInRetry } from './retry-bundle.ts';

/** Receipt types that are forwarded to the devices of the sender. */
const FORWARDED: ReadonlySet<string> = new Set(['', 'read', 'played']);
/** Types that answer a message which is queued, or was until now. */
const DIRECT: ReadonlySet<string> = new Set(['', 'inactive', 'sender', 'peer_msg', 'retry']);

/** Handles a receipt of a companion: received, read, or not decryptable. */
export function handleReceipt(
  context: ServerBase,
  connection: Connection,
  companion: Companion,
  stanza: BinaryNode,
): void {
  const { recorder, delivery } = context;
  const { id = '', to, type = '', participant } = stanza.attrs;
  connection.send(node('ack', { class: 'receipt', id, from: to, type: stanza.attrs.type, participant }));
  const ids = [id, ...children(child(stanza, 'list'), 'item').map((item) => item.attrs.id ?? '')];
  for (const each of ids) {
    recorder.ack({
      device: companion.key,
      class: 'message',
      id: each,
      type: type || 'delivered',
      error: null,
      chat: to ?? null,
    });
    if (type === 'retry' || type === 'server-error') continue;
    const waited = delivery.received(companion, each);
    if (!waited && DIRECT.has(type) && recorder.wasDelivered(companion.key, each) === false) {
      recorder.violation(companion.key, 'receipt-for-unknown-message', `${each} ${type}`);
    }
  }
  if (type === 'retry') askSenderAgain(context, companion, stanza, id);
  else if (type === 'server-error') context.phones.of(companion.account).uploadAgain(companion, stanza);
  else if (type === 'read-self') forwardToOwnDevices(context, companion, stanza, ids);
  else if (FORWARDED.has(type)) forwardToSender(context, companion, stanza, ids);
}

/** Forwards a delivered, read or played receipt to the phone and the companions of the sender. */
function forwardToSender(context: ServerBase, companion: Companion, stanza: BinaryNode, ids: string[]): void {
  const { to = '', type, participant } = stanza.attrs;
  const sender = context.directory.resolve(isGroup(to) ? participant : to)?.account;
  if (!sender || sender === companion.account) return;
  context.phones.of(sender).outbox.confirmed(companion.key, ids, type);
  const addressing = isLid(participant ?? to) ? 'lid' : 'pn';
  const from = companion.account.deviceJid(companion.id, addressing);
  const place = isGroup(to) ? { from: to, participant: from } : { from };
  for (const receiver of sender.companions.values()) {
    context.delivery.deliver(receiver, receiptStanza({ ...place, type }, ids));
  }
}

/** With read receipts off, only the own devices of the reader get the receipt. */
function forwardToOwnDevices(context: ServerBase, companion: Companion, stanza: BinaryNode, ids: string[]): void {
  const { to = '', participant } = stanza.attrs;
  for (const receiver of companion.account.companions.values()) {
    if (receiver === companion) continue;
    const from = companion.account.deviceJid(companion.id, isLid(participant ?? to) ? 'lid' : 'pn');
    context.delivery.deliver(receiver, receiptStanza({ from, recipient: to, participant, type: 'read-self' }, ids));
  }
}

function askSenderAgain(context: ServerBase, companion: Companion, stanza: BinaryNode, id: string): void {
  const { to = '', participant, recipient } = stanza.attrs;
  context.delivery.retryRequested(companion, id);
  const sender = context.directory.resolve(participant ?? to);
  if (!sender) return;
  const retry = child(stanza, 'retry');
  const count = Number(retry?.attrs.count ?? 1);
  if (sender.device === 0) {
    context.phones.of(sender.account).outbox.sendAgain(companion, id, count, checkedBundle(context, companion, stanza));
    return;
  }
  const author = sender.account.companions.get(sender.device);
  if (!author) return;
  const addressing = isLid(participant ?? to) ? 'lid' : 'pn';
  const from = companion.account.deviceJid(companion.id, addressing);
  const place = isGroup(to) ? { from: to, participant: from } : { from, recipient };
  context.delivery.deliver(author, {
    ...receiptStanza({ ...place, type: 'retry' }, [id]),
    content: children(stanza),
  });
}

/** The keys in a retry receipt, if they are really those of the companion. */
function checkedBundle(context: ServerBase, companion: Companion, stanza: BinaryNode): PreKeyBundle | null {
  const keys = child(stanza, 'keys');
  if (!keys) return null;
  const bundle = bundleInRetry(stanza, keys);
  if (bundle?.identityKey.equals(companion.identityKey)) return bundle;
  context.recorder.violation(companion.key, 'retry-keys', `retry of ${stanza.attrs.id ?? ''}`);
  return null;
}

/** Sends a receipt of a phone. */
export function sendPhoneReceipt(context: ServerBase, receipt: PhoneReceipt): void {
  const { from, to, chat, addressing, type, ids } = receipt;
  const own = from === to;
  const self = from.deviceJid(0, addressing);
  const place =
    chat.kind === 'group'
      ? { from: chat.group.jid, participant: self }
      : own
        ? { from: self, recipient: chat.account.deviceJid(0, addressing) }
        : { from: self };
  if (!own && (receipt.device ?? 0) === 0 && type !== 'retry')
    context.phones.of(to).outbox.confirmed(deviceKey(from.number, 0), ids, type);
  for (const companion of to.companions.values()) {
    if (receipt.device !== undefined && receipt.device !== companion.id) continue;
    const stanza = receiptStanza({ ...place, type }, ids);
    context.delivery.deliver(companion, receipt.content ? { ...stanza, content: receipt.content } : stanza);
  }
  if (type === 'read' && !own) {
    const chatJid = chat.kind === 'group' ? chat.group.jid : to.deviceJid(0, addressing);
    const author: DeviceRef = { account: to, device: 0 };
    const participant = chat.kind === 'group' ? author.account.deviceJid(0, addressing) : undefined;
    for (const companion of from.companions.values()) {
      context.delivery.deliver(
        companion,
        receiptStanza({ from: self, recipient: chatJid, participant, type: 'read-self' }, ids),
      );
    }
  }
}

function receiptStanza(attrs: Record<string, string | undefined>, ids: string[]): BinaryNode {
  const [id, ...more] = ids;
  const list = more.map((each) => node('item', { id: each }));
  return node(
    'receipt',
    { ...attrs, id, t: String(unixSeconds()) },
    list.length ? [node('list', {}, list)] : undefined,
  );
}
