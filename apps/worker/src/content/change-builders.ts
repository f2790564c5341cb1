import type { ChangeData, ChangeRequest, MadeChangeName } from '@wa-gate/contracts';
import type { ChangeTarget } from '@wa-gate/messaging';
import { proto } from '../whatsapp/baileys.ts';
import { type ChatFacts, mentioned } from './context.ts';
import { unwrap } from './read-content.ts';

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
  facts: Pick<ChatFacts, 'nameOf'>;
}

/** The change cannot be made, in any attempt. */
export class UnbuildableChangeError extends Error {
  override name = 'UnbuildableChangeError';
}

type Builder<N extends MadeChangeName> = (data: ChangeData<N>, given: Given) => proto.IMessage;

/** One builder for each change of the registry, checked by the compiler. */
const BUILDERS: { readonly [N in MadeChangeName]: Builder<N> } = {
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
};

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
  { facts, sent, at }: Pick<Given, 'facts' | 'sent' | 'at'>,
): proto.IMessage {
  const isFromOther = chatJid.endsWith('@g.us') && !target.fromMe && target.fromJid !== null;
  const key: proto.IMessageKey = {
    remoteJid: chatJid,
    fromMe: target.fromMe,
    id: target.waMessageId,
    ...(isFromOther && { participant: facts.nameOf(target.fromJid!) }),
  };
  // The compiler cannot relate the data to the entry of the table.
  return (BUILDERS[change] as Builder<MadeChangeName>)(data as never, { key, at, sent, target, facts });
}

/** Files whose caption can be edited, by their type. */
const CAPTIONED = { image: 'imageMessage', video: 'videoMessage', document: 'documentMessage' } as const;

/** What the message says from now on. The caption of a file is edited with the file's own reference. */
function edited(
  { text = '', mentions = [] }: ChangeData<'edit'>,
  { sent, target, facts }: Omit<Given, 'key' | 'at'>,
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
