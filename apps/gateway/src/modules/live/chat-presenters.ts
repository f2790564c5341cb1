import { HISTORY_ON_REQUEST, type PresentedOperationName } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import type { Presenter } from './presenter.ts';

/** WhatsApp's own word for "until it is unmuted". */
const FOR_EVER = -1;

type ChatOperationName = Extract<PresentedOperationName, `chats.${string}`>;

const chatOf = (request: { params: unknown }): string => (request.params as { chat: string }).chat;

/** What the gateway makes of operations on chats: the jid of a chat, its last message, its settings afterwards. */
export const CHAT_PRESENTERS: { [N in ChatOperationName]: Presenter<N> } = {
  'chats.markRead': {
    async present({ request, session, references, ask }) {
      const { chat } = request.body as { chat: string };
      const { messageId, last, received } = await references.lastOf(session, chat);
      await ask({ chat: last.chat, last, messages: received.length > 0 ? received : [last] });
      await references.wereRead(session, [messageId]);
      return { chat: last.chat };
    },
  },
  'chats.markUnread': {
    async present({ request, session, references, ask }) {
      const { last } = await references.lastOf(session, (request.body as { chat: string }).chat);
      await ask({ chat: last.chat, last });
      return { chat: last.chat };
    },
  },
  'chats.update': {
    async present({ request, session, references, ask }) {
      const { isMuted, mutedUntil, ...changes } = request.body as {
        isArchived?: boolean;
        isPinned?: boolean;
        isMuted?: boolean;
        mutedUntil?: string;
      };
      const until = muteOf(isMuted, mutedUntil);
      const { chat, names, last } = await references.chatOf(session, chatOf(request));
      await ask({ chat, ...(last && { last }), ...changes, ...(until !== undefined && { mutedUntil: until }) });
      return { chat, ...(await references.settingsOf(session, names)) };
    },
  },
  'chats.clear': {
    async present({ request, session, references, ask }) {
      const { keepStarred = true } = (request.body ?? {}) as { keepStarred?: boolean };
      const { last } = await references.lastOf(session, chatOf(request));
      await ask({ chat: last.chat, last, keepStarred });
      return { chat: last.chat };
    },
  },
  'chats.delete': {
    async present({ request, session, references, ask }) {
      const { last } = await references.lastOf(session, chatOf(request));
      await ask({ chat: last.chat, last });
      return { chat: last.chat };
    },
  },
  'chats.fetchHistory': {
    async present({ request, session, references, ask }) {
      const { count = HISTORY_ON_REQUEST.default } = (request.body ?? {}) as { count?: number };
      const { messageId, first } = await references.firstOf(session, chatOf(request));
      const { requestId } = await ask({ first, count });
      return {
        chat: first.chat,
        requestId,
        beforeMessageId: messageId,
        before: new Date(first.at * 1_000).toISOString(),
      };
    },
  },
};

/** @throws {ApiError} VALIDATION */
function muteOf(isMuted: boolean | undefined, mutedUntil: string | undefined): number | undefined {
  if (mutedUntil === undefined) return isMuted === undefined ? undefined : isMuted ? FOR_EVER : 0;
  if (isMuted === false) {
    throw new ApiError('VALIDATION', { message: 'Give `mutedUntil` to mute the chat or `isMuted: false`, not both.' });
  }
  const until = Date.parse(mutedUntil);
  if (until <= Date.now()) {
    throw new ApiError('VALIDATION', {
      message: '`mutedUntil` is over. Give a time to come, or `isMuted: false` to unmute the chat.',
    });
  }
  return until;
}
