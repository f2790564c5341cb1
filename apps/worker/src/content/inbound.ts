import type { InboundMessage } from '@wa-gate/messaging';
import {
  isJidStatusBroadcast,
  jidNormalizedUser,
  normalizeMessageContent,
  proto,
  type WAMessage,
} from '../whatsapp/baileys.ts';
import { readContact } from './contact.ts';
import { type Content, toNumber } from './content.ts';
import { readLocation } from './location.ts';
import { readMedia } from './media.ts';
import { readPoll } from './poll.ts';
import { readReaction } from './reaction.ts';
import { readText } from './text.ts';

/** What WhatsApp told about a message, without who stores it and under which id. */
export type ReadMessage = Omit<InboundMessage, 'id' | 'sessionId' | 'epoch'>;

const READERS = [readText, readMedia, readReaction, readPoll, readLocation, readContact];

/** Parts of a message that say nothing to the user: keys, secrets and changes of other messages. */
const SILENT_PARTS: ReadonlySet<string> = new Set([
  'messageContextInfo',
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'protocolMessage',
  'pollUpdateMessage',
  'encReactionMessage',
  'encEventResponseMessage',
  'encCommentMessage',
  'keepInChatMessage',
  'pinInChatMessage',
  'deviceSentMessage',
]);

/** Shown in place of what could not be read, until a copy comes that can be. */
const UNREADABLE: Content = { type: 'UNKNOWN', content: { kind: 'undecryptable' } };

/**
 * A received message as it is stored, as a stub when it could not be decrypted; `null` for what is no message to the user: status updates, group
 * notices and messages between the account's own devices.
 */
export function readInbound(received: WAMessage, own: { jid: string; lid?: string }): ReadMessage | null {
  const { key, message } = received;
  const chatJid = key.remoteJid;
  if (!chatJid || !key.id || received.category === 'peer' || isJidStatusBroadcast(chatJid)) return null;
  const stubType = received.messageStubType;
  if (stubType && stubType !== proto.WebMessageInfo.StubType.CIPHERTEXT) return null;
  const readable = message ? readContent(message) : null;
  const isStub = Boolean(stubType) && !readable;
  const content = isStub ? UNREADABLE : readable;
  if (!content) return null;
  const author = key.fromMe ? own.jid : jidNormalizedUser(key.participant || chatJid);
  return {
    waMessageId: key.id,
    chatJid,
    ...(key.remoteJidAlt ? { chatAltJid: jidNormalizedUser(key.remoteJidAlt) } : {}),
    fromJid: author,
    fromMe: key.fromMe ?? false,
    ...(received.pushName ? { senderName: storable(received.pushName) } : {}),
    ...storableContent(content),
    ...(isStub ? { isStub } : {}),
    waTimestamp: new Date((toNumber(received.messageTimestamp) ?? Date.now() / 1000) * 1000),
  };
}

export function readContent(raw: proto.IMessage): Content | null {
  const message = normalizeMessageContent(raw) ?? raw;
  for (const read of READERS) {
    const content = read(message);
    if (content) return content;
  }
  const kind = Object.keys(message).find(
    (part) => !SILENT_PARTS.has(part) && message[part as keyof proto.IMessage] !== null,
  );
  return kind ? { type: 'UNKNOWN', content: { kind } } : null;
}

/** PostgreSQL takes every character but NUL, which a sender may well put into a text. */
const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD');

function storableContent({ type, text, content }: Content): Content {
  const clean: Content = { type };
  if (text !== undefined) clean.text = storable(text);
  if (content) {
    clean.content = JSON.parse(JSON.stringify(content), (_, value) =>
      typeof value === 'string' ? storable(value) : value,
    );
  }
  return clean;
}
