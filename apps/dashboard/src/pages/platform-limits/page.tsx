import { useMutation, useQuery } from '@tanstack/react-query';
import { LockOpen } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { bytes, dateTime, duration, number } from '../../i18n/format.ts';
import { useBucketWords } from '../../ui/bucket-words.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Form, Row, TextField } from '../../ui/field.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, Muted, Page, Table } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { platformLimitsTexts } from './texts.ts';

const listTiers = async () => (await api.tiers.list()).tiers;
const listLimits = async () => (await api.rateLimits.list()).rateLimits;
const listLocks = async () => (await api.loginLocks.list()).loginLocks;
type Tier = Awaited<ReturnType<typeof listTiers>>[number];
type RateLimit = Awaited<ReturnType<typeof listLimits>>[number];

export function PlatformLimitsPage() {
  const t = platformLimitsTexts.use();
  return (
    <Page title={t('title')} lead={t('lead')}>
      <TiersCard />
      <RateLimitsCard />
      <LocksCard />
    </Page>
  );
}

function TiersCard() {
  const t = platformLimitsTexts.use();
  const tiers = useQuery({ queryKey: ['tiers'], queryFn: listTiers });
  const [changed, setChanged] = useState<Tier>();
  const days = (count: number | null) => (count === null ? t('forever') : t('days', { count }));
  return (
    <Card title={t('tiers')} isFlush>
      {tiers.isLoading && <Loading />}
      {tiers.error && !tiers.data && <ErrorNotice error={tiers.error} onRetry={() => void tiers.refetch()} />}
      {tiers.data && (
        <Table
          caption={t('tiers')}
          rows={tiers.data}
          keyOf={({ tier }) => tier}
          columns={[
            { title: t('tier'), cell: ({ tier }) => <strong>{tier}</strong> },
            { title: t('maxSessions'), cell: ({ maxSessions }) => number(maxSessions), isNumber: true },
            { title: t('messagesPerHour'), cell: ({ messagesPerHour }) => number(messagesPerHour), isNumber: true },
            { title: t('retention'), cell: ({ messageRetentionDays }) => days(messageRetentionDays) },
            { title: t('storage'), cell: ({ mediaBytes }) => bytes(mediaBytes), isNumber: true },
            { title: t('largest'), cell: ({ mediaMaxBytes }) => bytes(mediaMaxBytes), isNumber: true },
            { title: t('fileRetention'), cell: ({ mediaRetentionDays }) => days(mediaRetentionDays) },
            {
              title: '',
              cell: (tier) => (
                <Button size="small" aria-label={t('changeOf', { name: tier.tier })} onClick={() => setChanged(tier)}>
                  {t('change')}
                </Button>
              ),
            },
          ]}
        />
      )}
      {changed && <ChangeTier key={changed.tier} tier={changed} onClose={() => setChanged(undefined)} />}
    </Card>
  );
}

function ChangeTier({ tier, onClose }: { tier: Tier; onClose(): void }) {
  const t = platformLimitsTexts.use();
  const { register, handleSubmit } = useForm({
    defaultValues: {
      maxSessions: String(tier.maxSessions),
      messagesPerHour: String(tier.messagesPerHour),
      messageRetentionDays: tier.messageRetentionDays === null ? '' : String(tier.messageRetentionDays),
      mediaRetentionDays: String(tier.mediaRetentionDays),
    },
  });
  const save = useMutation({
    mutationFn: (
      values: Record<'maxSessions' | 'messagesPerHour' | 'messageRetentionDays' | 'mediaRetentionDays', string>,
    ) =>
      api.tiers.set({
        tier: tier.tier,
        body: {
          maxSessions: Number(values.maxSessions),
          messagesPerHour: Number(values.messagesPerHour),
          messageRetentionDays: values.messageRetentionDays === '' ? null : Number(values.messageRetentionDays),
          mediaRetentionDays: Number(values.mediaRetentionDays),
        },
      }),
    onSuccess: () => {
      toast(t('saved', { name: tier.tier }));
      onClose();
      return queryClient.invalidateQueries({ queryKey: ['tiers'] });
    },
  });
  return (
    <Dialog title={t('changeOf', { name: tier.tier })} isOpen onClose={onClose}>
      <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
        {save.error && <ErrorNotice error={save.error} />}
        <TextField label={t('maxSessions')} type="number" min={0} {...register('maxSessions')} />
        <TextField label={t('messagesPerHour')} type="number" min={0} {...register('messagesPerHour')} />
        <TextField
          label={t('retentionField')}
          hint={t('retentionHint')}
          type="number"
          min={1}
          isOptional
          {...register('messageRetentionDays')}
        />
        <TextField label={t('fileDays')} type="number" min={1} {...register('mediaRetentionDays')} />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={save.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}

function RateLimitsCard() {
  const t = platformLimitsTexts.use();
  const words = useBucketWords();
  const limits = useQuery({ queryKey: ['admin', 'rate-limits'], queryFn: listLimits });
  const [changed, setChanged] = useState<RateLimit>();
  return (
    <Card title={t('buckets')} lead={t('bucketsLead')} isFlush>
      {limits.isLoading && <Loading rows={6} />}
      {limits.error && !limits.data && <ErrorNotice error={limits.error} onRetry={() => void limits.refetch()} />}
      {limits.data && (
        <Table
          caption={t('buckets')}
          rows={limits.data}
          keyOf={({ bucket }) => bucket}
          columns={[
            { title: t('limit'), cell: (limit) => words(limit) },
            {
              title: t('max'),
              cell: ({ max, windowSeconds, isDefault }) => (
                <>
                  {t('per', { max: number(max), time: duration(windowSeconds) })}{' '}
                  {!isDefault && <Badge tone="info">{t('changed')}</Badge>}
                </>
              ),
            },
            {
              title: '',
              cell: (limit) => (
                <Button
                  size="small"
                  aria-label={t('changeOf', { name: limit.bucket })}
                  onClick={() => setChanged(limit)}
                >
                  {t('change')}
                </Button>
              ),
            },
          ]}
        />
      )}
      {changed && <ChangeLimit key={changed.bucket} limit={changed} onClose={() => setChanged(undefined)} />}
    </Card>
  );
}

function ChangeLimit({ limit, onClose }: { limit: RateLimit; onClose(): void }) {
  const t = platformLimitsTexts.use();
  const words = useBucketWords();
  const { bucket, max, windowSeconds, isDefault } = limit;
  const params = { bucket };
  const { register, handleSubmit } = useForm({
    defaultValues: { max: String(max), windowSeconds: String(windowSeconds) },
  });
  const done = (sentence: string) => () => {
    toast(sentence);
    onClose();
    return queryClient.invalidateQueries({ queryKey: ['admin', 'rate-limits'] });
  };
  const save = useMutation({
    mutationFn: (values: { max: string; windowSeconds: string }) =>
      api.rateLimits.set({ ...params, body: { max: Number(values.max), windowSeconds: Number(values.windowSeconds) } }),
    onSuccess: done(t('saved', { name: bucket })),
  });
  const reset = useMutation({
    mutationFn: () => api.rateLimits.reset(params),
    onSuccess: done(t('wasReset', { name: bucket })),
  });
  const error = save.error ?? reset.error;
  return (
    <Dialog title={t('changeOf', { name: bucket })} isOpen onClose={onClose}>
      <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
        {error && <ErrorNotice error={error} />}
        <p>{words(limit)}</p>
        <TextField label={t('max')} type="number" min={1} {...register('max')} />
        <TextField label={t('window')} type="number" min={1} {...register('windowSeconds')} />
        <Row atEnd>
          {!isDefault && (
            <Button isBusy={reset.isPending} onClick={() => reset.mutate()}>
              {t('reset')}
            </Button>
          )}
          <Button type="submit" look="primary" isBusy={save.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}

function LocksCard() {
  const t = platformLimitsTexts.use();
  const locks = useQuery({ queryKey: ['admin', 'locks'], queryFn: listLocks, refetchInterval: 30_000 });
  const lift = useMutation({
    mutationFn: (id: string) => api.loginLocks.lift({ id }),
    onSuccess: () => {
      toast(t('lifted'));
      return queryClient.invalidateQueries({ queryKey: ['admin', 'locks'] });
    },
    onError: toastError,
  });
  return (
    <Card title={t('locks')} lead={t('locksLead')} isFlush>
      {locks.error && !locks.data && <ErrorNotice error={locks.error} onRetry={() => void locks.refetch()} />}
      {locks.data?.length === 0 && <Empty icon={LockOpen} title={t('noLocks')} />}
      {locks.data && locks.data.length > 0 && (
        <Table
          caption={t('locks')}
          rows={locks.data}
          keyOf={({ id }) => id}
          columns={[
            {
              title: t('who'),
              cell: ({ address, emails }) => (
                <>
                  {emails.join(', ')} {address && <Muted>{address}</Muted>}
                </>
              ),
            },
            { title: t('tries'), cell: ({ counted, max }) => `${number(counted)} / ${number(max)}`, isNumber: true },
            { title: t('until'), cell: ({ lockedUntil }) => dateTime(lockedUntil) },
            {
              title: '',
              cell: ({ id, emails, address }) => (
                <Button
                  size="small"
                  aria-label={t('liftOf', { name: emails[0] ?? address ?? '' })}
                  onClick={() => lift.mutate(id)}
                >
                  {t('lift')}
                </Button>
              ),
            },
          ]}
        />
      )}
    </Card>
  );
}
