// All imports of Baileys go through this file. It installs the patches that must be in place before Baileys is loaded.
// Imports are evaluated in their order, so the order of these lines matters.
import './async-context/install.ts';
import './libsignal-silence.ts';
import './libsignal-queue.ts';
import './libsignal-curve.ts';
import './libsignal-records.ts';

export type {
  AuthenticationState,
  BaileysEventMap,
  BinaryNode,
  CacheStore,
  GroupMetadata,
  PossiblyExtendedCacheStore,
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStoreWithTransaction,
  WAMessage,
  WAPatchCreate,
  WASocket,
} from '@whiskeysockets/baileys';
export {
  addTransactionCapability,
  buildAckStanza,
  Curve,
  cleanMessage,
  DEFAULT_CONNECTION_CONFIG,
  decodeBinaryNode,
  decodePatches,
  decodeSyncdMutations,
  decodeSyncdSnapshot,
  decryptMessageNode,
  downloadExternalPatch,
  encodeBinaryNode,
  encodeSyncdPatch,
  encodeWAMessage,
  extractSyncdPatches,
  generateMessageIDV2,
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
  newLTHashState,
  normalizeMessageContent,
  processSyncAction,
  proto,
  S_WHATSAPP_NET,
} from '@whiskeysockets/baileys';
