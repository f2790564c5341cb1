import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ArrowLeft, Smartphone } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import type { Session } from '../../api/types.ts';
import { LinkButton } from '../../ui/button.tsx';
import { Card, Empty, ErrorNotice, Loading, Page } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import styles from './broadcasts.module.css';
import { type Draft, DraftForm } from './draft-form.tsx';
import { noteIntakes } from './intakes.ts';
import { refreshBroadcasts } from './queries.ts';
import { addRecipients, NO_RECIPIENTS, RecipientFields, refusalOf } from './recipients.tsx';
import { broadcastsTexts } from './texts.ts';

export function ComposePage() {
  const t = broadcastsTexts.use();
  const sessions = useQuery(sessionsQuery);
  return (
    <Page
      title={t('create')}
      lead={t('createLead')}
      isNarrow
      actions={
        <LinkButton to="/broadcasts">
          <ArrowLeft aria-hidden="true" />
          {t('back')}
        </LinkButton>
      }
    >
      {sessions.isLoading && <Loading rows={4} height={80} />}
      {sessions.error && !sessions.data && (
        <ErrorNotice error={sessions.error} onRetry={() => void sessions.refetch()} />
      )}
      {sessions.data?.sessions.length === 0 && (
        <Card>
          <Empty
            icon={Smartphone}
            title={t('noSession')}
            action={
              <LinkButton to="/sessions" look="primary">
                {t('toSessions')}
              </LinkButton>
            }
          >
            {t('noSessionText')}
          </Empty>
        </Card>
      )}
      {sessions.data && sessions.data.sessions.length > 0 && <Compose sessions={sessions.data.sessions} />}
    </Page>
  );
}

function Compose({ sessions }: { sessions: readonly Session[] }) {
  const t = broadcastsTexts.use();
  const navigate = useNavigate();
  const [recipients, setRecipients] = useState(NO_RECIPIENTS);
  const [isTried, setTried] = useState(false);
  const first = sessions.find(({ status }) => status === 'connected') ?? sessions[0];
  const make = useMutation({
    mutationFn: async ({ name, text, scheduledAt, sessionIds }: Draft) => {
      const { broadcastId } = await api.broadcasts.create({
        body: {
          sessionIds: [...sessionIds],
          message: text,
          ...(name.trim() && { name: name.trim() }),
          ...(scheduledAt && { scheduledAt: new Date(scheduledAt).toISOString() }),
        },
      });
      try {
        return { broadcastId, intakes: await addRecipients(broadcastId, recipients) };
      } catch (error) {
        // One that is scheduled would start with half a list; the form still has everything.
        const removal = api.broadcasts.delete({ id: broadcastId });
        if (
          !(await removal.then(
            () => true,
            () => false,
          ))
        ) {
          toast(t('leftBehind'));
          void refreshBroadcasts();
        }
        throw error;
      }
    },
    onSuccess: ({ broadcastId, intakes }) => {
      noteIntakes(broadcastId, intakes);
      void refreshBroadcasts();
      return navigate({ to: '/broadcasts/$broadcastId', params: { broadcastId } });
    },
  });
  const refusal = refusalOf(recipients);
  return (
    <DraftForm
      sessions={sessions}
      start={{ name: '', text: '', scheduledAt: '', sessionIds: first ? [first.sessionId] : [] }}
      action={(isScheduled) => t(isScheduled ? 'makeScheduled' : 'makeDraft')}
      problem={t('notMade')}
      error={make.error}
      isBusy={make.isPending}
      onTry={() => setTried(true)}
      onSubmit={(draft) => {
        if (!refusal) make.mutate(draft);
      }}
    >
      <Card title={t('recipients')}>
        <div className={styles.fields}>
          <RecipientFields value={recipients} error={isTried ? refusal : undefined} onChange={setRecipients} />
        </div>
      </Card>
    </DraftForm>
  );
}
