import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { isWaGateError } from '@wa-gate/sdk';
import { ShieldCheck } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { api } from '../../api/client.ts';
import { dateTime } from '../../i18n/format.ts';
import { Row, SearchField, Select } from '../../ui/field.tsx';
import { Badge, Card, Empty, ErrorNotice, Facts, Loading, More, Page, type Tone } from '../../ui/surface.tsx';
import styles from './system-log.module.css';
import { systemLogTexts } from './texts.ts';

const LEVELS = ['error', 'warn', 'info'] as const;
const SERVICES = ['gateway', 'worker', 'jobs'] as const;
const TONES: Record<string, Tone> = { error: 'bad', warn: 'warn', info: 'info', debug: 'neutral' };

interface Filter {
  search: string;
  level: '' | (typeof LEVELS)[number];
  service: '' | (typeof SERVICES)[number];
}

const listLines = ({ search, level, service }: Filter, cursor: string | undefined) =>
  api.systemLogs.list({
    limit: 50,
    ...(search && { search }),
    ...(level && { level }),
    ...(service && { service }),
    ...(cursor && { cursor }),
  });
type Line = Awaited<ReturnType<typeof listLines>>['logs'][number];

export function SystemLogPage() {
  const t = systemLogTexts.use();
  const [filter, setFilter] = useState<Filter>({ search: '', level: '', service: '' });
  const wanted = { ...filter, search: useDeferredValue(filter.search).trim() };
  const lines = useInfiniteQuery({
    queryKey: ['admin', 'logs', wanted],
    queryFn: ({ pageParam }) => listLines(wanted, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ pagination }) => pagination.nextCursor ?? undefined,
    refetchInterval: 10_000,
  });
  const shown = lines.data?.pages.flatMap(({ logs }) => logs) ?? [];
  const isFiltered = Object.values(wanted).some(Boolean);
  return (
    <Page title={t('title')} lead={t('lead')}>
      <Versions />
      <Row>
        <SearchField
          label={t('search')}
          value={filter.search}
          onChange={(search) => setFilter({ ...filter, search })}
        />
        <Select
          label={t('level')}
          value={filter.level}
          onChange={({ target }) => setFilter({ ...filter, level: target.value as Filter['level'] })}
        >
          <option value="">{t('anyLevel')}</option>
          {LEVELS.map((level) => (
            <option key={level}>{level}</option>
          ))}
        </Select>
        <Select
          label={t('service')}
          value={filter.service}
          onChange={({ target }) => setFilter({ ...filter, service: target.value as Filter['service'] })}
        >
          <option value="">{t('anyService')}</option>
          {SERVICES.map((service) => (
            <option key={service}>{service}</option>
          ))}
        </Select>
      </Row>
      {lines.isLoading && <Loading rows={6} />}
      {lines.error && !lines.data && <ErrorNotice error={lines.error} onRetry={() => void lines.refetch()} />}
      {lines.data && (
        <Card isFlush>
          {shown.length === 0 ? (
            <Empty icon={ShieldCheck} title={isFiltered ? t('noneFound') : t('emptyTitle')}>
              {!isFiltered && t('emptyText')}
            </Empty>
          ) : (
            <ul className={styles.lines}>
              {shown.map((line) => (
                <LogLine key={line.id} line={line} />
              ))}
            </ul>
          )}
          <More pages={lines}>{t('more')}</More>
        </Card>
      )}
    </Page>
  );
}

function LogLine({ line: { level, message, timestamp, service, sessionId, workerId, details } }: { line: Line }) {
  const t = systemLogTexts.use();
  return (
    <li className={styles.line}>
      <span>
        <Badge tone={TONES[level] ?? 'neutral'}>{level}</Badge>
      </span>
      <p className={styles.what}>{message}</p>
      <p className={styles.where}>
        <time dateTime={timestamp}>{dateTime(timestamp)}</time>
        <span>{service}</span>
        {sessionId && <span>{t('session', { id: sessionId })}</span>}
        {workerId && <span>{t('worker', { id: workerId })}</span>}
      </p>
      {details && Object.keys(details).length > 0 && (
        <details>
          <summary>{t('details')}</summary>
          <pre tabIndex={0}>{JSON.stringify(details, null, 2)}</pre>
        </details>
      )}
    </li>
  );
}

/** A gateway that lacks a service answers with 503. */
function nothingWhenUnhealthy(error: unknown): null {
  if (isWaGateError(error) && error.status === 503) return null;
  throw error;
}

function Versions() {
  const t = systemLogTexts.use();
  const { data } = useQuery({
    queryKey: ['admin', 'health'],
    queryFn: () => api.health.getOfApi().catch(nothingWhenUnhealthy),
    refetchInterval: 30_000,
  });
  if (!data) return null;
  const { version, services } = data;
  return (
    <Card title={t('versions')} lead={t('versionsLead')}>
      <Facts
        facts={[
          [t('gateway'), version],
          [t('database'), t(`is_${services.database}`)],
          [t('redis'), t(`is_${services.redis}`)],
          [t('whatsapp'), t(`is_${services.whatsapp}`)],
        ]}
      />
    </Card>
  );
}
