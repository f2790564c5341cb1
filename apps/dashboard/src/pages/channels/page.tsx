import { useQuery } from '@tanstack/react-query';
import { Megaphone, Plus } from 'lucide-react';
import { useState } from 'react';
import type { Channel } from '../../api/types.ts';
import { number } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { SelectField } from '../../ui/field.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, Page, Table } from '../../ui/surface.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import { AddChannelDialog, PostDialog } from './dialogs.tsx';
import { channelsQuery } from './queries.ts';
import { StatusUpdates } from './status-updates.tsx';
import { channelsTexts } from './texts.ts';

export function ChannelsPage() {
  const t = channelsTexts.use();
  const all = useQuery(sessionsQuery);
  const linked = (all.data?.sessions ?? []).filter(({ phoneNumber }) => phoneNumber !== null);
  const [chosen, setChosen] = useState<string>();
  const session = chosen ?? linked[0]?.sessionId;
  return (
    <Page title={t('title')} lead={t('lead')}>
      {all.isLoading && <Loading rows={4} />}
      {all.error && !all.data && <ErrorNotice error={all.error} onRetry={() => void all.refetch()} />}
      {all.data && linked.length === 0 && (
        <Card>
          <Empty icon={Megaphone} title={t('noSessionTitle')}>
            {t('noSessionText')}
          </Empty>
        </Card>
      )}
      {linked.length > 1 && (
        <SelectField label={t('session')} value={session ?? ''} onChange={(event) => setChosen(event.target.value)}>
          {linked.map(({ sessionId, name }) => (
            <option key={sessionId} value={sessionId}>
              {name ?? sessionId}
            </option>
          ))}
        </SelectField>
      )}
      {session !== undefined && (
        <>
          <StatusUpdates key={session} session={session} />
          <Channels session={session} />
        </>
      )}
    </Page>
  );
}

function Channels({ session }: { session: string }) {
  const t = channelsTexts.use();
  const [isAdding, setAdding] = useState(false);
  const [open, setOpen] = useState<Channel>();
  const list = useQuery(channelsQuery(session));
  const channels = list.data?.channels ?? [];
  const mayPost = ({ role }: Channel) => role === 'owner' || role === 'admin';
  return (
    <Card
      title={t('channels')}
      lead={t('channelsLead')}
      isFlush
      actions={
        <Button size="small" onClick={() => setAdding(true)}>
          <Plus aria-hidden="true" />
          {t('add')}
        </Button>
      }
    >
      {list.isLoading && <Loading rows={3} />}
      {list.error && !list.data && <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && channels.length === 0 && (
        <Empty icon={Megaphone} title={t('emptyTitle')}>
          {t('emptyText')}
        </Empty>
      )}
      {channels.length > 0 && (
        <Table
          caption={t('channels')}
          rows={channels}
          keyOf={({ id }) => id}
          columns={[
            { title: t('name'), cell: ({ name, id }) => name || id },
            {
              title: t('role'),
              cell: ({ role }) => <Badge tone={role === 'owner' ? 'good' : 'neutral'}>{t(`role_${role}`)}</Badge>,
            },
            { title: t('followers'), cell: ({ followers }) => number(followers) },
            {
              title: '',
              cell: (channel) => (
                <Button
                  size="small"
                  aria-label={t(mayPost(channel) ? 'postIn' : 'readOf', { name: channel.name })}
                  onClick={() => setOpen(channel)}
                >
                  {t(mayPost(channel) ? 'post' : 'read')}
                </Button>
              ),
            },
          ]}
        />
      )}
      {isAdding && <AddChannelDialog session={session} onClose={() => setAdding(false)} />}
      {open && (
        <PostDialog
          session={session}
          channel={open.id}
          name={open.name}
          mayPost={mayPost(open)}
          onClose={() => setOpen(undefined)}
        />
      )}
    </Card>
  );
}
