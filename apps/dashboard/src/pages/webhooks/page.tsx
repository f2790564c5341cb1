import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus, Webhook } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { CopyField } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Form, Row, SelectField, TextField } from '../../ui/field.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, Muted, Notice, Page, Table, type Tone } from '../../ui/surface.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import { EndpointView } from './endpoint-view.tsx';
import { type Endpoint, webhooksQuery } from './queries.ts';
import { webhooksTexts } from './texts.ts';
import styles from './webhooks.module.css';

const TONES: Record<Endpoint['state'], Tone> = {
  active: 'good',
  failing: 'bad',
  down: 'bad',
  paused: 'warn',
  off: 'neutral',
};

function StateBadge({ state }: { state: Endpoint['state'] }) {
  const t = webhooksTexts.use();
  return <Badge tone={TONES[state]}>{t(`state_${state}`)}</Badge>;
}

export function WebhooksPage() {
  const t = webhooksTexts.use();
  const { webhook: openId } = useSearch({ from: '/app/webhooks' });
  const navigate = useNavigate();
  const webhooks = useQuery(webhooksQuery);
  const [isMaking, setMaking] = useState(false);
  const open = (webhook: string | undefined) => void navigate({ to: '/webhooks', search: webhook ? { webhook } : {} });
  const opened = webhooks.data?.find(({ id }) => id === openId);
  if (opened)
    return (
      <EndpointView endpoint={opened} badge={<StateBadge state={opened.state} />} onBack={() => open(undefined)} />
    );
  const make = (
    <Button look="primary" onClick={() => setMaking(true)}>
      <Plus aria-hidden="true" />
      {t('create')}
    </Button>
  );
  return (
    <Page title={t('title')} lead={t('lead')} actions={webhooks.data && webhooks.data.length > 0 && make}>
      {webhooks.isLoading && <Loading rows={3} height={56} />}
      {webhooks.error && !webhooks.data && (
        <ErrorNotice error={webhooks.error} onRetry={() => void webhooks.refetch()} />
      )}
      {webhooks.data && (
        <Card isFlush>
          {webhooks.data.length === 0 ? (
            <Empty icon={Webhook} title={t('emptyTitle')} action={make}>
              {t('emptyText')}
            </Empty>
          ) : (
            <EndpointTable endpoints={webhooks.data} onOpen={open} />
          )}
        </Card>
      )}
      <MakeWebhook isOpen={isMaking} onClose={() => setMaking(false)} />
    </Page>
  );
}

function EndpointTable({ endpoints, onOpen }: { endpoints: readonly Endpoint[]; onOpen(id: string): void }) {
  const t = webhooksTexts.use();
  return (
    <Table
      caption={t('caption')}
      rows={endpoints}
      keyOf={({ id }) => id}
      columns={[
        {
          title: '',
          cell: ({ id, name, url }) => (
            <div className={styles.name}>
              <button type="button" aria-label={t('open', { name: name ?? url })} onClick={() => onOpen(id)}>
                {name ?? url}
              </button>
              {name && <span>{url}</span>}
            </div>
          ),
        },
        { title: t('session'), cell: ({ sessionId }) => sessionId ?? <Muted>{t('allSessions')}</Muted> },
        {
          title: t('events'),
          cell: ({ events }) =>
            events.includes('*') ? (
              t('allEvents')
            ) : events.length === 1 ? (
              <code>{events[0]}</code>
            ) : (
              t('someEvents', { count: events.length })
            ),
        },
        { title: t('status'), cell: ({ state }) => <StateBadge state={state} /> },
        {
          title: t('deliveries'),
          cell: ({ backlog, lastDelivery }) => (
            <div className={styles.name}>
              {backlog.count > 0 ? t('waiting', { count: backlog.count }) : t('nothingWaits')}
              <span>{lastDelivery ? t('lastDelivery', { time: ago(lastDelivery) }) : t('neverDelivered')}</span>
            </div>
          ),
        },
      ]}
    />
  );
}

/** The names in a list with commas; all when there is none. */
const namesIn = (text: string): string[] => {
  const names = text.split(/[\s,]+/).filter(Boolean);
  return names.length > 0 ? names : ['*'];
};

function MakeWebhook({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  const t = webhooksTexts.use();
  const sessions = useQuery(sessionsQuery);
  const { register, handleSubmit, formState, reset } = useForm({
    defaultValues: { name: '', url: '', sessionId: '', events: '' },
  });
  const make = useMutation({
    mutationFn: ({ name, url, sessionId, events }: { name: string; url: string; sessionId: string; events: string }) =>
      api.webhooks.create({
        body: {
          type: 'http',
          url: url.trim(),
          events: namesIn(events) as ['*'],
          ...(name.trim() && { name: name.trim() }),
          ...(sessionId && { sessionId }),
        },
      }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['webhooks'] }),
  });
  const close = () => {
    make.reset();
    reset();
    onClose();
  };
  if (make.data) {
    return (
      <Dialog title={t('secretTitle')} isOpen={isOpen} onClose={close} canDismiss={false}>
        <Notice tone="warn">{t('secretOnce')}</Notice>
        <CopyField label={t('secret')} value={make.data.webhook.secret} />
        <Row atEnd>
          <Button look="primary" autoFocus onClick={close}>
            {t('done')}
          </Button>
        </Row>
      </Dialog>
    );
  }
  return (
    <Dialog title={t('create')} isOpen={isOpen} onClose={close}>
      <Form onSubmit={(event) => void handleSubmit((values) => make.mutate(values))(event)}>
        {make.error && <ErrorNotice error={make.error} />}
        <TextField
          label={t('url')}
          type="url"
          inputMode="url"
          autoFocus
          placeholder="https://example.com/whatsapp"
          error={formState.errors.url?.message}
          {...register('url', { validate: (value) => /^https?:\/\/./.test(value.trim()) || t('urlMissing') })}
        />
        <TextField label={t('name')} hint={t('nameHint')} isOptional autoComplete="off" {...register('name')} />
        <SelectField label={t('session')} {...register('sessionId')}>
          <option value="">{t('allSessions')}</option>
          {sessions.data?.sessions.map(({ id, sessionId, name }) => (
            <option key={id} value={sessionId}>
              {name}
            </option>
          ))}
        </SelectField>
        <TextField label={t('events')} hint={t('eventsHint')} isOptional autoComplete="off" {...register('events')} />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={make.isPending}>
            {t('create')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
