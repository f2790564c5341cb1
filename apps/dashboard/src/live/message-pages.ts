import type { InfiniteData } from '@tanstack/react-query';
import type { Message } from '../api/types.ts';

export interface MessagePage {
  /** Newest first. */
  messages: Message[];
  pagination: { nextCursor: string | null };
}
/** What is known of a chat: from the newest page to the oldest one that was asked for. */
export type MessagePages = InfiniteData<MessagePage, string>;

export const idOf = ({ messageId }: Message): string => messageId;

/**
 * Puts the newest page before what is known. What it covers is as it says; older messages stay.
 *
 * @returns the newest page alone, where messages between it and the known ones may be missing
 */
export function withNewest(known: MessagePages, newest: MessagePage): MessagePages {
  const alone: MessagePages = { pages: [newest], pageParams: [''] };
  const [first, ...older] = known.pages;
  if (!first || newest.pagination.nextCursor === null) return alone;
  const covered = new Set(newest.messages.map(idOf));
  const lastCovered = first.messages.findLastIndex((message) => covered.has(message.messageId));
  if (lastCovered < 0) return alone;
  const messages = [...newest.messages, ...first.messages.slice(lastCovered + 1)];
  return { ...known, pages: [{ ...first, messages }, ...older] };
}

/** @returns the same pages, but for the one that has the message; `known` itself when none has it */
export function withChange(
  known: MessagePages,
  messageId: string,
  change: (message: Message) => Message,
): MessagePages {
  const at = known.pages.findIndex(({ messages }) => messages.some((message) => message.messageId === messageId));
  if (at < 0) return known;
  const page = known.pages[at]!;
  const messages = page.messages.map((message) => (message.messageId === messageId ? change(message) : message));
  return { ...known, pages: known.pages.with(at, { ...page, messages }) };
}

/** @returns the same pages without the message */
export function withoutMessage(known: MessagePages, messageId: string): MessagePages {
  const has = ({ messages }: MessagePage) => messages.some((message) => message.messageId === messageId);
  const without = (page: MessagePage): MessagePage => ({
    ...page,
    messages: page.messages.filter((message) => message.messageId !== messageId),
  });
  return { ...known, pages: known.pages.map((page) => (has(page) ? without(page) : page)) };
}
