import { CHANGES, type ChangeData, type ChangeName } from '@wa-gate/contracts';
import { proto } from '../whatsapp/baileys.ts';
import { toNumber } from './fields.ts';
import { readContent, unwrap } from './read-content.ts';

/** A change as read from the protobuf: the key of its message, and its data. */
export type ReadChange = {
  [N in ChangeName]: { name: N; data: ChangeData<N>; target: proto.IMessageKey };
}[ChangeName];

interface Found<N extends ChangeName> {
  target: proto.IMessageKey | null | undefined;
  data: ChangeData<N>;
}

/** Reads one change from an unwrapped message. Pure; `null` when the message has no such change. */
type ChangeReader<N extends ChangeName> = (message: proto.IMessage) => Found<N> | null;

const { Type: ProtocolType } = proto.Message.ProtocolMessage;
const { Type: PinType } = proto.Message.PinInChatMessage;

/** One reader for each change of the registry, checked by the compiler. */
const CHANGE_READERS: { readonly [N in ChangeName]: ChangeReader<N> } = {
  edit({ protocolMessage: part }) {
    if (part?.type !== ProtocolType.MESSAGE_EDIT || !part.editedMessage) return null;
    const content = readContent(unwrap(part.editedMessage));
    if (!content) return null;
    return { target: part.key, data: content };
  },

  revoke({ protocolMessage: part }) {
    return part?.type === ProtocolType.REVOKE ? { target: part.key, data: {} } : null;
  },

  pin({ pinInChatMessage: part, messageContextInfo: context }) {
    if (!part) return null;
    const isPinned = part.type === PinType.PIN_FOR_ALL;
    const seconds = isPinned ? toNumber(context?.messageAddOnDurationInSecs) : undefined;
    return { target: part.key, data: { isPinned, ...(seconds !== undefined && { seconds }) } };
  },
};

/** Reads the change in an unwrapped message. `null`: it has none, or does not name its message. */
export function readChange(message: proto.IMessage): ReadChange | null {
  for (const name of Object.keys(CHANGES) as ChangeName[]) {
    const found = CHANGE_READERS[name](message);
    if (found?.target?.id) return { name, ...found } as ReadChange;
  }
  return null;
}
