import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { PhoneCore } from './core.ts';
import type { ChangedMessage, InboxEntry } from './inbox.ts';
import { PROTOCOL_MESSAGE } from './proto-names.ts';

const UNCHANGED: ChangedMessage = {
  text: null,
  isEdited: false,
  isDeleted: false,
  isHidden: false,
  reactions: {},
  pinnedFor: null,
  isKept: false,
  isStarred: false,
};

/** The changes of a message that nothing was done to are all false. */
export const changesOf = ({ changed }: InboxEntry): ChangedMessage => changed ?? UNCHANGED;

/** Who has made a change, and how its stanza marks it. */
interface ChangedBy {
  /** The number. */
  from: string;
  edit: string | undefined;
}

const { PIN_FOR_ALL } = proto.Message.PinInChatMessage.Type;
const { KEEP_FOR_ALL } = proto.KeepType;
/** A deletion by an administrator. */
const BY_ADMIN = '8';

/**
 * Applies a change to the message that it names, as a phone does: it looks at who made it, and ignores what they may
 * not do. Changes that are encrypted once more are not opened here.
 */
export function applyChange(phone: PhoneCore, message: proto.IMessage, by: ChangedBy): void {
  const {
    protocolMessage: protocol,
    reactionMessage: reaction,
    pinInChatMessage: pin,
    keepInChatMessage: keep,
  } = message;
  if (protocol?.type === PROTOCOL_MESSAGE.MESSAGE_EDIT) applyEdit(phone, protocol, by);
  if (protocol?.type === PROTOCOL_MESSAGE.REVOKE) applyRevoke(phone, protocol, by);
  if (reaction) {
    changeMessage(phone, reaction.key, ({ reactions }) => {
      const { [by.from]: _, ...others } = reactions;
      return { reactions: reaction.text ? { ...others, [by.from]: reaction.text } : others };
    });
  }
  if (pin) {
    const seconds = Number(message.messageContextInfo?.messageAddOnDurationInSecs ?? 0);
    changeMessage(phone, pin.key, () => ({ pinnedFor: pin.type === PIN_FOR_ALL ? seconds : null }));
  }
  if (keep) changeMessage(phone, keep.key, () => ({ isKept: keep.keepType === KEEP_FOR_ALL }));
}

function applyEdit(phone: PhoneCore, { key, editedMessage }: proto.Message.IProtocolMessage, by: ChangedBy): void {
  const words =
    editedMessage?.conversation ??
    editedMessage?.extendedTextMessage?.text ??
    editedMessage?.imageMessage?.caption ??
    editedMessage?.videoMessage?.caption ??
    editedMessage?.documentMessage?.caption;
  if (words == null) return;
  changeMessage(phone, key, (_, entry) => (entry.from === by.from ? { text: words, isEdited: true } : {}));
}

function applyRevoke(phone: PhoneCore, { key }: proto.Message.IProtocolMessage, by: ChangedBy): void {
  changeMessage(phone, key, (_, entry) => {
    const isAdmin = by.edit === BY_ADMIN && phone.deps.groups.find(entry.chat)?.isAdmin(by.from) === true;
    return entry.from === by.from || isAdmin ? { isDeleted: true, text: null } : {};
  });
}

export function changeMessage(
  phone: PhoneCore,
  key: proto.IMessageKey | null | undefined,
  make: (before: ChangedMessage, entry: InboxEntry) => Partial<ChangedMessage>,
): void {
  const entry = key?.id ? phone.inbox.findById(key.id) : undefined;
  if (!entry) return;
  const before = changesOf(entry);
  entry.changed = { ...before, ...make(before, entry) };
  phone.inbox.save(entry);
}
