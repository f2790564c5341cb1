import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { Plus, RefreshCw, Users } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { usePermission } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Row, SearchField, SelectField } from '../../ui/field.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, Muted, Notice, Page, Table } from '../../ui/surface.tsx';
import { toastError } from '../../ui/toast.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import { CreateGroupDialog } from './create-dialog.tsx';
import { GroupDialog } from './group-dialog.tsx';
import { groupsTexts } from './texts.ts';

const PER_PAGE = 50;

export function GroupsPage() {
  const t = groupsTexts.use();
  const mayChange = usePermission('messages.send');
  const all = useQuery(sessionsQuery);
  const linked = (all.data?.sessions ?? []).filter(({ phoneNumber }) => phoneNumber !== null);
  const [chosen, setChosen] = useState<string>();
  const [search, setSearch] = useState('');
  const [page, setPage] = useState(1);
  const [open, setOpen] = useState<{ group: string } | 'create'>();
  const wanted = useDeferredValue(search.trim());
  const session = chosen ?? linked[0]?.sessionId;
  const list = useQuery({
    queryKey: ['groups', session, wanted, page],
    enabled: session !== undefined,
    queryFn: () => read(session!, { page, ...(wanted && { search: wanted }) }),
    placeholderData: keepPreviousData,
  });
  const refresh = useMutation({
    mutationFn: () => read(session!, { maxAgeSeconds: 0 }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['groups'] }),
    onError: toastError,
  });
  const groups = list.data?.groups ?? [];
  const pages = list.data?.pagination.totalPages ?? 1;
  const create = mayChange && session !== undefined && (
    <Button look="primary" onClick={() => setOpen('create')}>
      <Plus aria-hidden="true" />
      {t('create')}
    </Button>
  );
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        session !== undefined && (
          <>
            <Button isBusy={refresh.isPending} onClick={() => refresh.mutate()}>
              <RefreshCw aria-hidden="true" />
              {t('refresh')}
            </Button>
            {create}
          </>
        )
      }
    >
      {all.isLoading && <Loading rows={6} />}
      {all.error && !all.data && <ErrorNotice error={all.error} onRetry={() => void all.refetch()} />}
      {all.data && linked.length === 0 && (
        <Card>
          <Empty icon={Users} title={t('noSessionTitle')}>
            {t('noSessionText')}
          </Empty>
        </Card>
      )}
      {linked.length > 1 && (
        <SelectField
          label={t('session')}
          value={session ?? ''}
          onChange={(event) => {
            setChosen(event.target.value);
            setPage(1);
          }}
        >
          {linked.map(({ sessionId, name }) => (
            <option key={sessionId} value={sessionId}>
              {name}
            </option>
          ))}
        </SelectField>
      )}
      {session !== undefined && (
        <>
          <SearchField
            label={t('search')}
            value={search}
            onChange={(text) => {
              setSearch(text);
              setPage(1);
            }}
          />
          {list.data?.isStale && <Notice tone="warn">{t('stale')}</Notice>}
          <Card isFlush>
            {list.isLoading && <Loading rows={6} />}
            {list.error && !list.data && <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />}
            {list.data && groups.length === 0 && (
              <Empty icon={Users} title={wanted ? t('noneFound') : t('emptyTitle')} action={!wanted && create}>
                {!wanted && t('emptyText')}
              </Empty>
            )}
            {groups.length > 0 && (
              <Table
                caption={t('caption')}
                rows={groups}
                keyOf={({ group }) => group}
                columns={[
                  {
                    title: t('group'),
                    cell: ({ group, subject, isCommunity, onlyAdminsSend }) => (
                      <span>
                        <Button
                          look="quiet"
                          size="small"
                          aria-label={t('show', { name: subject })}
                          onClick={() => setOpen({ group })}
                        >
                          <strong>{subject}</strong>
                        </Button>{' '}
                        {isCommunity && <Badge tone="info">{t('community')}</Badge>}{' '}
                        {onlyAdminsSend && !isCommunity && <Badge tone="neutral">{t('onlyAdmins')}</Badge>}
                      </span>
                    ),
                  },
                  { title: t('participants'), cell: ({ participantCount }) => participantCount },
                  {
                    title: t('role'),
                    cell: ({ role }) => (role === null ? <Muted>–</Muted> : t(role === 'member' ? 'member' : 'admin')),
                  },
                  { title: t('asOf'), cell: ({ asOf }) => ago(asOf) },
                ]}
              />
            )}
          </Card>
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
          {open === 'create' && <CreateGroupDialog session={session} onClose={() => setOpen(undefined)} />}
          {typeof open === 'object' && (
            <GroupDialog session={session} group={open.group} onClose={() => setOpen(undefined)} />
          )}
        </>
      )}
    </Page>
  );
}

const read = (session: string, query: { page?: number; search?: string; maxAgeSeconds?: number }) =>
  api.groups.list({ id: session, limit: PER_PAGE, ...query });
