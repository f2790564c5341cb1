import { proto } from '@whiskeysockets/baileys/WAProto/index.js';

/** Short names for the protobuf enums that the accounts use. */
export const PROTOCOL_MESSAGE = proto.Message.ProtocolMessage.Type;
export const HISTORY_SYNC = proto.Message.HistorySyncType;
export const PEER_DATA_OPERATION = proto.Message.PeerDataOperationRequestType;
