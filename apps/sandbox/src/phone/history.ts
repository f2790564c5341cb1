import { deflateSync } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Account, Companion } from '../accounts/account.ts';
import type { Group } from '../accounts/group.ts';
import { unixSeconds } from '../clock.ts';
import { encryptMedia } from '../signal/media-crypto.ts';
import { isGroup, parseJid } from '../wire/jid.ts';
import type { PhoneCore } from './core.ts';
import { textMessage } from './kinds/text.ts';
import { publish } from './media.ts';
import type { PhoneOutbox } from './outbox.ts';
import type { PastMessage, PhonePast } from './past.ts';
import { HISTORY_SYNC, PROTOCOL_MESSAGE } from './proto-names.ts';

/** The messages per chat in the first part of the history. */
const BOOTSTRAP_PER_CHAT = 20;
/** Phones send so much to every companion, and the rest to those that ask for all of it. */
const RECENT_DAYS = 90;
const DAY_SECONDS = 86_400;
/** The most that a phone sends of a chat when it is asked. */
const MOST_ON_DEMAND = 500;

const { EndOfHistoryTransferType: End } = proto.Conversation;
type Kind = proto.Message.HistorySyncType;

interface Chunk {
  kind: Kind;
  conversations: proto.IConversation[];
  size: number;
}

type Peer = { kind: 'direct'; account: Account } | { kind: 'group'; group: Group };

/** Sends the chats of a phone to its companions: after the linking, and older ones when it is asked. */
export class PhoneHistory {
  private readonly phone: PhoneCore;
  private readonly outbox: PhoneOutbox;
  private readonly past: PhonePast;

  constructor(phone: PhoneCore, outbox: PhoneOutbox, past: PhonePast) {
    this.phone = phone;
    this.outbox = outbox;
    this.past = past;
  }

  /**
   * The first part is in the message itself; it has the newest texts of each chat and who is who. A phone with a past
   * sends the rest as files: what is recent to every companion, and what is older to those that want the full history.
   */
  async share(companion: Companion): Promise<void> {
    const hasPast = this.past.chats.length > 0;
    const { conversations } = this.collect((index) => index < BOOTSTRAP_PER_CHAT)[0] ?? { conversations: [] };
    this.send(companion, HISTORY_SYNC.INITIAL_BOOTSTRAP, 0, hasPast ? 1 : 100, {
      initialHistBootstrapInlinePayload: deflateSync(
        this.encode(HISTORY_SYNC.INITIAL_BOOTSTRAP, 0, hasPast ? 1 : 100, { conversations, ...this.people() }),
      ),
    });
    if (!hasPast) return;
    const since = unixSeconds() - RECENT_DAYS * DAY_SECONDS;
    const { chunkMessages, isDisordered } = this.past.manner;
    const chunks = this.collect((_, { at }) => at >= since, chunkMessages, HISTORY_SYNC.RECENT);
    if (companion.wantsFullHistory)
      chunks.push(...this.collect((_, { at }) => at < since, chunkMessages, HISTORY_SYNC.FULL));
    if (chunks.length === 0) chunks.push({ kind: HISTORY_SYNC.RECENT, conversations: [], size: 0 });
    const numbered = chunks.map((chunk, index) => ({
      ...chunk,
      order: index + 1,
      progress: Math.max(1, Math.floor(((index + 1) / chunks.length) * 100)),
    }));
    const sent = isDisordered ? [...numbered.slice(0, 1), ...numbered.toReversed()] : numbered;
    for (const { kind, order, progress, conversations: chats } of sent)
      await this.sendFile(companion, kind, order, progress, { conversations: chats });
  }

  /** Older messages of one chat. */
  async answer(
    companion: Companion,
    requestId: string,
    request: proto.Message.PeerDataOperationRequestMessage.IHistorySyncOnDemandRequest,
  ): Promise<void> {
    const peer = this.peerOf(request.chatJid ?? '');
    if (!peer) return;
    const count = Math.min(request.onDemandMsgCount ?? 50, MOST_ON_DEMAND);
    const before = Math.floor(Number(request.oldestMsgTimestampMs ?? 0) / 1000);
    const messages = [...this.messagesOf(nameOf(peer))];
    const anchor = messages.findIndex(({ id }) => id === request.oldestMsgId);
    const older = anchor >= 0 ? messages.slice(anchor + 1) : messages.filter(({ at }) => at < before);
    const end =
      older.length > count
        ? End.COMPLETE_ON_DEMAND_SYNC_BUT_MORE_MSG_REMAIN_ON_PRIMARY
        : End.COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY;
    const conversation = {
      ...this.conversation(peer, older.slice(0, count)),
      endOfHistoryTransfer: true,
      endOfHistoryTransferType: end,
    };
    await this.sendFile(companion, HISTORY_SYNC.ON_DEMAND, 1, 100, { conversations: [conversation] }, requestId);
  }

  /** A message of the past, for a companion that could not read it. */
  find(id: string): proto.IWebMessageInfo | null {
    for (const chat of this.past.chats) {
      const peer = this.peerNamed(chat);
      for (const message of this.past.of(chat)) if (message.id === id && peer) return this.web(peer, message);
    }
    return null;
  }

  private async sendFile(
    companion: Companion,
    kind: Kind,
    order: number,
    progress: number,
    content: proto.IHistorySync,
    requestId?: string,
  ): Promise<void> {
    const { enc, ...media } = encryptMedia(deflateSync(this.encode(kind, order, progress, content)), 'history');
    const { directPath } = await publish(this.phone.deps, enc);
    const request = requestId === undefined ? {} : { peerDataRequestSessionId: requestId };
    this.send(companion, kind, order, progress, { directPath, ...media, ...request });
  }

  private send(
    companion: Companion,
    syncType: Kind,
    chunkOrder: number,
    progress: number,
    file: proto.Message.IHistorySyncNotification,
  ): void {
    if (this.phone.account.companions.get(companion.id) !== companion) return;
    this.outbox.sendToOwn(companion, {
      protocolMessage: {
        type: PROTOCOL_MESSAGE.HISTORY_SYNC_NOTIFICATION,
        historySyncNotification: { syncType, chunkOrder, progress, ...file },
      },
    });
  }

  private encode(syncType: Kind, chunkOrder: number, progress: number, content: proto.IHistorySync): Uint8Array {
    return proto.HistorySync.encode({
      syncType: syncType as unknown as proto.HistorySync.HistorySyncType,
      chunkOrder,
      progress,
      ...content,
    }).finish();
  }

  /** The chats with the messages that are wanted, in chunks of so many messages. */
  private collect(
    wants: (index: number, message: PastMessage) => boolean,
    chunkMessages = Number.POSITIVE_INFINITY,
    kind: Kind = HISTORY_SYNC.INITIAL_BOOTSTRAP,
  ): Chunk[] {
    const chunks: Chunk[] = [];
    let chunk: Chunk | undefined;
    for (const peer of this.peers()) {
      let index = 0;
      let taken: PastMessage[] = [];
      const close = () => {
        if (taken.length === 0) return;
        if (!chunk || chunk.size >= chunkMessages) {
          chunk = { kind, conversations: [], size: 0 };
          chunks.push(chunk);
        }
        chunk.conversations.push(this.conversation(peer, taken));
        chunk.size += taken.length;
        taken = [];
      };
      for (const message of this.messagesOf(nameOf(peer))) {
        if (wants(index++, message)) taken.push(message);
        if (taken.length + (chunk && chunk.size < chunkMessages ? chunk.size : 0) >= chunkMessages) close();
      }
      close();
    }
    return chunks;
  }

  /** What the phone shows in a chat, newest first: its texts, then its past. */
  private *messagesOf(chat: string): Generator<PastMessage> {
    const shown = [...this.phone.inbox.all()].filter((entry) => entry.chat === chat && entry.type === 'text').reverse();
    for (const entry of shown) {
      const original = entry.fromMe ? this.outbox.original(entry.id) : null;
      yield {
        id: entry.id,
        fromMe: entry.fromMe,
        from: entry.from,
        at: Math.floor(entry.at / 1000),
        message: original ? proto.Message.decode(original) : textMessage(entry.text ?? ''),
      };
    }
    yield* this.past.of(chat);
  }

  private peers(): Peer[] {
    const chats = [...this.phone.inbox.all()].filter(({ type }) => type === 'text').map(({ chat }) => chat);
    return [...new Set([...chats, ...this.past.chats])].flatMap((chat) => this.peerNamed(chat) ?? []);
  }

  private peerNamed(chat: string): Peer | null {
    const { directory, groups } = this.phone.deps;
    if (isGroup(chat)) {
      const group = groups.find(chat);
      return group ? { kind: 'group', group } : null;
    }
    const account = directory.find(chat);
    return account ? { kind: 'direct', account } : null;
  }

  private peerOf(jid: string): Peer | null {
    if (isGroup(jid)) return this.peerNamed(jid);
    const account = parseJid(jid) ? this.phone.deps.directory.resolve(jid)?.account : undefined;
    return account ? { kind: 'direct', account } : null;
  }

  private conversation(peer: Peer, messages: readonly PastMessage[]): proto.IConversation {
    const found = messages.map((message) => ({ message: this.web(peer, message) }));
    const common = { messages: found, conversationTimestamp: messages[0]?.at ?? 0 };
    if (peer.kind === 'group') return { id: peer.group.jid, name: peer.group.subject, ...common };
    const { jid, lidJid, name } = peer.account;
    return { id: jid, lidJid, name, ...common };
  }

  private web(peer: Peer, { id, fromMe, from, at, message }: PastMessage): proto.IWebMessageInfo {
    const { directory } = this.phone.deps;
    const { Status } = proto.WebMessageInfo;
    const common = { message, messageTimestamp: at, status: Status.READ };
    if (peer.kind === 'group') {
      const author = directory.find(from);
      const participant = author?.deviceJid(0, peer.group.addressing) ?? null;
      const key = { remoteJid: peer.group.jid, fromMe, id, ...(fromMe ? {} : { participant }) };
      return { key, ...common, ...(fromMe ? {} : { participant, pushName: author?.name ?? null }) };
    }
    const { jid, name } = peer.account;
    const receipt = { userJid: jid, receiptTimestamp: at + 1, readTimestamp: at + 2 };
    return {
      key: { remoteJid: jid, fromMe, id },
      ...common,
      ...(fromMe ? { userReceipt: [receipt] } : { pushName: name }),
    };
  }

  private people(): Pick<proto.IHistorySync, 'phoneNumberToLidMappings' | 'pushnames'> {
    const others = this.peers().flatMap((peer) => (peer.kind === 'direct' ? [peer.account] : []));
    const all = [this.phone.account, ...others];
    return {
      phoneNumberToLidMappings: all.map(({ jid, lidJid }) => ({ pnJid: jid, lidJid })),
      pushnames: all.map(({ jid, name }) => ({ id: jid, pushname: name })),
    };
  }
}

const nameOf = (peer: Peer): string => (peer.kind === 'group' ? peer.group.jid : peer.account.number);
