import { useMutation, useQuery } from '@tanstack/react-query';
import { isWaGateError } from '@wa-gate/sdk';
import { useEffect, useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { CopyField } from '../../ui/copy.tsx';
import { Form, Row, TextField } from '../../ui/field.tsx';
import { Badge, Card, ErrorNotice, Loading, Muted, Notice } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { sessionTexts } from './texts.ts';

/** Where the events of a session are sent. */
export function WebhookCard({ sessionId }: { sessionId: string }) {
  const t = sessionTexts.use();
  const path = { id: sessionId };
  const key = ['webhook', sessionId];
  const [secret, setSecret] = useState<string>();
  const webhook = useQuery({
    queryKey: key,
    queryFn: async () => {
      try {
        return (await api.sessions.webhook(path)).webhook;
      } catch (error) {
        if (isWaGateError(error) && error.code === 'WEBHOOK_NOT_FOUND') return null;
        throw error;
      }
    },
  });
  const { register, handleSubmit, formState, reset } = useForm({ defaultValues: { url: '' } });
  const known = webhook.data?.url;
  useEffect(() => {
    if (known) reset({ url: known });
  }, [known, reset]);
  const save = useMutation({
    mutationFn: (url: string) =>
      api.sessions.setWebhook({ ...path, body: { url, events: (webhook.data?.events as ['*'] | undefined) ?? ['*'] } }),
    onSuccess: (answer) => {
      if (answer.webhook.secret) setSecret(answer.webhook.secret);
      toast(t('saved'));
      return queryClient.invalidateQueries({ queryKey: key });
    },
  });
  const remove = useMutation({
    mutationFn: () => api.sessions.removeWebhook(path),
    onSuccess: () => {
      setSecret(undefined);
      reset({ url: '' });
      toast(t('webhookRemoved'));
      return queryClient.invalidateQueries({ queryKey: key });
    },
  });
  const present = webhook.data;
  return (
    <Card title={t('webhook')} lead={t('webhookLead')}>
      {webhook.isLoading ? (
        <Loading rows={2} />
      ) : (
        <Form onSubmit={(event) => void handleSubmit(({ url }) => save.mutate(url.trim()))(event)}>
          {webhook.error && !webhook.isSuccess && <ErrorNotice error={webhook.error} />}
          {(save.error ?? remove.error) && <ErrorNotice error={save.error ?? remove.error} />}
          {present && (
            <p>
              <Badge tone={!present.isActive ? 'bad' : present.failureCount > 0 ? 'warn' : 'good'}>
                {!present.isActive
                  ? t('webhookOff')
                  : present.failureCount > 0
                    ? t('webhookFailures', { count: present.failureCount })
                    : t('webhookOn')}
              </Badge>{' '}
              <Muted>
                {present.lastDelivery ? t('lastDelivery', { time: ago(present.lastDelivery) }) : t('noDelivery')}
              </Muted>
            </p>
          )}
          <TextField
            label={t('webhookUrl')}
            hint={t('webhookUrlHint')}
            type="url"
            inputMode="url"
            placeholder="https://example.com/whatsapp"
            error={formState.errors.url?.message}
            {...register('url', { required: t('webhookMissing') })}
          />
          {secret && (
            <>
              <Notice tone="warn">{t('secretOnce')}</Notice>
              <CopyField label={t('secret')} value={secret} />
            </>
          )}
          <Row>
            <Button type="submit" look="primary" isBusy={save.isPending}>
              {t('save')}
            </Button>
            {present && (
              <Button look="danger" isBusy={remove.isPending} onClick={() => remove.mutate()}>
                {t('webhookRemove')}
              </Button>
            )}
          </Row>
        </Form>
      )}
    </Card>
  );
}
