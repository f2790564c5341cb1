import type { ChangeData, ChangeName, ChangeRequest } from '@wa-gate/contracts';
import type { ChangeTarget } from '@wa-gate/messaging';
import { proto } from '../whatsapp/baileys.ts';
import { encodeAnswer, encodeVote } from './ballots.ts';
import { type ChatFacts, mentioned } from './context.ts';
import { unwrap } from './read-content.ts';
import { seal } from './sealed.ts';

const { Type: ProtocolType } = proto.Message.ProtocolMessage;
const { Type: PinType } = proto.Message.PinInChatMessage;
const { KeepType } = proto;

/** What a change is made of besides its own data. */
interface Given {
  /** The reference to the changed message. */
  key: proto.IMessageKey;
  /** Milliseconds since 1970. */
  at: number;
  /** The changed message as it was sent from here; `null`: it was not, or its bytes are not kept any more. */
  sent: proto.IMessage | null;
  target: ChangeTarget;
  facts: Pick<ChatFacts, 'nameOf' | 'own'>;
  secrets: Secrets;
}

/** What votes and answers are encrypted with. */
export interface Secrets {
  /** That inside the changed message; `null`: it is not known. */
  target: Uint8Array | null;
  /** That of the change alone; see `messageSecret`. */
  own: Uint8Array;
}

/** The change cannot be made, in any attempt. */
export class UnbuildableChangeError extends Error {
  override name = 'UnbuildableChangeError';
}

type Builder<N extends ChangeName> = (data: ChangeData<N>, given: Given) => proto.IMessage;

/** One builder for each change of the registry, checked by the compiler. */
const BUILDERS: { readonly [N in ChangeName]: Builder<N> } = {
  edit: (data, { key, at, ...given }) => ({
    protocolMessage: { key, type: ProtocolType.MESSAGE_EDIT, editedMessage: edited(data, given), timestampMs: at },
  }),
  revoke: (_, { key }) => ({ protocolMessage: { key, type: ProtocolType.REVOKE } }),
  reaction: ({ emoji }, { key, at }) => ({ reactionMessage: { key, text: emoji, senderTimestampMs: at } }),
  pin: ({ isPinned, seconds }, { key, at }) => ({
    pinInChatMessage: {
      key,
      type: isPinned ? PinType.PIN_FOR_ALL : PinType.UNPIN_FOR_ALL,
      senderTimestampMs: at,
    },
    messageContextInfo: { messageAddOnDurationInSecs: isPinned ? (seconds ?? 0) : 0 },
  }),
  keep: ({ isKept }, { key, at }) => ({
    keepInChatMessage: {
      key,
      keepType: isKept ? KeepType.KEEP_FOR_ALL : KeepType.UNDO_KEEP_FOR_ALL,
      timestampMs: at,
    },
  }),
  vote: (data, given) => ({
    pollUpdateMessage: {
      pollCreationMessageKey: given.key,
      vote: sealedBallot('vote', encodeVote(data), given),
      senderTimestampMs: given.at,
    },
  }),
  answer: (data, given) => ({
    encEventResponseMessage: {
      eventCreationMessageKey: given.key,
      ...sealedBallot('answer', encodeAnswer(data, given.at), given),
    },
  }),
};

/** Encrypts a vote or an answer for those who know its poll or event, under the names of their chat. */
function sealedBallot(kind: 'vote' | 'answer', plain: Uint8Array, { target, facts, secrets }: Given) {
  if (!secrets.target) {
    throw new UnbuildableChangeError(
      'Votes and answers are encrypted with a secret of their message, and that of this one is not known here. Use the phone.',
    );
  }
  const author = target.fromMe || target.fromJid === null ? facts.own : facts.nameOf(target.fromJid);
  return seal(kind, plain, target.waMessageId, secrets.target, { author, changer: facts.own }, secrets.own);
}

/**
 * Builds the protobuf of a change. The keys of messages name people as their chat does.
 *
 * @param chatJid the chat as it is named now: that of the changed message
 * @throws {UnbuildableChangeError}
 */
export function buildChange(
  { change, data }: ChangeRequest,
  target: ChangeTarget,
  chatJid: string,
  { facts, sent, at, secrets }: Pick<Given, 'facts' | 'sent' | 'at' | 'secrets'>,
): proto.IMessage {
  const isFromOther = chatJid.endsWith('@g.us') && !target.fromMe && target.fromJid !== null;
  const key: proto.IMessageKey = {
    remoteJid: chatJid,
    fromMe: target.fromMe,
    id: target.waMessageId,
    ...(isFromOther && { participant: facts.nameOf(target.fromJid!) }),
  };
  // The compiler cannot relate the data to the entry of the table.
  return (BUILDERS[change] as Builder<ChangeName>)(data as never, { key, at, sent, target, facts, secrets });
}

/** Files whose caption can be edited, by their type. */
const CAPTIONED = { image: 'imageMessage', video: 'videoMessage', document: 'documentMessage' } as const;

/** What the message says from now on. The caption of a file is edited with the file's own reference. */
function edited(
  { text = '', mentions = [] }: ChangeData<'edit'>,
  { sent, target, facts }: Pick<Given, 'sent' | 'target' | 'facts'>,
): proto.IMessage {
  const { words, contextInfo } = mentioned(text, mentions, facts);
  const context = contextInfo && { contextInfo };
  if (target.type === 'text') {
    return context ? { extendedTextMessage: { text: words, ...context } } : { conversation: words };
  }
  const member = CAPTIONED[target.type as keyof typeof CAPTIONED];
  const file = member && sent ? unwrap(sent)[member] : undefined;
  if (!file) {
    throw new UnbuildableChangeError(
      'Its caption cannot be edited here: the reference of its file is not known (any more). Edit it on the phone.',
    );
  }
  const { contextInfo: _, ...reference } = file;
  return { [member]: { ...reference, caption: words, ...context } };
}
