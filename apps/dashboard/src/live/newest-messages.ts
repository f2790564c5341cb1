import type { QueryClient } from '@tanstack/react-query';
import { isWaGateError } from '@wa-gate/sdk';
import { messagesKey, readMessage, readMessages } from '../api/messages.ts';
import type { Message } from '../api/types.ts';
import { idOf, type MessagePages, withChange, withNewest, withoutMessage } from './message-pages.ts';

/** Milliseconds in which events for the same answers are taken together. */
export const TOGETHER_MS = 300;
const CHATS = ['messages'] as const;

export function changeMessage(client: QueryClient, messageId: string, change: (message: Message) => Message): void {
  client.setQueriesData<MessagePages>({ queryKey: CHATS }, (known) => known && withChange(known, messageId, change));
}

const waiting = new Map<string, Set<string>>();
/** The number of the latest reading of a chat: the answer of an earlier one is older, whenever it comes. */
const latest = new Map<string, number>();

/**
 * Asks again for the newest messages of the chats of a session that are shown, and for the message that has changed.
 * Events within a moment ask once. Older pages are not asked for: somebody may have scrolled through a thousand of
 * them.
 */
export function freshenMessages(
  client: QueryClient,
  sessionId: string,
  { messageId, afterMs = TOGETHER_MS }: { messageId?: string | undefined; afterMs?: number } = {},
): void {
  const known = waiting.get(sessionId);
  const changed = known ?? new Set<string>();
  if (messageId) changed.add(messageId);
  if (known) return;
  waiting.set(sessionId, changed);
  setTimeout(() => {
    waiting.delete(sessionId);
    for (const { queryKey } of client.getQueryCache().findAll({ queryKey: [...CHATS, sessionId] })) {
      void readAgain(client, sessionId, queryKey[2] as string, changed);
    }
  }, afterMs);
}

/** The stream may have missed something of every session. */
export function freshenAllMessages(client: QueryClient): void {
  const queries = client.getQueryCache().findAll({ queryKey: CHATS });
  for (const sessionId of new Set(queries.map(({ queryKey }) => queryKey[1] as string))) {
    freshenMessages(client, sessionId);
  }
}

function unlessGone(error: unknown): undefined {
  if (!(isWaGateError(error) && error.status === 404)) throw error;
}

async function readAgain(
  client: QueryClient,
  sessionId: string,
  chat: string,
  changed: ReadonlySet<string>,
): Promise<void> {
  const queryKey = messagesKey(sessionId, chat);
  const isLong = (client.getQueryData<MessagePages>(queryKey)?.pages.length ?? 0) > 1;
  if (!isLong) return client.invalidateQueries({ queryKey, exact: true });
  const place = queryKey.join(' ');
  const number = (latest.get(place) ?? 0) + 1;
  latest.set(place, number);
  const read = <T>(name: string, queryFn: () => Promise<T>): Promise<T> =>
    client.fetchQuery({
      ...(client.getDefaultOptions().queries as object),
      // A reading that has begun may lack what the event is about: each event reads for itself.
      queryKey: ['newest', ...queryKey, name, number],
      queryFn,
      staleTime: 0,
      gcTime: 0,
    });
  try {
    const newest = await read('', () => readMessages(sessionId, chat, ''));
    // A page that is on its way would put back what was known when it was asked for.
    await client
      .getQueryCache()
      .find({ queryKey, exact: true })
      ?.promise?.catch(() => undefined);
    const isLatest = latest.get(place) === number;
    if (isLatest) client.setQueryData<MessagePages>(queryKey, (known) => known && withNewest(known, newest));
    // A later reading covers the newest messages, and knows nothing of what has changed in older ones before it.
    const covered = new Set(isLatest ? newest.messages.map(idOf) : []);
    const shown = new Set(
      client.getQueryData<MessagePages>(queryKey)?.pages.flatMap(({ messages }) => messages.map(idOf)),
    );
    for (const messageId of changed) {
      if (covered.has(messageId) || !shown.has(messageId)) continue;
      const message = await read(messageId, () => readMessage(messageId)).catch(unlessGone);
      client.setQueryData<MessagePages>(
        queryKey,
        (known) => known && (message ? withChange(known, messageId, () => message) : withoutMessage(known, messageId)),
      );
    }
  } catch {
    // Nothing answers for longer than the tries last: the stream breaks too, and its return asks again.
    await client.invalidateQueries({ queryKey, exact: true, refetchType: 'none' });
  }
}

/** A chat that is left keeps its newest page, so that a return to it asks for one page. */
export function keepNewest(client: QueryClient, sessionId: string, chat: string): void {
  client.setQueryData<MessagePages>(messagesKey(sessionId, chat), (known) =>
    known && known.pages.length > 1
      ? { pages: known.pages.slice(0, 1), pageParams: known.pageParams.slice(0, 1) }
      : known,
  );
}
