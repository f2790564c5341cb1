import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Broadcast, Session } from '../../api/types.ts';
import { LinkButton } from '../../ui/button.tsx';
import { ErrorNotice, Loading, Notice, Page } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import { type Draft, DraftForm, fieldTime } from './draft-form.tsx';
import { broadcastQuery, isUnstarted, refreshBroadcasts } from './queries.ts';
import { broadcastsTexts } from './texts.ts';

export function EditPage() {
  const t = broadcastsTexts.use();
  const { broadcastId } = useParams({ from: '/app/broadcasts/$broadcastId/edit' });
  const broadcast = useQuery(broadcastQuery(broadcastId));
  const sessions = useQuery(sessionsQuery);
  const error = broadcast.error ?? sessions.error;
  const isLoaded = broadcast.data !== undefined && sessions.data !== undefined;
  return (
    <Page
      title={broadcast.data ? t('editTitle', { name: broadcast.data.name }) : t('oneTitle')}
      lead={t('editLead')}
      isNarrow
      actions={
        <LinkButton to="/broadcasts/$broadcastId" params={{ broadcastId }}>
          <ArrowLeft aria-hidden="true" />
          {t('backToOne')}
        </LinkButton>
      }
    >
      {!isLoaded && !error && <Loading rows={4} height={80} />}
      {!isLoaded && error && (
        <ErrorNotice error={error} onRetry={() => void Promise.all([broadcast.refetch(), sessions.refetch()])} />
      )}
      {isLoaded &&
        (isUnstarted(broadcast.data) ? (
          <Edit key={broadcastId} broadcast={broadcast.data} sessions={sessions.data.sessions} />
        ) : (
          <Notice tone="warn">{t('hasBegun')}</Notice>
        ))}
    </Page>
  );
}

const isOther = (chosen: readonly string[], known: readonly string[]): boolean =>
  chosen.length !== known.length || chosen.some((each) => !known.includes(each));

function Edit({ broadcast, sessions }: { broadcast: Broadcast; sessions: readonly Session[] }) {
  const t = broadcastsTexts.use();
  const navigate = useNavigate();
  const { broadcastId, name, messages, sessionIds, scheduledAt } = broadcast;
  const [message] = messages;
  const isText = messages.length === 1 && message!.type === 'text' && message!.content === null;
  const text = message?.text ?? '';
  const change = useMutation({
    mutationFn: (draft: Draft) =>
      api.broadcasts.update({
        id: broadcastId,
        // What was left as it was is not sent: somebody else may have changed it meanwhile.
        body: {
          ...(isOther(draft.sessionIds, sessionIds) && { sessionIds: [...draft.sessionIds] }),
          ...(draft.scheduledAt !== fieldTime(scheduledAt) && {
            scheduledAt: draft.scheduledAt === '' ? null : new Date(draft.scheduledAt).toISOString(),
          }),
          ...(draft.name.trim() && draft.name !== name && { name: draft.name.trim() }),
          ...(isText && draft.text !== text && { message: draft.text }),
        },
      }),
    onSuccess: (changed) => {
      queryClient.setQueryData(['broadcast', broadcastId], changed);
      void refreshBroadcasts();
      toast(t('edited'));
      return navigate({ to: '/broadcasts/$broadcastId', params: { broadcastId } });
    },
  });
  return (
    <DraftForm
      sessions={sessions}
      start={{ name, text, scheduledAt: fieldTime(scheduledAt), sessionIds }}
      isTextFixed={!isText}
      action={() => t('save')}
      problem={t('notEdited')}
      error={change.error}
      isBusy={change.isPending}
      onSubmit={(draft) => change.mutate(draft)}
    />
  );
}
