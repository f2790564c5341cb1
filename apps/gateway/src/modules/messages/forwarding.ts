import { KIND_NAMES, type KindName, kindOf, type SendRequest } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { objectionToAny } from './change-rules.ts';
import type { MessageRecord } from './messages.repository.ts';
import type { Forwarding } from './sending.ts';

/** What phones count at most; they show 5 and more as "forwarded many times". */
const MOST_FORWARDED = 127;

type Forwarded = Pick<
  MessageRecord,
  | 'id'
  | 'type'
  | 'fromMe'
  | 'chatJid'
  | 'state'
  | 'revokedAt'
  | 'sentAt'
  | 'waTimestamp'
  | 'text'
  | 'content'
  | 'context'
  | 'media'
>;

/**
 * The request that sends a stored message once more: what it says, and nothing of what surrounded it there. As phones
 * do, only what somebody else has written, or was forwarded before, is marked as forwarded.
 *
 * @throws {ApiError} it cannot be forwarded, with the reason
 */
export function forwardOf(message: Forwarded): { fields: Omit<SendRequest, 'to'>; forwarding: Forwarding } {
  const objection = objectionToAny(message);
  if (objection) throw objection;
  const { type, text, content, media, context, fromMe, id: messageId } = message;
  if (context?.viewOnce || content?.kind === 'viewOnce')
    throw refused('It is to be seen once, by those it was sent to.');
  const kind = isKind(type) ? kindOf(type) : undefined;
  const fields = kind?.forwarded?.({ text, content, media });
  if (!fields) throw refused(`A message of type \`${type}\`, or in this form of it, cannot be forwarded here.`);
  const before = context?.forwardedCount ?? 0;
  const forwardedCount = fromMe ? before : Math.min(before + 1, MOST_FORWARDED);
  return { fields: { ...fields, type: type as KindName }, forwarding: { messageId, forwardedCount } };
}

const isKind = (type: string): type is KindName => (KIND_NAMES as readonly string[]).includes(type);

const refused = (why: string): ApiError => new ApiError('MESSAGE_NOT_FORWARDABLE', { message: why });
