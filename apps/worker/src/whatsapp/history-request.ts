import type { GapAnchor } from '@wa-gate/messaging';
import { jidNormalizedUser, proto, type WASocket } from './baileys.ts';

/** Which messages the phone is asked for: those of a chat before the anchor. */
export interface OlderMessages {
  anchor: GapAnchor;
  /** The WhatsApp id of the request; the answer names it. */
  requestId: string;
}

/** The most that the phone is asked for at once. It may send fewer. */
const COUNT = 50;

const { Type } = proto.Message.ProtocolMessage;
const { HISTORY_SYNC_ON_DEMAND } = proto.Message.PeerDataOperationRequestType;

/**
 * Asks the own phone for older messages. The request of Baileys has an id that is known only when it is sent; this one
 * has the given id, so that it can stand in the database before.
 */
export async function requestHistory(
  sock: Pick<WASocket, 'relayMessage'>,
  ownJid: string,
  { anchor, requestId }: OlderMessages,
): Promise<void> {
  const historySyncOnDemandRequest = {
    chatJid: anchor.chat,
    oldestMsgFromMe: anchor.fromMe,
    oldestMsgId: anchor.id,
    oldestMsgTimestampMs: anchor.at * 1_000,
    onDemandMsgCount: COUNT,
  };
  const peerDataOperationRequestMessage = {
    historySyncOnDemandRequest,
    peerDataOperationRequestType: HISTORY_SYNC_ON_DEMAND,
  };
  const protocolMessage = { peerDataOperationRequestMessage, type: Type.PEER_DATA_OPERATION_REQUEST_MESSAGE };
  await sock.relayMessage(
    jidNormalizedUser(ownJid),
    { protocolMessage },
    {
      messageId: requestId,
      additionalAttributes: { category: 'peer', push_priority: 'high_force' },
      additionalNodes: [{ tag: 'meta', attrs: { appdata: 'default' } }],
    },
  );
}
