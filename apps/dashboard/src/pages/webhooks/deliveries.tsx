import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { Inbox } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { ago, dateTime, number } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Select } from '../../ui/field.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, More, type Tone } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { refreshWebhooks } from './queries.ts';
import { webhooksTexts } from './texts.ts';
import styles from './webhooks.module.css';

const ROWS = 30;
const EVERY_MS = 3_000;
const STATUSES = ['failed', 'retrying', 'pending', 'delivered'] as const;
type DeliveryStatus = (typeof STATUSES)[number];
const TONES: Record<DeliveryStatus, Tone> = { failed: 'bad', retrying: 'warn', pending: 'info', delivered: 'good' };

const listDeliveries = (id: string, status: DeliveryStatus | '', cursor: string | undefined) =>
  api.webhooks.deliveries({ id, limit: ROWS, ...(status && { status }), ...(cursor && { cursor }) });
type Delivery = Awaited<ReturnType<typeof listDeliveries>>['deliveries'][number];

/** All that were given up: a call repeats 10 000 at most. */
async function replayFailed(id: string): Promise<number> {
  let replayed = 0;
  let cursor: string | null | undefined;
  do {
    const part = await api.webhooks.replay({ id, body: { status: 'failed', ...(cursor && { cursor }) } });
    replayed += part.replayed;
    cursor = part.nextCursor;
  } while (cursor);
  return replayed;
}

/** What became of the events of a webhook. */
export function Deliveries({ id }: { id: string }) {
  const t = webhooksTexts.use();
  const [status, setStatus] = useState<DeliveryStatus | ''>('');
  const [isAsking, setAsking] = useState(false);
  const deliveries = useInfiniteQuery({
    queryKey: ['deliveries', id, status],
    queryFn: ({ pageParam }) => listDeliveries(id, status, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ pagination }) => pagination.nextCursor ?? undefined,
    refetchInterval: EVERY_MS,
  });
  const replay = useMutation({
    mutationFn: (deliveryId: string) => api.webhooks.replayDelivery({ id, deliveryId }),
    onSuccess: () => {
      toast(t('sentAgain'));
      return refreshWebhooks();
    },
    onError: toastError,
  });
  const replayAll = useMutation({
    mutationFn: () => replayFailed(id),
    onSuccess: (count) => {
      setAsking(false);
      toast(t('allSentAgain', { count }));
    },
    onSettled: refreshWebhooks,
  });
  const shown = deliveries.data?.pages.flatMap((page) => page.deliveries) ?? [];
  return (
    <Card
      title={t('deliveries')}
      lead={t('deliveriesLead')}
      isFlush
      actions={
        <>
          <Select
            isSmall
            label={t('status')}
            value={status}
            onChange={({ target }) => setStatus(target.value as DeliveryStatus | '')}
          >
            <option value="">{t('anyStatus')}</option>
            {STATUSES.map((one) => (
              <option key={one} value={one}>
                {t(`status_${one}`)}
              </option>
            ))}
          </Select>
          {status === 'failed' && shown.length > 0 && (
            <Button size="small" onClick={() => setAsking(true)}>
              {t('allAgain')}
            </Button>
          )}
        </>
      }
    >
      {deliveries.isLoading && <Loading rows={4} />}
      {deliveries.error && !deliveries.data && (
        <ErrorNotice error={deliveries.error} onRetry={() => void deliveries.refetch()} />
      )}
      {deliveries.data && shown.length === 0 && (
        <Empty icon={Inbox} title={status ? t('noneFound') : t('noDeliveries')}>
          {!status && t('noDeliveriesText')}
        </Empty>
      )}
      <ul>
        {shown.map((delivery) => (
          <DeliveryLine
            key={delivery.id}
            delivery={delivery}
            isBusy={replay.isPending && replay.variables === delivery.id}
            onReplay={() => replay.mutate(delivery.id)}
          />
        ))}
      </ul>
      <More pages={deliveries}>{t('more')}</More>
      <Confirm
        title={t('allAgainTitle')}
        action={t('again')}
        look="primary"
        isOpen={isAsking}
        isBusy={replayAll.isPending}
        error={replayAll.error}
        onClose={() => setAsking(false)}
        onConfirm={() => replayAll.mutate()}
      >
        {t('allAgainText')}
      </Confirm>
    </Card>
  );
}

function DeliveryLine({ delivery, isBusy, onReplay }: { delivery: Delivery; isBusy: boolean; onReplay(): void }) {
  const t = webhooksTexts.use();
  const { event, sessionId, status, occurredAt, attempts, statusCode, latencyMs, nextAttemptAt, error, answer } =
    delivery;
  const mayRepeat = status === 'failed' || status === 'delivered' || status === 'retrying';
  return (
    <li className={styles.delivery}>
      <p className={styles.what}>
        <Badge tone={TONES[status]}>{t(`status_${status}`)}</Badge>
        <code>{event}</code>
      </p>
      {mayRepeat ? (
        <Button size="small" isBusy={isBusy} aria-label={t('againOf', { event })} onClick={onReplay}>
          {t('again')}
        </Button>
      ) : (
        <span />
      )}
      <p className={styles.where}>
        <time dateTime={occurredAt}>{dateTime(occurredAt)}</time>
        <span>{sessionId}</span>
        <span>
          {t('attempts')}: {number(attempts)}
        </span>
        {statusCode !== null && (
          <span>
            {t('answer')}: {statusCode}
            {latencyMs !== null && `, ${t('took', { ms: number(latencyMs) })}`}
          </span>
        )}
        {nextAttemptAt && status === 'retrying' && <span>{t('next', { time: ago(nextAttemptAt) })}</span>}
      </p>
      {error && (
        <p className={styles.error}>
          {error}
          {answer && <code>{answer}</code>}
        </p>
      )}
    </li>
  );
}
