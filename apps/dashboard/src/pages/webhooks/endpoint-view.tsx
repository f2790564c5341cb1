import { useMutation } from '@tanstack/react-query';
import { ArrowLeft, Pause, Play, Send } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { api } from '../../api/client.ts';
import { ago, dateTime, number } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { CopyField } from '../../ui/copy.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Row } from '../../ui/field.tsx';
import { Card, Facts, Notice, Page } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { Deliveries } from './deliveries.tsx';
import { type Endpoint, refreshWebhooks } from './queries.ts';
import { webhooksTexts } from './texts.ts';

/** As long as the sentence of the question says. */
const OVERLAP_SECONDS = 86_400;

/** One webhook: what it is set to, and what became of its events. */
export function EndpointView({ endpoint, badge, onBack }: { endpoint: Endpoint; badge: ReactNode; onBack(): void }) {
  const t = webhooksTexts.use();
  const [asked, setAsked] = useState<'rotate' | 'remove'>();
  const { id, name, url, state, sessionId, events, isPaused, isActive, lastError, lastErrorAt, disabledReason } =
    endpoint;
  const params = { id };
  const change = useMutation({
    mutationFn: (body: { isPaused?: boolean; isActive?: boolean }) => api.webhooks.update({ ...params, body }),
    onSuccess: () => {
      toast(t('changed'));
      return refreshWebhooks();
    },
    onError: toastError,
  });
  const test = useMutation({
    mutationFn: () => api.webhooks.test({ ...params, body: {} }),
    onError: toastError,
  });
  const rotate = useMutation({
    mutationFn: () => api.webhooks.rotateSecret({ ...params, body: { overlapSeconds: OVERLAP_SECONDS } }),
    onSuccess: () => {
      setAsked(undefined);
      return refreshWebhooks();
    },
  });
  const remove = useMutation({
    mutationFn: () => api.webhooks.remove(params),
    onSuccess: () => {
      toast(t('removed'));
      onBack();
      return refreshWebhooks();
    },
  });
  return (
    <Page
      title={name ?? url}
      lead={badge}
      actions={
        <>
          <Button onClick={onBack}>
            <ArrowLeft aria-hidden="true" />
            {t('back')}
          </Button>
          <Button isBusy={test.isPending} onClick={() => test.mutate()}>
            <Send aria-hidden="true" />
            {t('test')}
          </Button>
        </>
      }
    >
      {test.data && (
        <Notice tone={test.data.isDelivered ? 'good' : 'bad'} isAnnounced>
          {test.data.isDelivered
            ? t('testGood', { code: test.data.statusCode ?? '', ms: number(test.data.durationMs) })
            : t('testBad', { reason: test.data.error ?? test.data.statusCode ?? '' })}
        </Notice>
      )}
      {(state === 'failing' || state === 'down' || state === 'off') && (disabledReason ?? lastError) && (
        <Notice tone={state === 'off' ? 'warn' : 'bad'} title={t('lastError')}>
          {disabledReason ?? lastError}
          {lastErrorAt && ` (${ago(lastErrorAt)})`}
        </Notice>
      )}
      <Deliveries id={id} />
      <Card title={t('settings')}>
        <Facts
          facts={[
            [t('url'), url],
            [t('session'), sessionId ?? t('allSessions')],
            [t('events'), events.includes('*') ? t('allEvents') : events.join(', ')],
            [t('chatTypes'), endpoint.chatTypes?.join(', ') ?? t('all')],
            [t('chats'), endpoint.chats?.join(', ') ?? t('all')],
            [t('headers'), endpoint.headerNames.join(', ') || '–'],
            [t('created'), dateTime(endpoint.createdAt)],
          ]}
        />
        <p>&nbsp;</p>
        <Row>
          {isActive ? (
            <Button isBusy={change.isPending} onClick={() => change.mutate({ isPaused: !isPaused })}>
              {isPaused ? <Play aria-hidden="true" /> : <Pause aria-hidden="true" />}
              {t(isPaused ? 'resume' : 'pause')}
            </Button>
          ) : (
            <Button look="primary" isBusy={change.isPending} onClick={() => change.mutate({ isActive: true })}>
              <Play aria-hidden="true" />
              {t('switchOn')}
            </Button>
          )}
          <Button onClick={() => setAsked('rotate')}>{t('rotate')}</Button>
          <Button look="danger" onClick={() => setAsked('remove')}>
            {t('remove')}
          </Button>
        </Row>
      </Card>
      <Confirm
        title={t('rotateTitle')}
        action={t('rotate')}
        isOpen={asked === 'rotate'}
        isBusy={rotate.isPending}
        error={rotate.error}
        onClose={() => setAsked(undefined)}
        onConfirm={() => rotate.mutate()}
      >
        {t('rotateText')}
      </Confirm>
      <Dialog
        title={t('secretTitle')}
        isOpen={rotate.data !== undefined}
        onClose={() => rotate.reset()}
        canDismiss={false}
      >
        <Notice tone="warn">{t('secretOnce')}</Notice>
        <CopyField label={t('secret')} value={rotate.data?.webhook.secret ?? ''} />
        <Row atEnd>
          <Button look="primary" autoFocus onClick={() => rotate.reset()}>
            {t('done')}
          </Button>
        </Row>
      </Dialog>
      <Confirm
        title={t('removeTitle')}
        action={t('remove')}
        isOpen={asked === 'remove'}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setAsked(undefined)}
        onConfirm={() => remove.mutate()}
      >
        {t('removeText')}
      </Confirm>
    </Page>
  );
}
