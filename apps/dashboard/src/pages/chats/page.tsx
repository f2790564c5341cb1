import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { MessageSquare, MessageSquarePlus } from 'lucide-react';
import { useDeferredValue, useEffect, useState } from 'react';
import { usePermission } from '../../account/account.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Form, Row, SearchField, Select, SelectField, TextField } from '../../ui/field.tsx';
import { Empty } from '../../ui/surface.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import { ChatList } from './chat-list.tsx';
import styles from './chats.module.css';
import { Conversation } from './conversation.tsx';
import { type ChatChoice, chatsQuery, labelsQuery } from './queries.ts';
import { chatsTexts } from './texts.ts';

export function ChatsPage() {
  const t = chatsTexts.use();
  const wanted = useSearch({ from: '/app/chats' });
  const navigate = useNavigate();
  const maySend = usePermission('messages.send');
  const sessions = useQuery(sessionsQuery).data?.sessions ?? [];
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState(wanted.chat ? '' : (wanted.session ?? ''));
  const [choice, setChoice] = useState<ChatChoice>('');
  const [isNew, setNew] = useState(false);
  const labelled = filter || (sessions.length === 1 ? (sessions[0]?.sessionId ?? '') : '');
  const labels = useQuery({ ...labelsQuery(labelled), enabled: labelled !== '' }).data?.labels ?? [];
  const deferred = useDeferredValue(search.trim());
  const listed = useInfiniteQuery(chatsQuery(filter || undefined, ''));
  const known = listed.data?.pages
    .flatMap(({ chats }) => chats)
    .find(({ sessionId, chat }) => sessionId === wanted.session && chat === wanted.chat);
  useEffect(() => {
    document.title = `${t('title')} · wa-gate`;
  }, [t]);
  const open = (session: string, chat: string) => void navigate({ to: '/chats', search: { session, chat } });
  const isOpen = wanted.session !== undefined && wanted.chat !== undefined;
  return (
    <div className={styles.chats} data-open={isOpen || undefined}>
      <aside className={styles.list} aria-label={t('title')}>
        <header className={styles.listHead}>
          <h1>{t('title')}</h1>
          {maySend && sessions.length > 0 && (
            <Button isIcon look="quiet" aria-label={t('newChat')} onClick={() => setNew(true)}>
              <MessageSquarePlus />
            </Button>
          )}
        </header>
        <div className={styles.listTools}>
          <SearchField label={t('search')} value={search} onChange={setSearch} />
          {sessions.length > 1 && (
            <Select
              isSmall
              label={t('session')}
              value={filter}
              onChange={(event) => {
                setFilter(event.target.value);
                // The label of one session is another one in the next.
                setChoice((before) => (before.startsWith('label:') ? '' : before));
              }}
            >
              <option value="">{t('allSessions')}</option>
              {sessions.map(({ sessionId, name }) => (
                <option key={sessionId} value={sessionId}>
                  {name}
                </option>
              ))}
            </Select>
          )}
          <Select
            isSmall
            label={t('show')}
            value={choice}
            onChange={(event) => setChoice(event.target.value as ChatChoice)}
          >
            <option value="">{t('allChats')}</option>
            {(['unread', 'archived', 'pinned', 'muted'] as const).map((each) => (
              <option key={each} value={each}>
                {t(each === 'unread' ? 'unreadOnes' : each)}
              </option>
            ))}
            {labels.map(({ labelId, name }) => (
              <option key={labelId} value={`label:${labelId}`}>
                {t('withLabel', { name })}
              </option>
            ))}
          </Select>
        </div>
        <ChatList search={deferred} filter={filter || undefined} choice={choice} wanted={wanted} />
      </aside>
      {isOpen ? (
        <Conversation
          key={`${wanted.session} ${wanted.chat}`}
          sessionId={wanted.session as string}
          chat={wanted.chat as string}
          known={known}
          onBack={() => void navigate({ to: '/chats', search: {} })}
        />
      ) : (
        <div className={styles.nothing}>
          <Empty icon={MessageSquare} title={t('choose')}>
            {t('chooseText')}
          </Empty>
        </div>
      )}
      {isNew && (
        <NewChat
          sessions={sessions}
          first={filter || wanted.session}
          onClose={() => setNew(false)}
          onOpen={(session, chat) => {
            setNew(false);
            open(session, chat);
          }}
        />
      )}
    </div>
  );
}

function NewChat({
  sessions,
  first,
  onClose,
  onOpen,
}: {
  sessions: readonly { sessionId: string; name: string }[];
  first: string | undefined;
  onClose(): void;
  onOpen(session: string, chat: string): void;
}) {
  const t = chatsTexts.use();
  const [session, setSession] = useState(first ?? sessions[0]?.sessionId ?? '');
  const [to, setTo] = useState('');
  const [problem, setProblem] = useState<string>();
  return (
    <Dialog title={t('newChat')} isOpen onClose={onClose}>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          const number = to.replace(/[^\d]/g, '');
          if (number.length < 5) setProblem(t('numberMissing'));
          else onOpen(session, `${number}@s.whatsapp.net`);
        }}
      >
        {sessions.length > 1 && (
          <SelectField label={t('session')} value={session} onChange={(event) => setSession(event.target.value)}>
            {sessions.map(({ sessionId, name }) => (
              <option key={sessionId} value={sessionId}>
                {name}
              </option>
            ))}
          </SelectField>
        )}
        <TextField
          label={t('newChatTo')}
          hint={t('newChatHint')}
          type="tel"
          autoFocus
          value={to}
          error={problem}
          onChange={(event) => setTo(event.target.value)}
        />
        <Row atEnd>
          <Button type="submit" look="primary">
            {t('open')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
