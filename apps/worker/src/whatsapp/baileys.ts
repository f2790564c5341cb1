// The one door to Baileys: whoever comes through it has the three repairs that must be in place before the library is
// loaded. Imports are evaluated in their order, so the order of these lines matters.
import './async-context/install.ts';
import './libsignal-silence.ts';
import './libsignal-queue.ts';

export type {
  AuthenticationState,
  BinaryNode,
  CacheStore,
  GroupMetadata,
  MessageUserReceiptUpdate,
  PossiblyExtendedCacheStore,
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStoreWithTransaction,
  WAMessage,
  WAMessageUpdate,
  WASocket,
} from '@whiskeysockets/baileys';
export {
  addTransactionCapability,
  Curve,
  cleanMessage,
  DEFAULT_CONNECTION_CONFIG,
  decodeBinaryNode,
  decryptMessageNode,
  encodeBinaryNode,
  encodeWAMessage,
  generateSignalPubKey,
  initAuthCreds,
  isHostedPnUser,
  isJidGroup,
  isJidStatusBroadcast,
  isLidUser,
  isPnUser,
  jidDecode,
  jidNormalizedUser,
  makeWASocket,
  normalizeMessageContent,
  proto,
  S_WHATSAPP_NET,
} from '@whiskeysockets/baileys';
