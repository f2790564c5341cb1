import { proto } from '../whatsapp/baileys.ts';
import { unwrap } from './read-content.ts';

const { Type: ProtocolType } = proto.Message.ProtocolMessage;

/** The values of the attribute `edit`, by what a message does to an earlier one. */
const EDIT = { message: '1', pin: '2', takenBack: '7', byAdmin: '8' } as const;

/**
 * Attributes of the stanza that follow from what is inside: the server cannot read that, and phones of people who could
 * not read it show nothing then. Those of public clients (Baileys' `sendMessage`, whatsmeow), 2026.
 */
export function stanzaAttributesOf(raw: proto.IMessage): Record<string, string> {
  const edit = editOf(unwrap(raw));
  return edit === undefined ? {} : { edit };
}

function editOf({ protocolMessage, pinInChatMessage, reactionMessage, keepInChatMessage }: proto.IMessage) {
  if (protocolMessage?.type === ProtocolType.MESSAGE_EDIT) return EDIT.message;
  if (protocolMessage?.key && protocolMessage.type === ProtocolType.REVOKE)
    return protocolMessage.key.fromMe ? EDIT.takenBack : EDIT.byAdmin;
  if (pinInChatMessage) return EDIT.pin;
  if (reactionMessage?.text === '') return EDIT.takenBack;
  if (keepInChatMessage?.key?.fromMe && keepInChatMessage.keepType === proto.KeepType.UNDO_KEEP_FOR_ALL)
    return EDIT.takenBack;
  return undefined;
}
