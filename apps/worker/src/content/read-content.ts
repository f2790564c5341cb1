import type { MessageTypeName } from '@wa-gate/contracts';
import { normalizeMessageContent, type proto } from '../whatsapp/baileys.ts';
import type { ReadContent, Reader } from './codec.ts';
import { CODECS, READERS } from './codecs.ts';

/** The type and content of a message, as stored and shown. */
export interface Content extends ReadContent {
  type: MessageTypeName;
}

/** Members without content of their own for the user: keys, secrets, and changes of other messages. */
const SILENT_MEMBERS: ReadonlySet<string> = new Set([
  'messageContextInfo',
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'protocolMessage',
  'pollUpdateMessage',
  'reactionMessage',
  'encReactionMessage',
  'encEventResponseMessage',
  'encCommentMessage',
  'secretEncryptedMessage',
  'keepInChatMessage',
  'pinInChatMessage',
  'deviceSentMessage',
]);

interface Entry {
  type: MessageTypeName;
  reader: Reader;
  /** When a message has members of several types, the lowest rank decides. */
  rank: number;
}

const READER_BY_MEMBER: ReadonlyMap<string, Entry> = new Map(
  (Object.entries({ ...CODECS, ...READERS }) as [MessageTypeName, Reader][]).flatMap(([type, reader], rank) =>
    reader.members.map((member): [string, Entry] => [member, { type, reader, rank }]),
  ),
);

/** Envelopes that Baileys does not remove. */
const MORE_ENVELOPES = [
  'groupMentionedMessage',
  'lottieStickerMessage',
  'botInvokeMessage',
  'botForwardedMessage',
  'pollCreationMessageV4',
  'pollCreationOptionImageMessage',
  'eventCoverImage',
  'questionMessage',
  'questionReplyMessage',
] as const;
const MAX_ENVELOPES = 5;

/** The kind of a message whose form this version of the protobuf has no name for: decoded it is empty. */
const NEWER = 'newer';

const isOfNewerForm = (members: readonly string[]): boolean =>
  members.every((member) => member === 'messageContextInfo');

/** Removes the envelopes of a message: disappearing chats, view-once, edits. */
export function unwrap(raw: proto.IMessage): proto.IMessage {
  let message = raw;
  for (let depth = 0; depth < MAX_ENVELOPES; depth += 1) {
    const content = normalizeMessageContent(message) ?? message;
    const envelope = MORE_ENVELOPES.find((member) => content[member]?.message);
    if (!envelope) return content;
    message = content[envelope]!.message!;
  }
  return message;
}

/**
 * Reads the content of an unwrapped message. Its type is `UNKNOWN` when no reader has its members. `null`: the user
 * sees nothing of it.
 */
export function readContent(message: proto.IMessage): Content | null {
  const members = Object.keys(message).filter((member) => message[member as keyof proto.IMessage] !== null);
  const entries = members.flatMap((member) => READER_BY_MEMBER.get(member) ?? []).sort((a, b) => a.rank - b.rank);
  for (const { type, reader } of entries) {
    const content = reader.read(message);
    if (content) return { type, ...content };
  }
  const kind = members.find((member) => !SILENT_MEMBERS.has(member));
  if (kind) return { type: 'unknown', content: { kind } };
  return isOfNewerForm(members) ? { type: 'unknown', content: { kind: NEWER } } : null;
}
