import { type ListMessagesQuery, messageStatesOf } from '@wa-gate/contracts';
import type { MessageDirection } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { firstIdOf } from '../../http/period.ts';
import type { ContactNames } from '../contacts/index.ts';
import { isMessageId, type MessageFilter } from './messages.repository.ts';

/** What the query string of a list asks for, without its page: ids grow with time, so that times are bounds of ids. */
export async function filterOf(
  { direction, status, chat, from, to }: ListMessagesQuery,
  workspaceId: string,
  names: Pick<ContactNames, 'ofChat'>,
): Promise<MessageFilter> {
  return {
    from: from && firstIdOf('from', from),
    before: to && firstIdOf('to', to),
    direction: direction?.toUpperCase() as MessageDirection | undefined,
    states: status && messageStatesOf(status),
    chatJids: chat === undefined ? undefined : await names.ofChat(workspaceId, chat),
  };
}

/** Below which id a page begins: at its cursor, or at the end of the time that is asked for. */
export function pageBegin(cursor: string | undefined, before: string | undefined): string | undefined {
  if (cursor === undefined) return before;
  if (!isMessageId(cursor)) {
    throw new ApiError('VALIDATION', {
      message: 'The cursor is not valid: use `pagination.nextCursor` of the page before.',
    });
  }
  return before !== undefined && before < cursor ? before : cursor;
}
