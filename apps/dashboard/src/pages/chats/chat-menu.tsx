import { useMutation, useQuery } from '@tanstack/react-query';
import { Archive, BellOff, Eraser, MoreVertical, Pin, Star, Tag, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Chat } from '../../api/types.ts';
import buttonStyles from '../../ui/button.module.css';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Menu } from '../../ui/menu.tsx';
import { Empty, ErrorNotice, Loading } from '../../ui/surface.tsx';
import { toastError } from '../../ui/toast.tsx';
import { useSummary } from './message-content.tsx';
import { useChatNames } from './names.ts';
import { labelsQuery, starredQuery } from './queries.ts';
import { chatsTexts } from './texts.ts';

type Change = { isArchived?: boolean; isPinned?: boolean; isMuted?: boolean };

const refresh = () => queryClient.invalidateQueries({ queryKey: ['chats'] });

/** What the account does to a chat for itself: archive, pin, mute, label, clear, delete. */
export function ChatMenu({ chat, onDeleted }: { chat: Chat; onDeleted(): void }) {
  const t = chatsTexts.use();
  const [asked, setAsked] = useState<'clear' | 'delete' | 'starred'>();
  const path = { id: chat.sessionId, chat: chat.chat };
  const labels = useQuery(labelsQuery(chat.sessionId)).data?.labels ?? [];
  const update = useMutation({
    mutationFn: (body: Change) => api.chats.update({ ...path, body }),
    onSuccess: refresh,
    onError: toastError,
  });
  const label = useMutation({
    mutationFn: ({ labelId, isOn }: { labelId: string; isOn: boolean }) => {
      const input = { ...path, label: labelId };
      return isOn ? api.labels.assignChat(input) : api.labels.unassignChat(input);
    },
    onSuccess: refresh,
    onError: toastError,
  });
  const clear = useMutation({
    mutationFn: () => api.chats.clear({ ...path, body: {} }),
    onSuccess: async () => {
      setAsked(undefined);
      await refresh();
    },
  });
  const remove = useMutation({
    mutationFn: () => api.chats.delete(path),
    onSuccess: async () => {
      setAsked(undefined);
      onDeleted();
      await refresh();
    },
  });
  const has = (labelId: string) => chat.labels.some((each) => each.labelId === labelId);
  return (
    <>
      <Menu
        label={t('chatActions')}
        trigger={
          <AriaButton
            aria-label={t('chatActions')}
            className={`${buttonStyles.button} ${buttonStyles.quiet} ${buttonStyles.small} ${buttonStyles.icon}`}
          >
            <MoreVertical aria-hidden="true" />
          </AriaButton>
        }
        sections={[
          {
            entries: [
              {
                id: 'archive',
                label: t(chat.isArchived ? 'unarchive' : 'archive'),
                icon: Archive,
                onAction: () => update.mutate({ isArchived: !chat.isArchived }),
              },
              {
                id: 'pin',
                label: t(chat.isPinned ? 'unpin' : 'pin'),
                icon: Pin,
                onAction: () => update.mutate({ isPinned: !chat.isPinned }),
              },
              {
                id: 'mute',
                label: t(chat.isMuted ? 'unmute' : 'mute'),
                icon: BellOff,
                onAction: () => update.mutate({ isMuted: !chat.isMuted }),
              },
              { id: 'starred', label: t('starred'), icon: Star, onAction: () => setAsked('starred') },
            ],
          },
          {
            title: t('labels'),
            entries: labels.map(({ labelId, name }) => ({
              id: `label-${labelId}`,
              label: name,
              icon: Tag,
              isChosen: has(labelId),
              onAction: () => label.mutate({ labelId, isOn: !has(labelId) }),
            })),
          },
          {
            entries: [
              { id: 'clear', label: t('clear'), icon: Eraser, isDangerous: true, onAction: () => setAsked('clear') },
              {
                id: 'delete',
                label: t('deleteChat'),
                icon: Trash2,
                isDangerous: true,
                onAction: () => setAsked('delete'),
              },
            ],
          },
        ]}
      />
      <Confirm
        title={t('clear')}
        action={t('clear')}
        isOpen={asked === 'clear'}
        isBusy={clear.isPending}
        error={clear.error}
        onConfirm={() => clear.mutate()}
        onClose={() => setAsked(undefined)}
      >
        {t('clearText')}
      </Confirm>
      <Confirm
        title={t('deleteChat')}
        action={t('deleteChat')}
        isOpen={asked === 'delete'}
        isBusy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(undefined)}
      >
        {t('deleteText')}
      </Confirm>
      <Dialog title={t('starred')} isOpen={asked === 'starred'} onClose={() => setAsked(undefined)}>
        <Starred sessionId={chat.sessionId} />
      </Dialog>
    </>
  );
}

/** The latest messages of the session with a star. */
function Starred({ sessionId }: { sessionId: string }) {
  const t = chatsTexts.use();
  const summary = useSummary();
  const { data, error, isLoading, refetch } = useQuery(starredQuery(sessionId));
  const messages = data?.messages ?? [];
  const nameOf = useChatNames(messages);
  if (isLoading) return <Loading rows={3} height={40} />;
  if (error && !data) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (messages.length === 0) return <Empty icon={Star} title={t('noStarred')} />;
  return (
    <ul>
      {messages.map((message) => (
        <li key={message.messageId}>
          <strong>{nameOf({ ...message, identity: message.identities.chat })}</strong>
          <p>{summary(message)}</p>
        </li>
      ))}
    </ul>
  );
}
