import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Megaphone, Plus } from 'lucide-react';
import { useState } from 'react';
import type { Broadcast } from '../../api/types.ts';
import { ago, dateTime, number } from '../../i18n/format.ts';
import { Button, LinkButton } from '../../ui/button.tsx';
import { Row, Select } from '../../ui/field.tsx';
import { Card, Empty, ErrorNotice, Loading, Muted, Page, Table } from '../../ui/surface.tsx';
import styles from './broadcasts.module.css';
import { type BroadcastStatus, broadcastsQuery } from './queries.ts';
import { Progress, StatusBadge } from './state.tsx';
import { broadcastsTexts } from './texts.ts';

const STATUSES = ['draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled'] as const;

export function BroadcastsPage() {
  const t = broadcastsTexts.use();
  const [status, setStatus] = useState<BroadcastStatus | ''>('');
  const [page, setPage] = useState(1);
  const broadcasts = useQuery(broadcastsQuery(status, page));
  const found = broadcasts.data?.broadcasts ?? [];
  const pages = broadcasts.data?.pagination.totalPages ?? 1;
  const isEmpty = broadcasts.data !== undefined && found.length === 0;
  const make = (
    <LinkButton to="/broadcasts/new" look="primary">
      <Plus aria-hidden="true" />
      {t('create')}
    </LinkButton>
  );
  return (
    <Page title={t('title')} lead={t('lead')} actions={!(isEmpty && status === '') && make}>
      {broadcasts.isLoading && <Loading rows={3} height={64} />}
      {broadcasts.error && !broadcasts.data && (
        <ErrorNotice error={broadcasts.error} onRetry={() => void broadcasts.refetch()} />
      )}
      {broadcasts.data && !(isEmpty && status === '') && (
        <Row>
          <Select
            label={t('status')}
            value={status}
            onChange={({ target }) => {
              setStatus(target.value as BroadcastStatus | '');
              setPage(1);
            }}
          >
            <option value="">{t('anyStatus')}</option>
            {STATUSES.map((one) => (
              <option key={one} value={one}>
                {t(`status_${one}`)}
              </option>
            ))}
          </Select>
        </Row>
      )}
      {broadcasts.data && (
        <Card isFlush>
          {isEmpty ? (
            <Empty icon={Megaphone} title={t(status ? 'noneFound' : 'emptyTitle')} action={!status && make}>
              {!status && t('emptyText')}
            </Empty>
          ) : (
            <BroadcastTable broadcasts={found} />
          )}
        </Card>
      )}
      {pages > 1 && (
        <Row>
          <Button size="small" disabled={page <= 1} onClick={() => setPage(page - 1)}>
            {t('previous')}
          </Button>
          <Button size="small" disabled={page >= pages} onClick={() => setPage(page + 1)}>
            {t('next')}
          </Button>
          <Muted>{t('page', { page, pages })}</Muted>
        </Row>
      )}
    </Page>
  );
}

function BroadcastTable({ broadcasts }: { broadcasts: readonly Broadcast[] }) {
  const t = broadcastsTexts.use();
  return (
    <Table
      caption={t('caption')}
      rows={broadcasts}
      keyOf={({ broadcastId }) => broadcastId}
      columns={[
        {
          title: '',
          cell: ({ broadcastId, name, scheduledAt, createdAt, status }) => (
            <div className={styles.name}>
              <Link to="/broadcasts/$broadcastId" params={{ broadcastId }}>
                {name}
              </Link>
              <span>
                {status === 'scheduled' && scheduledAt
                  ? t('startsAt', { time: dateTime(scheduledAt) })
                  : ago(createdAt)}
              </span>
            </div>
          ),
        },
        { title: t('status'), cell: ({ status }) => <StatusBadge status={status} /> },
        { title: t('progress'), cell: (broadcast) => <Progress broadcast={broadcast} /> },
        {
          title: t('notReached'),
          isNumber: true,
          cell: ({ counts: { failed, unknown, skipped, invalid } }) => number(failed + unknown + skipped + invalid),
        },
      ]}
    />
  );
}
