import { describeMessageState, hasFailed, type Message, type MessageIdentities } from '@wa-gate/contracts';
import { priorityOf } from '@wa-gate/messaging';
import type { MessageRecord } from './messages.repository.ts';
import { presentTotals } from './present-ballots.ts';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

/** Why a message failed; only while it counts as failed. */
export function presentError(record: Pick<MessageRecord, 'state' | 'errorCode' | 'errorMessage'>) {
  return hasFailed(record.state) ? { error: { code: record.errorCode, message: record.errorMessage } } : {};
}

export function identitiesOf({ chatJid, chatIdentity, fromIdentity }: MessageRecord): MessageIdentities {
  return {
    chat: chatIdentity,
    ...(fromIdentity && { from: fromIdentity }),
    ...(fromIdentity && chatJid.endsWith('@g.us') && { participant: fromIdentity }),
  };
}

/** When and how soon it is to go, where its caller has said so. */
export function presentTiming({ lane, schedule, expiresAt }: Pick<MessageRecord, 'lane' | 'schedule' | 'expiresAt'>) {
  const priority = lane ? priorityOf(lane) : 'normal';
  return {
    ...(priority !== 'normal' && { priority }),
    ...(schedule && { schedule }),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  };
}

/** A message as the API shows it. */
export function presentMessage(record: MessageRecord): Message {
  return {
    id: record.id,
    messageId: record.id,
    waMessageId: record.waMessageId,
    sessionId: record.slug,
    direction: record.direction === 'INBOUND' ? 'inbound' : 'outbound',
    chat: record.chatJid,
    from: record.fromJid ?? record.fromIdentity?.jid ?? null,
    fromMe: record.fromMe,
    ...(record.source && { source: record.source }),
    senderName: record.senderName,
    identities: identitiesOf(record),
    type: record.type,
    text: record.text,
    ...(record.content && { content: record.content }),
    ...(record.media && { media: record.media }),
    ...record.context,
    ...describeMessageState(record.state),
    ...presentTiming(record),
    ...presentError(record),
    ...(record.metadata && { metadata: record.metadata }),
    editedAt: iso(record.editedAt),
    revokedAt: iso(record.revokedAt),
    deletedForMeAt: iso(record.deletedForMeAt),
    reactions: record.reactions ?? [],
    ...presentTotals(record),
    timestamp: iso(record.waTimestamp ?? record.sentAt ?? record.createdAt),
    sentAt: iso(record.sentAt),
    deliveredAt: iso(record.deliveredAt),
    readAt: iso(record.readAt),
    createdAt: record.createdAt.toISOString(),
  };
}
