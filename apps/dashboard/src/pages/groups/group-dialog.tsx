import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { apiUrl } from '../../api/base-path.ts';
import { api } from '../../api/client.ts';
import { phone } from '../../i18n/format.ts';
import { AnchorButton, Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Row } from '../../ui/field.tsx';
import { ErrorNotice, Loading, Muted, Table } from '../../ui/surface.tsx';
import { groupsTexts } from './texts.ts';

/** Of a thousand people so many are shown at once. */
const PER_PAGE = 25;

export function GroupDialog({ session, group, onClose }: { session: string; group: string; onClose(): void }) {
  const t = groupsTexts.use();
  const [page, setPage] = useState(1);
  const detail = useQuery({
    queryKey: ['groups', session, 'one', group],
    queryFn: () => api.groups.get({ id: session, group }),
  });
  const people = detail.data?.participants ?? [];
  const pages = Math.max(1, Math.ceil(people.length / PER_PAGE));
  return (
    <Dialog title={detail.data?.subject ?? t('group')} isOpen onClose={onClose}>
      {detail.isLoading && <Loading rows={4} />}
      {detail.error && <ErrorNotice error={detail.error} onRetry={() => void detail.refetch()} />}
      {detail.data && (
        <>
          {detail.data.description && <p>{detail.data.description}</p>}
          <Table
            caption={t('participants')}
            rows={people.slice((page - 1) * PER_PAGE, page * PER_PAGE)}
            keyOf={({ jid }) => jid}
            columns={[
              {
                title: t('name'),
                cell: ({ name, phoneNumber, lid, jid }) => name ?? <Muted>{phoneNumber ? '–' : (lid ?? jid)}</Muted>,
              },
              {
                title: t('number'),
                cell: ({ phoneNumber }) => (phoneNumber ? phone(phoneNumber) : <Muted>–</Muted>),
              },
              { title: t('role'), cell: ({ role }) => t(role === 'member' ? 'member' : 'admin') },
            ]}
          />
          <Row>
            {pages > 1 && (
              <>
                <Button size="small" disabled={page <= 1} onClick={() => setPage(page - 1)}>
                  {t('previous')}
                </Button>
                <Button size="small" disabled={page >= pages} onClick={() => setPage(page + 1)}>
                  {t('next')}
                </Button>
              </>
            )}
            <Muted>{t('count', { count: people.length })}</Muted>
            <AnchorButton
              href={apiUrl(
                `/api/sessions/${encodeURIComponent(session)}/groups/${encodeURIComponent(group)}/participants/export`,
              )}
              download={`${group.split('@')[0]}.csv`}
            >
              <Download aria-hidden="true" />
              {t('export')}
            </AnchorButton>
          </Row>
        </>
      )}
    </Dialog>
  );
}
