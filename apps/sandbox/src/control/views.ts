import type { Companion } from '../accounts/account.ts';
import type { Directory } from '../accounts/directory.ts';
import type { Group } from '../accounts/group.ts';
import { changesOf } from '../phone/changes.ts';
import type { ChangedMessage, InboxEntry } from '../phone/inbox.ts';
import type { Phone } from '../phone/phone.ts';
import type { ChatView, DeviceView, GroupView, LabelView, PhoneView } from './schemas.ts';

/** The accounts as the control API shows them. */

export function phoneView(phone: Phone): PhoneView {
  const { account, settings, inbox } = phone;
  return {
    number: account.number,
    name: account.name,
    jid: account.jid,
    lid: account.lid,
    aliases: [...account.aliases],
    hidesLid: account.hidesLid,
    about: account.status,
    pictureId: account.picture?.id ?? null,
    privacy: account.privacy,
    disappearingSeconds: account.disappearingSeconds,
    blocked: [...account.blocked],
    addressBook: Object.fromEntries(account.addressBook),
    business: account.business as PhoneView['business'],
    online: settings.online,
    receipts: settings.receipts,
    autoReply: settings.autoReply,
    decrypt: settings.decrypt,
    messages: inbox.size,
    lastSeq: inbox.lastSeq,
    devices: [...account.companions.values()].map(deviceView),
  };
}

export function deviceView(companion: Companion): DeviceView {
  return {
    id: companion.id,
    device: companion.key,
    jid: companion.jid,
    lid: companion.lidJid,
    platform: companion.platform,
    shownAs: companion.shownAs,
    name: companion.pushName,
    connected: companion.isConnected,
    pairedAt: companion.pairedAt,
    waiting: companion.queue.size,
    preKeys: companion.preKeys.size,
    dirty: [...companion.dirty.keys()],
  };
}

export function messageView(entry: InboxEntry): Omit<InboxEntry, 'owes' | 'secret'> & { changed: ChangedMessage } {
  const { owes: _, secret: __, ...shown } = entry;
  return { ...shown, changed: changesOf(entry) };
}

/** The chats that a device of the account has archived, pinned, muted, marked, cleared, deleted or labelled. */
export const chatViews = ({ shared }: Phone): ChatView[] =>
  [...shared.chats].map(([chat, mark]) => ({ chat, ...mark }));

export const labelViews = ({ shared }: Phone): LabelView[] =>
  [...shared.labels].map(([id, label]) => ({
    id,
    ...label,
    messages: [...shared.labelledMessages].flatMap(([message, labels]) => (labels.includes(id) ? [message] : [])),
  }));

export function groupView(directory: Directory, group: Group): GroupView {
  return {
    id: group.jid,
    subject: group.subject,
    description: group.description?.text ?? null,
    owner: group.creator,
    addressing: group.addressing,
    hidesNumbers: group.hidesNumbers,
    announce: group.announce,
    locked: group.locked,
    ephemeralSeconds: group.ephemeralSeconds,
    memberAddMode: group.memberAddMode,
    joinApproval: group.joinApproval,
    inviteCode: group.inviteCode,
    formerCodes: group.formerCodes,
    community: group.community,
    hasPicture: group.picture !== null,
    requests: [...group.requests.keys()],
    participants: [...group.members].map(([number, role]) => ({
      number,
      lid: directory.find(number)?.lid ?? null,
      role,
    })),
  };
}
