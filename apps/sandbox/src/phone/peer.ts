import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Companion } from '../accounts/account.ts';
import type { PhoneCore } from './core.ts';
import { PhoneHistory } from './history.ts';
import { textMessage } from './kinds/text.ts';
import type { PhoneOutbox } from './outbox.ts';
import type { PhonePast } from './past.ts';
import { PEER_DATA_OPERATION, PROTOCOL_MESSAGE } from './proto-names.ts';

/** The messages between a phone and its own companions outside of chats. */
export class PhonePeer {
  private readonly phone: PhoneCore;
  private readonly outbox: PhoneOutbox;
  private readonly history: PhoneHistory;

  constructor(phone: PhoneCore, outbox: PhoneOutbox, past: PhonePast) {
    this.phone = phone;
    this.outbox = outbox;
    this.history = new PhoneHistory(phone, outbox, past);
  }

  /**
   * Sends the key share, then the history. Without them a new companion waits 20 s before it syncs app state. Both must
   * come after `ib offline`, or the client misses them.
   */
  greet(companionId: number): void {
    const companion = this.phone.account.companions.get(companionId);
    if (!companion) return;
    this.shareAppStateKey(companion);
    this.later(this.history.share(companion));
  }

  /** A protocol message that a companion sent to its own phone. Baileys puts it into a copy for own devices. */
  handle(message: proto.IMessage, device: number, id: string): void {
    const companion = this.phone.account.companions.get(device);
    const protocol = (message.deviceSentMessage?.message ?? message).protocolMessage;
    if (!companion || !protocol) return;
    if (protocol.type === PROTOCOL_MESSAGE.APP_STATE_SYNC_KEY_REQUEST) this.shareAppStateKey(companion);
    const request = protocol.peerDataOperationRequestMessage;
    if (request?.historySyncOnDemandRequest)
      this.later(this.history.answer(companion, id, request.historySyncOnDemandRequest));
    else if (request) this.answerDataOperation(companion, request);
  }

  private later(work: Promise<void>): void {
    work.catch((error: unknown) => this.phone.deps.log.warn({ err: error }, 'history not sent'));
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
    if (key?.id && !entry) return this.history.find(key.id);
    // Of what others have sent, the phone has kept the texts alone.
    if (!key || entry?.type !== 'text' || entry.text === null) return null;
    const original = this.outbox.original(entry.id);
    const message = original ? proto.Message.decode(original) : textMessage(entry.text);
    return { key, message, messageTimestamp: Math.floor(entry.at / 1000) };
  }
}
