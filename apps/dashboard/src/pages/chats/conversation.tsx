import { useMutation, useQuery } from '@tanstack/react-query';
import { ArrowLeft, CheckCheck } from 'lucide-react';
import { useState } from 'react';
import { usePermission } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Chat, Message } from '../../api/types.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/surface.tsx';
import { toastError } from '../../ui/toast.tsx';
import { sessionQuery } from '../sessions/queries.ts';
import { StateBadge } from '../sessions/state.tsx';
import { Avatar } from './avatar.tsx';
import { ChatMenu } from './chat-menu.tsx';
import styles from './chats.module.css';
import { Composer } from './composer.tsx';
import { MessageList } from './message-list.tsx';
import { useChatNames } from './names.ts';
import { chatsTexts } from './texts.ts';
import { TimelineDialog } from './timeline-dialog.tsx';

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
  const maySend = usePermission('messages.send');
  const session = useQuery(sessionQuery(sessionId));
  const state = session.data?.state;
  const place = { sessionId, chat };
  const name = useChatNames([place])(known ?? place);
  const isGroup = known?.isGroup ?? chat.endsWith('@g.us');
  const [shown, setShown] = useState<Message>();
  const [replyTo, setReplyTo] = useState<Message>();
  const unread = known?.unreadCount ?? 0;
  const markRead = useMutation({
    mutationFn: () => api.chats.markRead({ id: sessionId, body: { chat } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['chats'] }),
    onError: toastError,
  });

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
      <MessageList
        sessionId={sessionId}
        chat={chat}
        name={name}
        isGroup={isGroup}
        mayAskPhone={maySend && state === 'connected'}
        onDetails={setShown}
        onReply={maySend ? setReplyTo : undefined}
      />
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
