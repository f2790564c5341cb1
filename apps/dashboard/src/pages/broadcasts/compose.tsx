import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ArrowLeft, Smartphone } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api, unwrap } from '../../api/client.ts';
import type { Session } from '../../api/types.ts';
import { Button, LinkButton } from '../../ui/button.tsx';
import { Checkbox, Form, Row, TextArea, TextField } from '../../ui/field.tsx';
import { Card, Empty, ErrorNotice, Loading, Muted, Notice, Page } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import styles from './broadcasts.module.css';
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

interface Values {
  name: string;
  text: string;
  /** As the field has it, in the time zone of the browser; empty: by hand. */
  scheduledAt: string;
}

function Compose({ sessions }: { sessions: readonly Session[] }) {
  const t = broadcastsTexts.use();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<readonly string[]>();
  const [recipients, setRecipients] = useState(NO_RECIPIENTS);
  const [isTried, setTried] = useState(false);
  const { register, handleSubmit, formState, watch } = useForm<Values>({
    defaultValues: { name: '', text: '', scheduledAt: '' },
  });
  const first = sessions.find(({ status }) => status === 'connected') ?? sessions[0];
  const sessionIds = chosen ?? (first ? [first.sessionId] : []);
  const isScheduled = watch('scheduledAt') !== '';
  const make = useMutation({
    mutationFn: async ({ name, text, scheduledAt }: Values) => {
      const { broadcastId } = await unwrap(
        api.POST('/api/broadcast', {
          body: {
            sessionIds: [...sessionIds],
            message: text,
            ...(name.trim() && { name: name.trim() }),
            ...(scheduledAt && { scheduledAt: new Date(scheduledAt).toISOString() }),
          },
        }),
      );
      try {
        return { broadcastId, intakes: await addRecipients(broadcastId, recipients) };
      } catch (error) {
        // One that is scheduled would start with half a list; the form still has everything.
        const removal = unwrap(api.DELETE('/api/broadcast/{id}', { params: { path: { id: broadcastId } } }));
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
  const choose = (sessionId: string, isChosen: boolean) =>
    setChosen(isChosen ? [...sessionIds, sessionId] : sessionIds.filter((one) => one !== sessionId));
  return (
    <Form
      onSubmit={(event) => {
        setTried(true);
        void handleSubmit((values) => {
          if (!refusal && sessionIds.length > 0) make.mutate(values);
        })(event);
      }}
    >
      <Card title={t('message')}>
        <div className={styles.fields}>
          <TextField
            label={t('name')}
            hint={t('nameHint')}
            isOptional
            maxLength={200}
            autoComplete="off"
            {...register('name')}
          />
          <TextArea
            label={t('text')}
            rows={5}
            error={formState.errors.text?.message}
            hint={t('textHint')}
            placeholder={t('textExample', { variable: '{{name|friend}}' })}
            {...register('text', { validate: (value) => value.trim() !== '' || t('textMissing') })}
          />
          <Notice title={t('variablesTitle')}>
            {t('variablesText', { variable: '{{name|friend}}', bare: '{{name}}' })}
          </Notice>
        </div>
      </Card>
      <Card title={t('recipients')}>
        <div className={styles.fields}>
          <RecipientFields value={recipients} error={isTried ? refusal : undefined} onChange={setRecipients} />
        </div>
      </Card>
      <Card title={t('how')}>
        <div className={styles.fields}>
          <fieldset className={styles.sessions}>
            <legend>{t('sessions')}</legend>
            {sessions.map(({ id, sessionId, name, status }) => (
              <Checkbox
                key={id}
                label={
                  <>
                    {name} {status !== 'connected' && <Muted>({t('notConnected')})</Muted>}
                  </>
                }
                checked={sessionIds.includes(sessionId)}
                onChange={({ target }) => choose(sessionId, target.checked)}
              />
            ))}
            {sessionIds.length === 0 ? (
              <p className={styles.failure} role="alert">
                {t('sessionMissing')}
              </p>
            ) : (
              <p>
                <Muted>{t('sessionsHint')}</Muted>
              </p>
            )}
          </fieldset>
          <TextField
            label={t('scheduledAt')}
            hint={t('scheduledHint')}
            isOptional
            type="datetime-local"
            error={formState.errors.scheduledAt?.message}
            {...register('scheduledAt', {
              validate: (value) => value === '' || new Date(value).getTime() > Date.now() || t('scheduledPast'),
            })}
          />
          {make.error && <ErrorNotice error={make.error} title={t('notMade')} />}
          <Row atEnd>
            <Button type="submit" look="primary" isBusy={make.isPending}>
              {t(isScheduled ? 'makeScheduled' : 'makeDraft')}
            </Button>
          </Row>
        </div>
      </Card>
    </Form>
  );
}
