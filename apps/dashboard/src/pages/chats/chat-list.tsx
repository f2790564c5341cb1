import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Archive, BellOff, MessagesSquare, Pin } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { Chat } from '../../api/types.ts';
import { day, time } from '../../i18n/format.ts';
import { Empty, ErrorNotice, Loading } from '../../ui/surface.tsx';
import { Avatar } from './avatar.tsx';
import styles from './chats.module.css';
import { useSummary } from './message-content.tsx';
import { useChatNames } from './names.ts';
import { type ChatChoice, chatsQuery, foundMessagesQuery } from './queries.ts';
import type { ChatsSearch } from './search.ts';
import { chatsTexts } from './texts.ts';

const ROW_HEIGHT = 72;
/** Letters from which messages are searched too. */
const SEARCH_FROM = 3;

const shortTime = (at: string): string =>
  new Date(at).toDateString() === new Date().toDateString() ? time(at) : day(at);

export function ChatList({
  search,
  filter,
  choice,
  wanted,
}: {
  search: string;
  choice: ChatChoice;
  /** Only the chats of this session. */
  filter: string | undefined;
  /** The chat that is open. */
  wanted: ChatsSearch;
}) {
  const t = chatsTexts.use();
  const chats = useInfiniteQuery(chatsQuery(filter, search, choice));
  const { data, fetchNextPage, hasNextPage, isFetchingNextPage } = chats;
  const all = useMemo(() => data?.pages.flatMap(({ chats: some }) => some) ?? [], [data]);
  const nameOf = useChatNames(all);
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: all.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    getItemKey: useCallback((index: number) => `${all[index]?.sessionId} ${all[index]?.chat}`, [all]),
  });
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (all.length > 0 && lastIndex >= all.length - 5 && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [lastIndex, all.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  if (chats.isLoading) return <Loading rows={6} height={56} />;
  if (chats.error && !data) return <ErrorNotice error={chats.error} onRetry={() => void chats.refetch()} />;
  return (
    <div ref={frame} className={styles.listFrame}>
      {all.length === 0 && (
        <Empty icon={MessagesSquare} title={search ? t('noneFound') : choice ? t('noneChosen') : t('emptyTitle')}>
          {!search && !choice && t('emptyText')}
        </Empty>
      )}
      <ul style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {items.map(({ index, key, start }) => {
          const chat = all[index];
          return chat ? (
            <li key={key} className={styles.row} style={{ transform: `translateY(${start}px)`, height: ROW_HEIGHT }}>
              <ChatRow chat={chat} name={nameOf(chat)} wanted={wanted} />
            </li>
          ) : null;
        })}
      </ul>
      {search.length >= SEARCH_FROM && <FoundMessages text={search} filter={filter} />}
    </div>
  );
}

function ChatRow({ chat, name, wanted }: { chat: Chat; name: string; wanted: ChatsSearch }) {
  const t = chatsTexts.use();
  const summary = useSummary();
  const { lastMessage, unreadCount, isGroup, lastActivityAt } = chat;
  const isOpen = wanted.chat === chat.chat && wanted.session === chat.sessionId;
  return (
    <Link
      to="/chats"
      search={{ session: chat.sessionId, chat: chat.chat }}
      className={styles.chatRow}
      aria-current={isOpen ? 'page' : undefined}
      activeProps={{}}
    >
      <Avatar name={name} isGroup={isGroup} />
      <span className={styles.chatText}>
        <span className={styles.chatHead}>
          <strong>{name}</strong>
          <time dateTime={lastActivityAt}>{shortTime(lastActivityAt)}</time>
        </span>
        <span className={styles.chatLast}>
          <span>
            {lastMessage?.fromMe && `${t('you')}: `}
            {lastMessage && summary(lastMessage)}
          </span>
          <ChatMarks chat={chat} />
          {unreadCount > 0 && (
            <b>
              <span aria-hidden="true">{unreadCount}</span>
              <span className="visually-hidden">{t('unread', { count: unreadCount })}</span>
            </b>
          )}
        </span>
      </span>
    </Link>
  );
}

/** Pinned, muted, archived: as signs, and in words for who does not see them. */
function ChatMarks({ chat }: { chat: Chat }) {
  const t = chatsTexts.use();
  const marks = [
    { is: chat.isPinned, icon: Pin, word: t('pinned') },
    { is: chat.isMuted, icon: BellOff, word: t('muted') },
    { is: chat.isArchived, icon: Archive, word: t('archived') },
  ].filter(({ is }) => is);
  return marks.map(({ icon: Icon, word }) => (
    <span key={word} className={styles.mark} title={word}>
      <Icon aria-hidden="true" size={14} />
      <span className="visually-hidden">{word}</span>
    </span>
  ));
}

function FoundMessages({ text, filter }: { text: string; filter: string | undefined }) {
  const t = chatsTexts.use();
  const summary = useSummary();
  const found = useQuery(foundMessagesQuery(text, filter));
  const messages = found.data?.messages ?? [];
  const nameOf = useChatNames(messages);
  return (
    <div className={styles.found}>
      <h3>{t('results')}</h3>
      {found.data && messages.length === 0 && <p className={styles.faint}>{t('noMessageFound')}</p>}
      <ul>
        {messages.map((message) => (
          <li key={message.messageId}>
            <Link to="/chats" search={{ session: message.sessionId, chat: message.chat }} className={styles.foundRow}>
              <strong>{nameOf({ ...message, identity: message.identities.chat })}</strong>
              <span>{summary(message)}</span>
              <time dateTime={message.createdAt}>{shortTime(message.createdAt)}</time>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
