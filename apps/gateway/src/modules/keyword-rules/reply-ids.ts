import { createHash } from 'node:crypto';
import { timeOfId } from '@wa-gate/kit';

/**
 * The ids of what answers a message by itself. They follow from who answers and from the message: an answer that is
 * accepted a second time, after whatever crash, is the same message. They sort right behind the message.
 *
 * @param by the id of the rule, or another name
 */
export function replyIds(by: string, messageId: string): { messageId: string; waMessageId: string } {
  const hash = createHash('sha256').update(`${by} ${messageId}`).digest('hex');
  const time = (timeOfId(messageId) + 1).toString(16).padStart(12, '0');
  const variant = (8 + (Number.parseInt(hash[3]!, 16) % 4)).toString(16);
  const id = [
    time.slice(0, 8),
    time.slice(8, 12),
    `7${hash.slice(0, 3)}`,
    `${variant}${hash.slice(4, 7)}`,
    hash.slice(7, 19),
  ].join('-');
  return { messageId: id, waMessageId: `3EB0${hash.slice(19, 37).toUpperCase()}` };
}
