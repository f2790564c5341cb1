import { useInfiniteQuery } from '@tanstack/react-query';
import { History } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { isAdministrator, useMe } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { dateTime } from '../../i18n/format.ts';
import { Select, TextField } from '../../ui/field.tsx';
import { Card, Empty, ErrorNotice, Loading, More, Page } from '../../ui/surface.tsx';
import styles from './audit.module.css';
import { auditTexts } from './texts.ts';

interface Filter {
  action: string;
  from: string;
  to: string;
}

/** A day of the browser's clock, from its first moment or to its last. */
const dayAsTime = (day: string, isEnd: boolean): string =>
  new Date(`${day}T${isEnd ? '23:59:59.999' : '00:00'}`).toISOString();

async function listEntries(isWhole: boolean, { action, from, to }: Filter, cursor: string | undefined) {
  const query = {
    limit: 50,
    ...(action && { action }),
    ...(from && { from: dayAsTime(from, false) }),
    ...(to && { to: dayAsTime(to, true) }),
    ...(cursor && { cursor }),
  };
  return isWhole ? api.auditLogs.listAll(query) : api.auditLogs.list(query);
}
type Entry = Awaited<ReturnType<typeof listEntries>>['auditLogs'][number];

export function AuditPage() {
  const t = auditTexts.use();
  const me = useMe();
  const [isWhole, setWhole] = useState(false);
  const [filter, setFilter] = useState<Filter>({ action: '', from: '', to: '' });
  const wanted = { ...filter, action: useDeferredValue(filter.action).trim() };
  const entries = useInfiniteQuery({
    queryKey: ['audit', me.workspaceId, isWhole, wanted],
    queryFn: ({ pageParam }) => listEntries(isWhole, wanted, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ pagination }) => pagination.nextCursor ?? undefined,
  });
  const shown = entries.data?.pages.flatMap(({ auditLogs }) => auditLogs) ?? [];
  const isFiltered = Object.values(wanted).some(Boolean);
  return (
    <Page title={t('title')} lead={t('lead')}>
      <div className={styles.filters}>
        <TextField
          label={t('action')}
          placeholder={t('actionHint')}
          value={filter.action}
          onChange={({ target }) => setFilter({ ...filter, action: target.value })}
        />
        <TextField
          label={t('from')}
          type="date"
          value={filter.from}
          onChange={({ target }) => setFilter({ ...filter, from: target.value })}
        />
        <TextField
          label={t('to')}
          type="date"
          value={filter.to}
          onChange={({ target }) => setFilter({ ...filter, to: target.value })}
        />
        {isAdministrator(me) && (
          <Select
            label={t('scope')}
            value={isWhole ? 'whole' : 'workspace'}
            onChange={({ target }) => setWhole(target.value === 'whole')}
          >
            <option value="workspace">{t('workspace')}</option>
            <option value="whole">{t('whole')}</option>
          </Select>
        )}
      </div>
      {entries.isLoading && <Loading rows={6} height={52} />}
      {entries.error && !entries.data && <ErrorNotice error={entries.error} onRetry={() => void entries.refetch()} />}
      {entries.data && (
        <Card isFlush>
          {shown.length === 0 ? (
            <Empty icon={History} title={isFiltered ? t('noneFound') : t('emptyTitle')}>
              {!isFiltered && t('emptyText')}
            </Empty>
          ) : (
            <ul>
              {shown.map((entry) => (
                <AuditLine key={entry.id} entry={entry} />
              ))}
            </ul>
          )}
          <More pages={entries}>{t('more')}</More>
        </Card>
      )}
    </Page>
  );
}

const shownValue = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '–'));

function AuditLine({ entry: { action, actor, resource, createdAt, ip, requestId, before, after } }: { entry: Entry }) {
  const t = auditTexts.use();
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return (
    <li className={styles.entry}>
      <p className={styles.what}>
        <strong>{actor.name ?? t(`by_${actor.kind}`)}</strong>
        <code>{action}</code>
        <span>
          {resource.type} {resource.id}
        </span>
      </p>
      <p className={styles.where}>
        <time dateTime={createdAt}>{dateTime(createdAt)}</time>
        {actor.name && <span>{t(`by_${actor.kind}`)}</span>}
        {ip && <span>{t('address', { ip })}</span>}
        {requestId && <span>{t('request', { id: requestId })}</span>}
      </p>
      {fields.length > 0 && (
        <details>
          <summary>{t('changes')}</summary>
          <table className={styles.changes}>
            <thead>
              <tr>
                <th scope="col">
                  <span className="visually-hidden">…</span>
                </th>
                <th scope="col">{t('before')}</th>
                <th scope="col">{t('after')}</th>
              </tr>
            </thead>
            <tbody>
              {fields.map((field) => (
                <tr key={field}>
                  <th scope="row">{field}</th>
                  <td>{shownValue(before?.[field])}</td>
                  <td>{shownValue(after?.[field])}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </li>
  );
}
