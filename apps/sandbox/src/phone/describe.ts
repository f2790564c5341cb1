import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { PROTOCOL_MESSAGE } from './proto-names.ts';

/** Where an encrypted file lies and how to open it. Byte strings are base64. */
interface MediaReference {
  mimetype: string | null;
  path: string;
  mediaKey: string;
  fileSha256: string;
  fileEncSha256: string;
  bytes: number;
  fileName?: string;
  seconds?: number;
  width?: number;
  height?: number;
  voice?: boolean;
}

/** What a message says, in the words of the control API. */
export interface MessageDescription {
  type: string;
  /** The text, or the caption of a file. */
  text: string | null;
  media: MediaReference | null;
  /** Whatever else belongs to the type: target of a reaction, options of a poll, coordinates, … */
  details: Record<string, unknown>;
}

type Message = proto.IMessage;
type FileMessage =
  | proto.Message.IImageMessage
  | proto.Message.IVideoMessage
  | proto.Message.IAudioMessage
  | proto.Message.IDocumentMessage
  | proto.Message.IStickerMessage;

const WRAPPERS = [
  'ephemeralMessage',
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
  'documentWithCaptionMessage',
  'editedMessage',
] as const;

const base64 = (value: Uint8Array | null | undefined) => Buffer.from(value ?? []).toString('base64');
/** protobufjs decodes 64-bit fields to Long objects. */
const number = (value: number | { toString(): string } | null | undefined): number => Number((value ?? 0).toString());

/** Looks through the envelopes (view once, ephemeral, …) that carry another message. */
export function unwrap(message: Message): Message {
  for (const wrapper of WRAPPERS) {
    const inner = message[wrapper]?.message;
    if (inner) return unwrap(inner);
  }
  return message;
}

/** Describes a message; null when it carries nothing to show (a bare sender key, say). */
export function describe(outer: Message): MessageDescription | null {
  const message = unwrap(outer);
  if (message.conversation) return text(message.conversation, {});
  if (message.extendedTextMessage) {
    return text(message.extendedTextMessage.text ?? '', quoted(message.extendedTextMessage.contextInfo));
  }
  const file = fileOf(message);
  if (file) return describeFile(file.type, file.content);
  return describeOther(message);
}

function describeOther(message: Message): MessageDescription | null {
  if (message.reactionMessage) {
    const { key, text: emoji } = message.reactionMessage;
    return plain('reaction', emoji ?? '', { target: keyOf(key) });
  }
  const poll = message.pollCreationMessage ?? message.pollCreationMessageV2 ?? message.pollCreationMessageV3;
  if (poll) {
    const options = (poll.options ?? []).map((option) => option.optionName ?? '');
    return plain('poll', poll.name ?? '', { options, selectable: poll.selectableOptionsCount ?? 0 });
  }
  if (message.pollUpdateMessage) {
    return plain('poll-vote', null, { target: keyOf(message.pollUpdateMessage.pollCreationMessageKey) });
  }
  const location = message.locationMessage ?? message.liveLocationMessage;
  if (location) {
    const { degreesLatitude: latitude, degreesLongitude: longitude } = location;
    const name = message.locationMessage?.name ?? null;
    const address = message.locationMessage?.address ?? null;
    return plain('location', name, { latitude, longitude, name, address });
  }
  if (message.contactMessage) return contacts([message.contactMessage]);
  if (message.contactsArrayMessage) return contacts(message.contactsArrayMessage.contacts ?? []);
  if (message.protocolMessage) return describeProtocol(message.protocolMessage);
  const kind = Object.keys(message).find((key) => !SILENT.has(key) && message[key as keyof Message] != null);
  return kind ? plain(kind.replace(/Message$/, ''), null, {}) : null;
}

/** Fields that say nothing by themselves. */
const SILENT = new Set(['messageContextInfo', 'senderKeyDistributionMessage', 'deviceSentMessage']);

function describeProtocol(protocol: proto.Message.IProtocolMessage): MessageDescription {
  if (protocol.type === PROTOCOL_MESSAGE.REVOKE) return plain('revoke', null, { target: keyOf(protocol.key) });
  if (protocol.type === PROTOCOL_MESSAGE.MESSAGE_EDIT && protocol.editedMessage) {
    const edited = describe(protocol.editedMessage);
    return plain('edit', edited?.text ?? null, { target: keyOf(protocol.key) });
  }
  if (protocol.type === PROTOCOL_MESSAGE.EPHEMERAL_SETTING) {
    return plain('disappearing', null, { seconds: protocol.ephemeralExpiration ?? 0 });
  }
  return plain('protocol', null, { protocolType: protocol.type ?? null });
}

function fileOf(message: Message): { type: string; content: FileMessage } | null {
  if (message.imageMessage) return { type: 'image', content: message.imageMessage };
  if (message.videoMessage) return { type: 'video', content: message.videoMessage };
  if (message.ptvMessage) return { type: 'video', content: message.ptvMessage };
  if (message.audioMessage) return { type: 'audio', content: message.audioMessage };
  if (message.documentMessage) return { type: 'document', content: message.documentMessage };
  if (message.stickerMessage) return { type: 'sticker', content: message.stickerMessage };
  return null;
}

function describeFile(type: string, file: FileMessage): MessageDescription {
  const extra = file as proto.Message.IVideoMessage & proto.Message.IDocumentMessage & proto.Message.IAudioMessage;
  const media: MediaReference = {
    mimetype: file.mimetype ?? null,
    path: file.directPath ?? pathOf(file.url),
    mediaKey: base64(file.mediaKey),
    fileSha256: base64(file.fileSha256),
    fileEncSha256: base64(file.fileEncSha256),
    bytes: number(file.fileLength),
  };
  if (extra.fileName) media.fileName = extra.fileName;
  if (extra.seconds) media.seconds = extra.seconds;
  if (extra.width) media.width = extra.width;
  if (extra.height) media.height = extra.height;
  if (extra.ptt) media.voice = true;
  return { type, text: extra.caption ?? null, media, details: quoted(file.contextInfo) };
}

function contacts(list: proto.Message.IContactMessage[]): MessageDescription {
  const cards = list.map((card) => ({ name: card.displayName ?? '', vcard: card.vcard ?? '' }));
  return plain('contact', cards[0]?.name ?? null, { contacts: cards });
}

function quoted(context: proto.IContextInfo | null | undefined): Record<string, unknown> {
  const details: Record<string, unknown> = {};
  if (context?.stanzaId) details.quoted = { id: context.stanzaId, participant: context.participant ?? null };
  if (context?.mentionedJid?.length) details.mentions = context.mentionedJid;
  if (context?.isForwarded) details.forwarded = true;
  return details;
}

function keyOf(key: proto.IMessageKey | null | undefined) {
  return {
    id: key?.id ?? null,
    fromMe: key?.fromMe ?? false,
    chat: key?.remoteJid ?? null,
    participant: key?.participant ?? null,
  };
}

function pathOf(url: string | null | undefined): string {
  try {
    return url ? new URL(url).pathname : '';
  } catch {
    return '';
  }
}

const text = (value: string, details: Record<string, unknown>) => ({ type: 'text', text: value, media: null, details });
const plain = (type: string, value: string | null, details: Record<string, unknown>): MessageDescription => ({
  type,
  text: value,
  media: null,
  details,
});
