import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Plus, Smartphone } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useForm } from 'react-hook-form';
import { usePermission } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { CreatedSession, Session } from '../../api/types.ts';
import { ago, phone } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { CodeTabs, CopyField } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Form, Row, SearchField, SelectField, TextField } from '../../ui/field.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, Muted, Notice, Page, Table } from '../../ui/surface.tsx';
import { sendExamples } from './examples.ts';
import { sessionsQuery } from './queries.ts';
import styles from './sessions.module.css';
import { StateBadge } from './state.tsx';
import { sessionsTexts } from './texts.ts';

const SEARCH_FROM = 8;

export function SessionsPage() {
  const t = sessionsTexts.use();
  const { create = false } = useSearch({ from: '/app/sessions' });
  const navigate = useNavigate();
  const mayCreate = usePermission('system.manage');
  const sessions = useQuery(sessionsQuery);
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search).trim().toLowerCase();
  const openCreate = (isOpen: boolean) =>
    void navigate({ to: '/sessions', search: isOpen ? { create: true } : {}, replace: true });
  const all = sessions.data?.sessions ?? [];
  const found = all.filter(({ name, sessionId, phoneNumber }) =>
    [name, sessionId, phoneNumber ?? ''].some((text) => text.toLowerCase().includes(wanted)),
  );
  const newSession = mayCreate && (
    <Button look="primary" onClick={() => openCreate(true)}>
      <Plus aria-hidden="true" />
      {t('create')}
    </Button>
  );
  return (
    <Page title={t('title')} lead={t('lead')} actions={all.length > 0 && newSession}>
      {sessions.isLoading && <Loading rows={4} height={56} />}
      {sessions.error && !sessions.data && (
        <ErrorNotice error={sessions.error} onRetry={() => void sessions.refetch()} />
      )}
      {sessions.data && all.length === 0 && (
        <Card>
          <Empty icon={Smartphone} title={t('emptyTitle')} action={newSession}>
            {t(mayCreate ? 'emptyText' : 'emptyViewer')}
          </Empty>
        </Card>
      )}
      {all.length > 0 && (
        <>
          {all.length >= SEARCH_FROM && <SearchField label={t('search')} value={search} onChange={setSearch} />}
          <Card isFlush>
            {found.length > 0 ? <SessionTable sessions={found} /> : <Empty icon={Smartphone} title={t('noneFound')} />}
          </Card>
        </>
      )}
      {mayCreate && <CreateDialog isOpen={create} onClose={() => openCreate(false)} />}
    </Page>
  );
}

function SessionTable({ sessions }: { sessions: readonly Session[] }) {
  const t = sessionsTexts.use();
  return (
    <Table
      caption={t('caption')}
      rows={sessions}
      keyOf={({ id }) => id}
      columns={[
        {
          title: '',
          cell: ({ name, sessionId, network }) => (
            <div className={styles.name}>
              <Link to="/sessions/$sessionId" params={{ sessionId }}>
                {name}
              </Link>
              <span>
                <code>{sessionId}</code>
                {network === 'sandbox' && <Badge tone="neutral">{t('sandboxBadge')}</Badge>}
              </span>
            </div>
          ),
        },
        {
          title: t('number'),
          cell: ({ phoneNumber }) => (phoneNumber ? phone(phoneNumber) : <Muted>{t('notLinked')}</Muted>),
        },
        { title: t('state'), cell: ({ state }) => <StateBadge state={state} /> },
        {
          title: t('lastSeen'),
          cell: ({ lastSeenAt }) => (lastSeenAt ? ago(lastSeenAt) : <Muted>{t('never')}</Muted>),
        },
      ]}
    />
  );
}

function CreateDialog({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  const t = sessionsTexts.use();
  const navigate = useNavigate();
  const [made, setMade] = useState<CreatedSession>();
  const { register, handleSubmit, formState, reset } = useForm({
    defaultValues: { name: '', sessionId: '', network: '' },
  });
  const create = useMutation({
    mutationFn: ({ name, sessionId, network }: { name: string; sessionId: string; network: string }) =>
      api.sessions.create({
        body: {
          name: name.trim(),
          ...(sessionId.trim() && { sessionId: sessionId.trim() }),
          ...(network && { network: network as 'live' | 'sandbox' }),
        },
      }),
    onSuccess: (session) => {
      setMade(session);
      void queryClient.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  const close = () => {
    setMade(undefined);
    create.reset();
    reset();
    onClose();
  };
  const link = async (sessionId: string) => {
    setMade(undefined);
    create.reset();
    reset();
    await navigate({ to: '/sessions/$sessionId', params: { sessionId } });
  };
  if (made) {
    return (
      <Dialog title={t('createdTitle')} isOpen={isOpen} onClose={close} isWide canDismiss={false}>
        <Notice tone="warn" title={t('keyOnce')}>
          {t('keyOnceText')}
        </Notice>
        <CopyField label={t('key')} value={made.apiKey} />
        <h3>{t('examples')}</h3>
        <CodeTabs label={t('examples')} examples={sendExamples(made.sessionId, made.apiKey)} />
        <Row atEnd>
          <Button look="primary" autoFocus onClick={() => void link(made.sessionId)}>
            {t('goOn')}
          </Button>
        </Row>
      </Dialog>
    );
  }
  return (
    <Dialog title={t('create')} isOpen={isOpen} onClose={close}>
      <Form onSubmit={(event) => void handleSubmit((values) => create.mutate(values))(event)}>
        {create.error && <ErrorNotice error={create.error} />}
        <TextField
          label={t('name')}
          hint={t('nameHint')}
          autoFocus
          error={formState.errors.name?.message}
          {...register('name', { validate: (value) => value.trim() !== '' || t('nameMissing') })}
        />
        <TextField label={t('sessionId')} hint={t('sessionIdHint')} isOptional {...register('sessionId')} />
        <SelectField label={t('network')} {...register('network')}>
          <option value="">{t('networkDefault')}</option>
          <option value="sandbox">{t('networkSandbox')}</option>
          <option value="live">{t('networkLive')}</option>
        </SelectField>
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={create.isPending}>
            {t('create')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
