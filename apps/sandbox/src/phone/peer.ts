import { deflateSync } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Companion } from '../accounts/account.ts';
import type { PhoneCore } from './core.ts';
import type { InboxEntry } from './inbox.ts';
import { textMessage } from './kinds/text.ts';
import type { PhoneOutbox } from './outbox.ts';
import { HISTORY_SYNC, PEER_DATA_OPERATION, PROTOCOL_MESSAGE } from './proto-names.ts';

/** The messages per chat in the history of a new companion. */
const HISTORY_PER_CHAT = 20;

/** The messages between a phone and its own companions outside of chats. */
export class PhonePeer {
  private readonly phone: PhoneCore;
  private readonly outbox: PhoneOutbox;

  constructor(phone: PhoneCore, outbox: PhoneOutbox) {
    this.phone = phone;
    this.outbox = outbox;
  }

  /**
   * Sends the key share, then the history. Without them a new companion waits 20 s before it syncs app state. Both must
   * come after `ib offline`, or the client misses them.
   */
  greet(companionId: number): void {
    const companion = this.phone.account.companions.get(companionId);
    if (!companion) return;
    this.shareAppStateKey(companion);
    this.shareHistory(companion);
  }

  /** A protocol message that a companion sent to its own phone. */
  handle(message: proto.IMessage, device: number): void {
    const companion = this.phone.account.companions.get(device);
    const protocol = message.protocolMessage;
    if (!companion || !protocol) return;
    if (protocol.type === PROTOCOL_MESSAGE.APP_STATE_SYNC_KEY_REQUEST) this.shareAppStateKey(companion);
    const request = protocol.peerDataOperationRequestMessage;
    if (request) this.answerDataOperation(companion, request);
  }

  private shareAppStateKey(companion: Companion): void {
    const { account } = this.phone;
    const { keyId, keyData } = account.appState.key;
    const fingerprint = {
      rawId: account.rawId,
      currentIndex: companion.keyIndex,
      deviceIndexes: [0, companion.keyIndex],
    };
    this.outbox.sendToOwn(companion, {
      protocolMessage: {
        type: PROTOCOL_MESSAGE.APP_STATE_SYNC_KEY_SHARE,
        appStateSyncKeyShare: {
          keys: [{ keyId: { keyId }, keyData: { keyData, fingerprint, timestamp: Date.now() } }],
        },
      },
    });
  }

  private shareHistory(companion: Companion): void {
    const history = proto.HistorySync.encode({
      syncType: proto.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP,
      chunkOrder: 0,
      progress: 100,
      ...this.history(),
    }).finish();
    this.outbox.sendToOwn(companion, {
      protocolMessage: {
        type: PROTOCOL_MESSAGE.HISTORY_SYNC_NOTIFICATION,
        historySyncNotification: {
          syncType: HISTORY_SYNC.INITIAL_BOOTSTRAP,
          chunkOrder: 0,
          progress: 100,
          // Inline, because Baileys fetches an external blob from mmg.whatsapp.net, whatever the configured host.
          initialHistBootstrapInlinePayload: deflateSync(history),
        },
      },
    });
  }

  /** The chats of this phone, texts only. */
  private history(): Pick<proto.IHistorySync, 'conversations' | 'phoneNumberToLidMappings' | 'pushnames'> {
    const { inbox, account, deps } = this.phone;
    const { directory } = deps;
    const chats = new Map<string, InboxEntry[]>();
    for (const entry of inbox.all()) {
      if (entry.type !== 'text' || !directory.find(entry.chat)) continue;
      chats.set(entry.chat, [...(chats.get(entry.chat) ?? []), entry].slice(-HISTORY_PER_CHAT));
    }
    const peers = [...chats].map(([number, entries]) => ({ peer: directory.get(number), entries }));
    return {
      conversations: peers.map(({ peer, entries }) => ({
        id: peer.jid,
        lidJid: peer.lidJid,
        name: peer.name,
        messages: entries.map((entry) => ({
          message: {
            key: { remoteJid: peer.jid, fromMe: entry.fromMe, id: entry.id },
            message: textMessage(entry.text ?? ''),
            messageTimestamp: Math.floor(entry.at / 1000),
          },
        })),
      })),
      phoneNumberToLidMappings: [account, ...peers.map(({ peer }) => peer)].map(({ jid, lidJid }) => ({
        pnJid: jid,
        lidJid,
      })),
      pushnames: [account, ...peers.map(({ peer }) => peer)].map(({ jid, name }) => ({ id: jid, pushname: name })),
    };
  }

  /** Answers a request of Baileys for messages that it could not read. */
  private answerDataOperation(companion: Companion, request: proto.Message.IPeerDataOperationRequestMessage): void {
    if (request.peerDataOperationRequestType !== PEER_DATA_OPERATION.PLACEHOLDER_MESSAGE_RESEND) return;
    const results = (request.placeholderMessageResendRequest ?? []).map(({ messageKey }) => {
      const found = this.find(messageKey);
      const web = found && proto.WebMessageInfo.encode(found).finish();
      return { placeholderMessageResendResponse: web ? { webMessageInfoBytes: web } : {} };
    });
    this.outbox.sendToOwn(companion, {
      protocolMessage: {
        type: PROTOCOL_MESSAGE.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
        peerDataOperationRequestResponseMessage: {
          peerDataOperationRequestType: PEER_DATA_OPERATION.PLACEHOLDER_MESSAGE_RESEND,
          peerDataOperationResult: results,
        },
      },
    });
  }

  private find(key: proto.IMessageKey | null | undefined): proto.IWebMessageInfo | null {
    const entry = key?.id ? this.phone.inbox.findById(key.id) : undefined;
    if (!key || entry?.text == null) return null;
    const original = this.outbox.original(entry.id);
    const message = original ? proto.Message.decode(original) : textMessage(entry.text);
    return { key, message, messageTimestamp: Math.floor(entry.at / 1000) };
  }
}
