import type { SharedSetting } from '@wa-gate/messaging';
import { jidNormalizedUser, type proto } from '../baileys.ts';

/** A record of a collection, opened. */
export interface OpenedSetting {
  /** For example `["archive", "6281234567890@s.whatsapp.net"]`. */
  index: readonly string[];
  value: proto.ISyncActionValue;
  isRemoved: boolean;
}

/** What a record says; `null`: nothing that is kept here. */
export function readSetting({ index, value, isRemoved }: OpenedSetting): SharedSetting | null {
  const [type = '', first = '', second = '', third = ''] = index;
  const at = numberOf(value.timestamp) || Date.now();
  const chat = first.includes('@') ? jidNormalizedUser(first) : '';
  const isOn = (said: boolean | null | undefined) => !isRemoved && said === true;
  switch (type) {
    case 'archive':
      return chat ? { kind: 'archive', chat, isOn: isOn(value.archiveChatAction?.archived) } : null;
    case 'pin_v1':
      return chat ? { kind: 'pin', chat, isOn: isOn(value.pinAction?.pinned), at } : null;
    case 'mute':
      return chat
        ? { kind: 'mute', chat, until: isOn(value.muteAction?.muted) ? untilOf(value.muteAction) : null }
        : null;
    case 'markChatAsRead': {
      const action = value.markChatAsReadAction;
      if (!chat || isRemoved || !action) return null;
      return { kind: 'mark', chat, isUnread: action.read === false, upTo: upToOf(action.messageRange) };
    }
    case 'clearChat':
      return chat && !isRemoved ? { kind: 'clear', chat, upTo: upToOf(value.clearChatAction?.messageRange) } : null;
    case 'deleteChat':
      return chat && !isRemoved ? { kind: 'delete', chat, upTo: upToOf(value.deleteChatAction?.messageRange) } : null;
    case 'star': {
      if (!chat || !second) return null;
      const star = { chat, waMessageId: second, fromMe: third === '1', at };
      return { kind: 'star', ...star, isOn: isOn(value.starAction?.starred) };
    }
    case 'deleteMessageForMe': {
      if (!chat || !second || isRemoved) return null;
      return { kind: 'deletion', chat, waMessageId: second, fromMe: third === '1', at };
    }
    case 'label_edit': {
      const { name, color, deleted } = value.labelEditAction ?? {};
      if (!first) return null;
      return {
        kind: 'label',
        labelId: first,
        name: name ?? '',
        color: color ?? 0,
        isDeleted: isRemoved || deleted === true,
      };
    }
    case 'label_jid':
    case 'label_message': {
      if (!second.includes('@')) return null;
      const waMessageId = type === 'label_message' ? third : null;
      const isLabelled = isOn(value.labelAssociationAction?.labeled);
      return { kind: 'labelled', labelId: first, chat: jidNormalizedUser(second), waMessageId, isOn: isLabelled };
    }
    default:
      return null;
  }
}

/** A number or a Long of the protobuf; 0 when there is none. */
const numberOf = (value: unknown): number => {
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number : 0;
};

/** The last millisecond of a `Date`. */
const LAST_MS = 8_640_000_000_000_000;

/** Milliseconds; WhatsApp writes -1 for "until it is unmuted", and old clients nothing. */
const untilOf = (action: proto.SyncActionValue.IMuteAction | null | undefined): number => {
  const until = numberOf(action?.muteEndTimestamp);
  return until > 0 && until <= LAST_MS ? until : Number.POSITIVE_INFINITY;
};

const upToOf = (range: proto.SyncActionValue.ISyncActionMessageRange | null | undefined): number | null =>
  numberOf(range?.lastMessageTimestamp) || null;
