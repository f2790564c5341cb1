import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { measureElement, useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, History, MessageSquareDashed } from 'lucide-react';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Message } from '../../api/types.ts';
import { longDay } from '../../i18n/format.ts';
import { keepNewest } from '../../live/newest-messages.ts';
import { Button } from '../../ui/button.tsx';
import { Empty, ErrorNotice, Loading } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import styles from './chats.module.css';
import { MessageBubble } from './message-bubble.tsx';
import { messagesQuery } from './queries.ts';
import { type Row, RowHeights, rowsOf } from './rows.ts';
import { chatsTexts } from './texts.ts';

/** Pixels of a row of which none was drawn yet. */
const GUESSED_HEIGHT = 64;
/** Pixels from the end within which new messages pull the view along. */
const NEAR_END = 120;

function useDayWord(): (at: string) => string {
  const t = chatsTexts.use();
  return (at) => {
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
    return days === 0 ? t('today') : days === 1 ? t('yesterday') : longDay(at);
  };
}

/** The messages of a chat. It is drawn anew while somebody scrolls, so nothing else of the page is part of it. */
export function MessageList({
  sessionId,
  chat,
  name,
  isGroup,
  mayAskPhone,
  onDetails,
  onReply,
}: {
  sessionId: string;
  chat: string;
  /** Of the chat. */
  name: string;
  isGroup: boolean;
  /** For messages before the oldest one. */
  mayAskPhone: boolean;
  onDetails(message: Message): void;
  onReply?: ((message: Message) => void) | undefined;
}) {
  const t = chatsTexts.use();
  const dayWord = useDayWord();
  const messages = useInfiniteQuery(messagesQuery(sessionId, chat));
  const { data, fetchNextPage, hasNextPage, isFetchingNextPage } = messages;
  const asksPhone = mayAskPhone && !hasNextPage;
  const rows = useMemo(() => rowsOf(data?.pages ?? [], asksPhone), [data, asksPhone]);
  const [isNearEnd, setNearEnd] = useState(true);
  const frame = useRef<HTMLDivElement>(null);
  const older = useMutation({
    mutationFn: () => api.chats.fetchHistory({ id: sessionId, chat, body: { count: 50 } }),
    onSuccess: () => toast(t('olderAsked')),
    onError: toastError,
  });

  const [heights] = useState(() => new RowHeights(GUESSED_HEIGHT));
  const virtual = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: (index) => heights.guess(rows[index] as Row),
    // Another function means other rows: the places of all of them are computed again.
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    measureElement: (element, entry, instance) => {
      const height = measureElement(element, entry, instance);
      const row = rows[instance.indexFromElement(element)];
      if (row) heights.learn(row, height);
      return height;
    },
    overscan: 6,
  });
  const total = virtual.getTotalSize();
  useEffect(() => () => keepNewest(queryClient, sessionId, chat), [sessionId, chat]);

  // The view stays at the end while new messages come, and where it is when older ones are put before.
  const last = rows.at(-1)?.key;
  const firstKey = rows[0]?.key;
  const before = useRef<{ firstKey: string | undefined; height: number }>({ firstKey: undefined, height: 0 });
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element || rows.length === 0) return;
    const { firstKey: oldFirst, height } = before.current;
    if (oldFirst !== undefined && oldFirst !== firstKey && !isNearEnd) {
      element.scrollTop += total - height;
    }
    before.current = { firstKey, height: total };
  }, [firstKey, total, rows.length, isNearEnd]);
  // Only a new last message, or one that has got its height, moves the view.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever scrolls moves the view by hand
  useLayoutEffect(() => {
    if (last && isNearEnd) virtual.scrollToIndex(rows.length - 1, { align: 'end' });
  }, [last, total]);

  const items = virtual.getVirtualItems();
  const firstIndex = items[0]?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && firstIndex < 8 && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [firstIndex, rows.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  const onScroll = () => {
    const element = frame.current;
    if (element) setNearEnd(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END);
  };

  return (
    <>
      <div
        ref={frame}
        className={styles.messages}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-label={t('conversation', { name })}
      >
        {messages.isLoading && <Loading rows={5} height={54} />}
        {messages.error && !data && <ErrorNotice error={messages.error} onRetry={() => void messages.refetch()} />}
        {data && rows.length === 0 && <Empty icon={MessageSquareDashed} title={t('noMessages')} />}
        <div style={{ height: total, position: 'relative' }}>
          {items.map(({ index, key, start }) => {
            const row = rows[index];
            if (!row) return null;
            return (
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                className={styles.messageRow}
                style={{ transform: `translateY(${start}px)` }}
              >
                {row.kind === 'older' && (
                  <p className={styles.older}>
                    <Button size="small" look="quiet" isBusy={older.isPending} onClick={() => older.mutate()}>
                      <History aria-hidden="true" />
                      {t('older')}
                    </Button>
                  </p>
                )}
                {row.kind === 'day' && (
                  <p className={styles.day}>
                    <span>{dayWord(row.at)}</span>
                  </p>
                )}
                {row.kind === 'message' && (
                  <MessageBubble message={row.message} isGroup={isGroup} onDetails={onDetails} onReply={onReply} />
                )}
              </div>
            );
          })}
        </div>
      </div>
      {!isNearEnd && (
        <div className={styles.toEnd}>
          <Button
            isIcon
            aria-label={t('newest')}
            onClick={() => {
              setNearEnd(true);
              virtual.scrollToIndex(rows.length - 1, { align: 'end' });
            }}
          >
            <ArrowDown />
          </Button>
        </div>
      )}
    </>
  );
}
