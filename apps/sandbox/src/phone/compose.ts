import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { unixSeconds } from '../clock.ts';
import { SandboxError } from '../errors.ts';
import { encryptMedia, type MediaKind } from '../signal/media-crypto.ts';
import { pnJid } from '../wire/jid.ts';
import type { PhoneCore } from './core.ts';
import type { InboxEntry } from './inbox.ts';
import { publish } from './media.ts';
import type { OutgoingFile, OutgoingMessage } from './outgoing.ts';
import { PROTOCOL_MESSAGE } from './proto-names.ts';
import type { Chat } from './server-port.ts';

/** A message ready to be encrypted, and what its stanza says about it. */
export interface Composed {
  message: proto.IMessage;
  type: 'text' | 'media' | 'reaction' | 'poll';
  /** `mediatype` of the enc child. */
  mediaType?: string;
  edit?: string;
  /** Receivers that cannot decrypt it show nothing. */
  hideWhenUnreadable?: boolean;
}

const DEFAULT_MIMETYPE: Record<OutgoingFile['type'], string> = {
  image: 'image/jpeg',
  video: 'video/mp4',
  audio: 'audio/ogg; codecs=opus',
  document: 'application/octet-stream',
  sticker: 'image/webp',
};

/** Turns a request of the control API into a protobuf message; files are encrypted and stored on the media host. */
export async function compose(phone: PhoneCore, chat: Chat, request: OutgoingMessage): Promise<Composed> {
  const contextInfo = context(phone, request);
  switch (request.type) {
    case 'text':
      return { message: textMessage(request.text, contextInfo), type: 'text' };
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
    case 'sticker':
      return composeFile(phone, request, contextInfo);
    case 'reaction': {
      const key = keyFor(phone, chat, request.target);
      const reactionMessage = { key, text: request.emoji, senderTimestampMs: Date.now() };
      return { message: { reactionMessage }, type: 'reaction', hideWhenUnreadable: true };
    }
    case 'poll': {
      const options = request.options.map((optionName) => ({ optionName }));
      const poll = { name: request.name, options, selectableOptionsCount: request.selectable ?? 1, ...contextInfo };
      return {
        message: { pollCreationMessageV3: poll, messageContextInfo: { messageSecret: randomBytes(32) } },
        type: 'poll',
      };
    }
    case 'location': {
      const { latitude, longitude, name, address } = request;
      const locationMessage: proto.Message.ILocationMessage = {
        degreesLatitude: latitude,
        degreesLongitude: longitude,
        name: name ?? null,
        address: address ?? null,
        ...contextInfo,
      };
      return { message: { locationMessage }, type: 'media', mediaType: 'location' };
    }
    case 'contact': {
      const contactMessage = { displayName: request.name, vcard: vcard(request.name, request.number), ...contextInfo };
      return { message: { contactMessage }, type: 'media', mediaType: 'vcard' };
    }
    case 'edit': {
      const key = keyFor(phone, chat, request.target);
      const editedMessage = { conversation: request.text };
      const protocolMessage = { key, type: PROTOCOL_MESSAGE.MESSAGE_EDIT, editedMessage, timestampMs: Date.now() };
      return { message: { protocolMessage }, type: 'text', edit: '1' };
    }
    case 'revoke': {
      const key = keyFor(phone, chat, request.target);
      return {
        message: { protocolMessage: { key, type: PROTOCOL_MESSAGE.REVOKE } },
        type: 'text',
        edit: key.fromMe ? '7' : '8',
      };
    }
  }
}

async function composeFile(phone: PhoneCore, request: OutgoingFile, contextInfo: Context): Promise<Composed> {
  const plain = Buffer.from(request.data, 'base64');
  if (plain.length === 0)
    throw new SandboxError(400, 'EMPTY_FILE', 'Field `data` holds no file; put its base64 there.');
  const kind: MediaKind = request.type === 'audio' && request.voice ? 'ptt' : request.type;
  const { enc, mediaKey, fileSha256, fileEncSha256, fileLength } = encryptMedia(plain, kind);
  const { url, directPath } = await publish(phone.deps, enc);
  const common = {
    url,
    directPath,
    mediaKey,
    fileSha256,
    fileEncSha256,
    fileLength,
    mediaKeyTimestamp: unixSeconds(),
    mimetype: request.mimetype ?? DEFAULT_MIMETYPE[request.type],
    ...contextInfo,
  };
  switch (request.type) {
    case 'image':
      return media('image', { imageMessage: { ...common, caption: request.caption ?? null } });
    case 'video': {
      const gif = request.gif ?? false;
      const videoMessage = {
        ...common,
        caption: request.caption ?? null,
        seconds: request.seconds ?? 0,
        gifPlayback: gif,
      };
      return media(gif ? 'gif' : 'video', { videoMessage });
    }
    case 'audio': {
      const voice = request.voice ?? false;
      return media(voice ? 'ptt' : 'audio', { audioMessage: { ...common, seconds: request.seconds ?? 0, ptt: voice } });
    }
    case 'document': {
      const documentMessage = {
        ...common,
        fileName: request.fileName,
        title: request.fileName,
        caption: request.caption ?? null,
      };
      return media('document', { documentMessage });
    }
    case 'sticker':
      return media('sticker', { stickerMessage: common });
  }
}

const media = (mediaType: string, message: proto.IMessage): Composed => ({ message, type: 'media', mediaType });

type Context = { contextInfo?: proto.IContextInfo };

export function textMessage(text: string, context: Context = {}): proto.IMessage {
  return context.contextInfo ? { extendedTextMessage: { text, ...context } } : { conversation: text };
}

function context(phone: PhoneCore, request: OutgoingMessage): Context {
  const contextInfo: proto.IContextInfo = {};
  if (request.replyTo !== undefined) {
    const quoted = known(phone, request.replyTo);
    contextInfo.stanzaId = quoted.id;
    contextInfo.participant = pnJid(quoted.from);
    contextInfo.quotedMessage = { conversation: quoted.text ?? '' };
  }
  if (request.type === 'text' && request.mentions?.length)
    contextInfo.mentionedJid = request.mentions.map((it) => pnJid(it));
  return Object.keys(contextInfo).length ? { contextInfo } : {};
}

/** How this phone refers to a message of its list inside another message. */
function keyFor(phone: PhoneCore, chat: Chat, id: string): proto.IMessageKey {
  const entry = known(phone, id);
  if (chat.kind === 'direct') {
    const { account } = chat;
    return { remoteJid: account.deviceJid(0, entry.addressing), fromMe: entry.fromMe, id };
  }
  const author = phone.deps.directory.find(entry.from);
  return {
    remoteJid: chat.group.jid,
    fromMe: entry.fromMe,
    id,
    participant: author?.deviceJid(0, chat.group.addressing) ?? null,
  };
}

function known(phone: PhoneCore, id: string): InboxEntry {
  const entry = phone.inbox.findById(id);
  if (entry) return entry;
  const { number } = phone.account;
  throw new SandboxError(
    404,
    'MESSAGE_NOT_FOUND',
    `Phone ${number} has no message ${id}; see GET /phones/${number}/messages.`,
  );
}

function vcard(name: string, number: string): string {
  return ['BEGIN:VCARD', 'VERSION:3.0', `FN:${name}`, `TEL;type=CELL;waid=${number}:+${number}`, 'END:VCARD'].join(
    '\n',
  );
}
