import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { type MessageDescription, plain } from './description.ts';
import { PHONE_KINDS } from './kinds/index.ts';

type Message = proto.IMessage;

const WRAPPERS = [
  'ephemeralMessage',
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
  'documentWithCaptionMessage',
  'groupMentionedMessage',
  'lottieStickerMessage',
  'botInvokeMessage',
  'pollCreationMessageV4',
  'editedMessage',
] as const;

/** Removes the envelopes (view once, ephemeral, …) of a message. */
export function unwrap(message: Message): Message {
  for (const wrapper of WRAPPERS) {
    const inner = message[wrapper]?.message;
    if (inner) return unwrap(inner);
  }
  return message;
}

/** Describes a message; null when it has nothing to show (only a sender key, for example). */
export function describe(outer: Message): MessageDescription | null {
  const message = unwrap(outer);
  for (const kind of Object.values(PHONE_KINDS)) {
    if (kind.members.every((member) => message[member] == null)) continue;
    const description = kind.describe(message, describe);
    if (description) return description;
  }
  return describeOther(message);
}

/** Describes the kinds that phones cannot send. */
function describeOther(message: Message): MessageDescription | null {
  const { protocolMessage: protocol } = message;
  if (protocol) return plain('protocol', null, { protocolType: protocol.type ?? null });
  const kind = Object.keys(message).find((key) => !SILENT.has(key) && message[key as keyof Message] != null);
  return kind ? plain(kind.replace(/Message$/, ''), null) : null;
}

/** Fields without content of their own. */
const SILENT = new Set(['messageContextInfo', 'senderKeyDistributionMessage', 'deviceSentMessage']);
