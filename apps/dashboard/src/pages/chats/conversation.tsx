import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowLeft, CheckCheck, History, MessageSquareDashed } from 'lucide-react';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { usePermission } from '../../account/account.ts';
import { api, unwrap } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Chat, Message } from '../../api/types.ts';
import { longDay } from '../../i18n/format.ts';
import { keepNewest } from '../../live/newest-messages.ts';
import { Button } from '../../ui/button.tsx';
import { Empty, ErrorNotice, Loading, Notice } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { sessionQuery } from '../sessions/queries.ts';
import { StateBadge } from '../sessions/state.tsx';
import { Avatar } from './avatar.tsx';
import { ChatMenu } from './chat-menu.tsx';
import styles from './chats.module.css';
import { Composer } from './composer.tsx';
import { MessageBubble } from './message-bubble.tsx';
import { nameOfChat, readable } from './names.ts';
import { messagesQuery } from './queries.ts';
import { chatsTexts } from './texts.ts';
import { TimelineDialog } from './timeline-dialog.tsx';

const GUESSED_HEIGHT = 64;
/** Pixels from the end within which new messages pull the view along. */
const NEAR_END = 120;

type Row =
  | { kind: 'older'; key: string }
  | { kind: 'day'; key: string; at: string }
  | { kind: 'message'; key: string; message: Message };

const timeOf = (message: Message): string => message.timestamp ?? message.createdAt;

/** Days of messages, which take longer to find than all else of a row. */
const days = new WeakMap<Message, string>();

function dayOf(message: Message): string {
  const known = days.get(message);
  if (known) return known;
  const day = new Date(timeOf(message)).toDateString();
  days.set(message, day);
  return day;
}

/** Oldest first, with the days between them. `asksPhone`: before the oldest one the phone can be asked for more. */
function rowsOf(pages: readonly { messages: Message[] }[], asksPhone: boolean): Row[] {
  const seen = new Set<string>();
  const rows: Row[] = [];
  let day = '';
  for (const message of pages.flatMap(({ messages }) => messages).toReversed()) {
    if (seen.has(message.messageId)) continue;
    seen.add(message.messageId);
    const thisDay = dayOf(message);
    if (thisDay !== day) rows.push({ kind: 'day', key: `day ${thisDay}`, at: timeOf(message) });
    day = thisDay;
    rows.push({ kind: 'message', key: message.messageId, message });
  }
  const [first] = rows;
  if (asksPhone && first) rows.unshift({ kind: 'older', key: `before ${first.key}` });
  return rows;
}

function useDayWord(): (at: string) => string {
  const t = chatsTexts.use();
  return (at) => {
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
    return days === 0 ? t('today') : days === 1 ? t('yesterday') : longDay(at);
  };
}

export function Conversation({
  sessionId,
  chat,
  known,
  onBack,
}: {
  sessionId: string;
  chat: string;
  /** Its row in the list, where it is there already. */
  known: Chat | undefined;
  onBack(): void;
}) {
  const t = chatsTexts.use();
  const dayWord = useDayWord();
  const maySend = usePermission('messages.send');
  const session = useQuery(sessionQuery(sessionId));
  const messages = useInfiniteQuery(messagesQuery(sessionId, chat));
  const { data, fetchNextPage, hasNextPage, isFetchingNextPage } = messages;
  const state = session.data?.state;
  const asksPhone = maySend && state === 'connected' && !hasNextPage;
  const rows = useMemo(() => rowsOf(data?.pages ?? [], asksPhone), [data, asksPhone]);
  const name = known ? nameOfChat(known) : readable(chat);
  const isGroup = known?.isGroup ?? chat.endsWith('@g.us');
  const [shown, setShown] = useState<Message>();
  const [replyTo, setReplyTo] = useState<Message>();
  const [isNearEnd, setNearEnd] = useState(true);
  const frame = useRef<HTMLDivElement>(null);
  const unread = known?.unreadCount ?? 0;
  const markRead = useMutation({
    mutationFn: () =>
      unwrap(api.POST('/api/sessions/{id}/chats/read', { params: { path: { id: sessionId } }, body: { chat } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['chats'] }),
    onError: toastError,
  });
  const older = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST('/api/sessions/{id}/chats/{chat}/history', {
          params: { path: { id: sessionId, chat } },
          body: { count: 50 },
        }),
      ),
    onSuccess: () => toast(t('olderAsked')),
    onError: toastError,
  });

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => GUESSED_HEIGHT,
    getItemKey: (index) => rows[index]?.key ?? index,
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
  const details = useCallback((message: Message) => setShown(message), []);
  const reply = useCallback((message: Message) => setReplyTo(message), []);

  return (
    <section className={styles.conversation} aria-label={t('conversation', { name })}>
      <header className={styles.conversationHead}>
        <span className={styles.backFrame}>
          <Button look="quiet" isIcon aria-label={t('back')} onClick={onBack}>
            <ArrowLeft />
          </Button>
        </span>
        <Avatar name={name} isGroup={isGroup} />
        <div className={styles.conversationName}>
          <h2>{name}</h2>
          <p className={styles.faint}>
            {session.data?.name ?? sessionId}
            {isGroup && ` · ${t('group')}`}
          </p>
        </div>
        {state && state !== 'connected' && <StateBadge state={state} />}
        {unread > 0 && maySend && (
          <Button size="small" isBusy={markRead.isPending} onClick={() => markRead.mutate()}>
            <CheckCheck aria-hidden="true" />
            {t('markRead')}
          </Button>
        )}
        {known && maySend && <ChatMenu chat={known} onDeleted={onBack} />}
      </header>
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
                className={styles.row}
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
                  <MessageBubble
                    message={row.message}
                    isGroup={isGroup}
                    onDetails={details}
                    onReply={maySend ? reply : undefined}
                  />
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
      {maySend ? (
        <>
          {state && state !== 'connected' && (
            <div className={styles.hint}>
              <Notice tone="warn">{t('notConnected')}</Notice>
            </div>
          )}
          <Composer
            key={`${sessionId} ${chat}`}
            sessionId={sessionId}
            chat={chat}
            replyTo={replyTo}
            onReplied={() => setReplyTo(undefined)}
          />
        </>
      ) : (
        <p className={styles.hint}>{t('mayNotSend')}</p>
      )}
      {shown && <TimelineDialog messageId={shown.messageId} onClose={() => setShown(undefined)} />}
    </section>
  );
}
