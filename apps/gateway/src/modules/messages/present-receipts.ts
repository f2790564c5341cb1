import type { MessageReceipt, MessageReceiptsResult } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import type { MessageRecord } from './messages.repository.ts';

const isGroup = (chatJid: string): boolean => chatJid.endsWith('@g.us');

/**
 * Who has received and read a message of the account. Of a direct chat the message itself says it.
 *
 * @throws {ApiError} for a message that came: its receipts are those of this account
 */
export function presentReceipts(message: MessageRecord, ofMembers: MessageReceipt[]): MessageReceiptsResult {
  if (message.direction === 'INBOUND') {
    throw new ApiError('VALIDATION', {
      message: 'This message was received. Receipts are kept for messages of the account: those with `fromMe: true`.',
    });
  }
  const { id: messageId, waMessageId, chatJid: chat } = message;
  const receipts = isGroup(chat) ? ofMembers : ofContact(message);
  const countOf = (step: keyof MessageReceipt) => receipts.filter((receipt) => receipt[step] !== null).length;
  return {
    messageId,
    waMessageId,
    chat,
    recipients: isGroup(chat) ? message.recipients : 1,
    delivered: countOf('deliveredAt'),
    read: countOf('readAt'),
    played: countOf('playedAt'),
    receipts,
  };
}

/** When a message of a direct chat was played, nobody keeps apart from when it was read. */
function ofContact({ chatJid: jid, deliveredAt, readAt, state }: MessageRecord): MessageReceipt[] {
  if (!deliveredAt && !readAt) return [];
  const [delivered, read] = [deliveredAt, readAt].map((time) => time?.toISOString() ?? null);
  return [{ jid, deliveredAt: delivered!, readAt: read!, playedAt: state === 'PLAYED' ? read! : null }];
}
