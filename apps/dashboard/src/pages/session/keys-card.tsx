import { useMutation, useQuery } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Key } from '../../api/types.ts';
import { ago } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { CodeTabs, CopyField } from '../../ui/copy.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Form, Row, TextField } from '../../ui/field.tsx';
import { Card, Empty, ErrorNotice, Loading, Muted, Notice, Table } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { sendExamples } from '../sessions/examples.ts';
import { sessionTexts } from './texts.ts';

const PLACEHOLDER = 'YOUR_KEY';

export function KeysCard({ sessionId }: { sessionId: string }) {
  const t = sessionTexts.use();
  const [isOpen, setOpen] = useState(false);
  const [revoked, setRevoked] = useState<Key>();
  const path = { id: sessionId };
  const keys = useQuery({
    queryKey: ['keys', sessionId],
    queryFn: () => api.sessionKeys.list({ ...path, limit: 100 }),
  });
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['keys', sessionId] });
  const revoke = useMutation({
    mutationFn: (key: Key) => api.keys.revoke({ id: key.id }),
    onSuccess: (_answer, { name }) => {
      setRevoked(undefined);
      toast(t('revoked', { name }));
      return refresh();
    },
  });
  return (
    <Card
      title={t('keys')}
      lead={t('keysLead')}
      isFlush
      actions={
        <Button size="small" onClick={() => setOpen(true)}>
          <Plus aria-hidden="true" />
          {t('newKey')}
        </Button>
      }
    >
      {keys.isLoading && <Loading rows={2} />}
      {keys.error && !keys.data && <ErrorNotice error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.data?.keys.length === 0 && <Empty icon={KeyRound} title={t('noKeys')} />}
      {keys.data && keys.data.keys.length > 0 && (
        <Table
          caption={t('keys')}
          rows={keys.data.keys}
          keyOf={({ id }) => id}
          columns={[
            { title: t('keyName'), cell: ({ name }) => name },
            { title: t('key'), cell: ({ prefix }) => <code>{prefix}…</code> },
            { title: t('role'), cell: ({ role }) => role },
            {
              title: t('lastUsed'),
              cell: ({ lastUsedAt }) => (lastUsedAt ? ago(lastUsedAt) : <Muted>{t('never')}</Muted>),
            },
            {
              title: '',
              cell: (key) => (
                <Button
                  size="small"
                  look="danger"
                  aria-label={`${t('revoke')}: ${key.name}`}
                  onClick={() => setRevoked(key)}
                >
                  {t('revoke')}
                </Button>
              ),
            },
          ]}
        />
      )}
      <NewKey sessionId={sessionId} isOpen={isOpen} onClose={() => setOpen(false)} onMade={refresh} />
      <Confirm
        title={t('revokeTitle')}
        action={t('revoke')}
        isOpen={revoked !== undefined}
        isBusy={revoke.isPending}
        error={revoke.error}
        onClose={() => setRevoked(undefined)}
        onConfirm={() => revoked && revoke.mutate(revoked)}
      >
        {t('revokeText', { name: revoked?.name ?? '' })}
      </Confirm>
    </Card>
  );
}

function NewKey({
  sessionId,
  isOpen,
  onClose,
  onMade,
}: {
  sessionId: string;
  isOpen: boolean;
  onClose(): void;
  onMade(): Promise<void>;
}) {
  const t = sessionTexts.use();
  const { register, handleSubmit, formState, reset } = useForm({ defaultValues: { name: '' } });
  const make = useMutation({
    mutationFn: (name: string) => api.sessionKeys.create({ id: sessionId, body: { name } }),
    onSuccess: onMade,
  });
  const close = () => {
    make.reset();
    reset();
    onClose();
  };
  return (
    <Dialog
      title={make.data ? t('keyMade') : t('newKey')}
      isOpen={isOpen}
      onClose={close}
      isWide={Boolean(make.data)}
      canDismiss={!make.data}
    >
      {make.data ? (
        <>
          <Notice tone="warn">{t('keyOnce')}</Notice>
          <CopyField label={t('key')} value={make.data.apiKey} />
          <h3>{t('examples')}</h3>
          <CodeTabs label={t('examples')} examples={sendExamples(sessionId, make.data.apiKey)} />
          <Row atEnd>
            <Button look="primary" onClick={close}>
              {t('done')}
            </Button>
          </Row>
        </>
      ) : (
        <Form onSubmit={(event) => void handleSubmit(({ name }) => make.mutate(name.trim()))(event)}>
          {make.error && <ErrorNotice error={make.error} />}
          <TextField
            label={t('keyName')}
            hint={t('keyNameHint')}
            autoFocus
            error={formState.errors.name?.message}
            {...register('name', { validate: (value) => value.trim() !== '' || t('nameMissing') })}
          />
          <Row atEnd>
            <Button type="submit" look="primary" isBusy={make.isPending}>
              {t('newKey')}
            </Button>
          </Row>
        </Form>
      )}
    </Dialog>
  );
}

export function ExamplesCard({ sessionId }: { sessionId: string }) {
  const t = sessionTexts.use();
  return (
    <Card title={t('examples')} lead={t('examplesLead')}>
      <CodeTabs label={t('examples')} examples={sendExamples(sessionId, PLACEHOLDER)} />
    </Card>
  );
}
