import { CHANGE_NAMES, type ChangeData, type ChangeName } from '@wa-gate/contracts';
import { proto } from '../whatsapp/baileys.ts';
import { present, toNumber } from './fields.ts';
import { readContent, unwrap } from './read-content.ts';
import { type Sealed, type SealedKind, sealedData } from './sealed.ts';

/** A change as read from the protobuf: the key of its message, and its data. */
export type ReadChange =
  | { [N in ChangeName]: { name: N; data: ChangeData<N>; target: proto.IMessageKey } }[ChangeName]
  | { name: 'sealed'; data: Sealed; target: proto.IMessageKey; at?: number };

interface Found<N extends ChangeName> {
  target: proto.IMessageKey | null | undefined;
  data: ChangeData<N>;
}

/** Reads one change from an unwrapped message. Pure; `null` when the message has no such change. */
type ChangeReader<N extends ChangeName> = (message: proto.IMessage) => Found<N> | null;

/** What is only ever encrypted with the secret of its message: `ballots.ts` reads it then. */
type SealedOnly = 'vote' | 'answer';
const isSealedOnly = (name: ChangeName): name is SealedOnly => name === 'vote' || name === 'answer';

const { Type: ProtocolType } = proto.Message.ProtocolMessage;
const { Type: PinType } = proto.Message.PinInChatMessage;
const { SecretEncType } = proto.Message.SecretEncryptedMessage;

/** One reader for each change of the registry, checked by the compiler. */
const CHANGE_READERS: { readonly [N in Exclude<ChangeName, SealedOnly>]: ChangeReader<N> } = {
  edit({ protocolMessage: part }) {
    if (part?.type !== ProtocolType.MESSAGE_EDIT || !part.editedMessage) return null;
    const content = readContent(unwrap(part.editedMessage));
    // An edit to a form that cannot be read would empty the message.
    if (!content || content.type === 'unknown') return null;
    return { target: part.key, data: content };
  },

  revoke({ protocolMessage: part }) {
    return part?.type === ProtocolType.REVOKE ? { target: part.key, data: {} } : null;
  },

  reaction({ reactionMessage: part }) {
    return part ? { target: part.key, data: { emoji: part.text ?? '' } } : null;
  },

  pin({ pinInChatMessage: part, messageContextInfo: context }) {
    if (!part) return null;
    const isPinned = part.type === PinType.PIN_FOR_ALL;
    const seconds = isPinned ? toNumber(context?.messageAddOnDurationInSecs) : undefined;
    return { target: part.key, data: { isPinned, ...(seconds !== undefined && { seconds }) } };
  },

  keep({ keepInChatMessage: part }) {
    return part ? { target: part.key, data: { isKept: part.keepType === proto.KeepType.KEEP_FOR_ALL } } : null;
  },
};

/** Reads the change in an unwrapped message. `null`: it has none, or does not name its message. */
export function readChange(message: proto.IMessage): ReadChange | null {
  for (const name of CHANGE_NAMES) {
    if (isSealedOnly(name)) continue;
    const found = CHANGE_READERS[name](message);
    if (found?.target?.id) return { name, ...found } as ReadChange;
  }
  return readSealed(message);
}

/** A change that is encrypted with the secret of its message. */
function readSealed(message: proto.IMessage): ReadChange | null {
  const { secretEncryptedMessage: edit, encReactionMessage: reaction } = message;
  const { pollUpdateMessage: vote, encEventResponseMessage: answer } = message;
  if (reaction) return sealedChange('reaction', reaction);
  if (vote) {
    const sealed = sealedChange('vote', { targetMessageKey: vote.pollCreationMessageKey ?? null, ...vote.vote });
    return sealed && { ...sealed, ...present({ at: toNumber(vote.senderTimestampMs) }) };
  }
  if (answer) return sealedChange('answer', { targetMessageKey: answer.eventCreationMessageKey ?? null, ...answer });
  return edit?.secretEncType === SecretEncType.MESSAGE_EDIT ? sealedChange('edit', edit) : null;
}

function sealedChange(
  kind: SealedKind,
  { targetMessageKey: target, encPayload, encIv }: proto.Message.IEncReactionMessage,
): Extract<ReadChange, { name: 'sealed' }> | null {
  if (!target?.id || !encPayload || !encIv) return null;
  return { name: 'sealed', data: sealedData(kind, encPayload, encIv), target };
}
