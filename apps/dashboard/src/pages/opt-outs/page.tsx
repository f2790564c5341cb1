import { keepPreviousData, useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { Plus, UserX } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago, dateTime, phone } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Checkbox, Form, Row, SearchField, TextArea, TextField } from '../../ui/field.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, More, Muted, Named, Page, Table } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import styles from './opt-outs.module.css';
import { optOutsTexts } from './texts.ts';

const ROWS = 50;
const LOG_ROWS = 20;
/** What the API searches by. */
const SEARCHABLE = /^[+\d\s().-]{2,40}$/;

const listOptOuts = (search: string, cursor: string | undefined) =>
  api.optOuts.list({ limit: ROWS, ...(search && { search }), ...(cursor && { cursor }) });
type OptOut = Awaited<ReturnType<typeof listOptOuts>>['optOuts'][number];

const settingsQuery = {
  queryKey: ['opt-outs', 'settings'],
  queryFn: () => api.optOuts.settings(),
};
type Settings = Awaited<ReturnType<typeof settingsQuery.queryFn>>;

const refresh = () => queryClient.invalidateQueries({ queryKey: ['opt-outs'] });
const nameOf = ({ name, phoneNumber, jid }: OptOut['identity']): string =>
  name ?? (phoneNumber ? phone(phoneNumber) : jid);

export function OptOutsPage() {
  const t = optOutsTexts.use();
  const [isAdding, setAdding] = useState(false);
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <Button look="primary" onClick={() => setAdding(true)}>
          <Plus aria-hidden="true" />
          {t('add')}
        </Button>
      }
    >
      <People />
      <Keywords />
      <Log />
      {isAdding && <AddDialog onClose={() => setAdding(false)} />}
    </Page>
  );
}

function People() {
  const t = optOutsTexts.use();
  const [search, setSearch] = useState('');
  const [removed, setRemoved] = useState<OptOut>();
  const typed = useDeferredValue(search.trim());
  const wanted = SEARCHABLE.test(typed) ? typed : '';
  const people = useInfiniteQuery({
    queryKey: ['opt-outs', 'people', wanted],
    queryFn: ({ pageParam }) => listOptOuts(wanted, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ pagination }) => pagination.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const remove = useMutation({
    mutationFn: ({ identity: { phoneNumber, jid } }: OptOut) => api.optOuts.remove({ recipient: phoneNumber ?? jid }),
    onSuccess: (_answer, { identity }) => {
      setRemoved(undefined);
      toast(t('removed', { name: nameOf(identity) }));
      return refresh();
    },
  });
  const shown = people.data?.pages.flatMap(({ optOuts }) => optOuts) ?? [];
  return (
    <>
      {(shown.length > 0 || search !== '') && <SearchField label={t('search')} value={search} onChange={setSearch} />}
      <Card isFlush>
        {people.isLoading && <Loading rows={4} />}
        {people.error && !people.data && <ErrorNotice error={people.error} onRetry={() => void people.refetch()} />}
        {people.data && shown.length === 0 && (
          <Empty icon={UserX} title={t(wanted ? 'noneFound' : 'emptyTitle')}>
            {!wanted && t('emptyText')}
          </Empty>
        )}
        {shown.length > 0 && (
          <Table
            caption={t('caption')}
            rows={shown}
            keyOf={({ identity }) => identity.jid}
            columns={[
              {
                title: '',
                cell: ({ identity, note }) => (
                  <Named name={nameOf(identity)}>
                    {[identity.name && identity.phoneNumber && phone(identity.phoneNumber), note]
                      .filter(Boolean)
                      .join(' · ')}
                  </Named>
                ),
              },
              { title: t('how'), cell: ({ source }) => t(`source_${source}`) },
              { title: t('since'), cell: ({ createdAt }) => ago(createdAt) },
              {
                title: '',
                cell: (optOut) => (
                  <Button
                    size="small"
                    aria-label={t('removeOf', { name: nameOf(optOut.identity) })}
                    onClick={() => {
                      remove.reset();
                      setRemoved(optOut);
                    }}
                  >
                    {t('remove')}
                  </Button>
                ),
              },
            ]}
          />
        )}
        <More pages={people}>{t('more')}</More>
      </Card>
      <Confirm
        title={t('removeTitle', { name: removed ? nameOf(removed.identity) : '' })}
        action={t('remove')}
        isOpen={removed !== undefined}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setRemoved(undefined)}
        onConfirm={() => {
          if (removed) remove.mutate(removed);
        }}
      >
        {t('removeText')}
      </Confirm>
    </>
  );
}

function AddDialog({ onClose }: { onClose(): void }) {
  const t = optOutsTexts.use();
  const { register, handleSubmit, formState } = useForm({ defaultValues: { to: '', note: '' } });
  const add = useMutation({
    mutationFn: ({ to, note }: { to: string; note: string }) =>
      api.optOuts.add({ body: { to: to.trim(), ...(note.trim() && { note: note.trim() }) } }),
    onSuccess: () => {
      toast(t('added'));
      onClose();
      return refresh();
    },
  });
  return (
    <Dialog title={t('addTitle')} isOpen onClose={onClose}>
      <Form onSubmit={(event) => void handleSubmit((values) => add.mutate(values))(event)}>
        {add.error && <ErrorNotice error={add.error} />}
        <TextField
          label={t('number')}
          hint={t('numberHint')}
          type="tel"
          autoFocus
          error={formState.errors.to?.message}
          {...register('to', { validate: (value) => value.trim() !== '' || t('numberMissing') })}
        />
        <TextField label={t('note')} hint={t('noteHint')} isOptional maxLength={500} {...register('note')} />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={add.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}

function Keywords() {
  const t = optOutsTexts.use();
  const settings = useQuery(settingsQuery);
  return (
    <Card title={t('settings')} lead={t('settingsLead')}>
      {settings.isLoading && <Loading rows={3} />}
      {settings.error && !settings.data && (
        <ErrorNotice error={settings.error} onRetry={() => void settings.refetch()} />
      )}
      {settings.data && <KeywordsForm settings={settings.data} />}
    </Card>
  );
}

const wordsIn = (text: string): string[] => [
  ...new Set(
    text
      .split(/[\n,]+/)
      .map((one) => one.trim())
      .filter(Boolean),
  ),
];

function KeywordsForm({ settings }: { settings: Settings }) {
  const t = optOutsTexts.use();
  const { register, handleSubmit } = useForm({
    defaultValues: {
      isActive: settings.isActive,
      out: settings.optOutKeywords.join(', '),
      back: settings.optInKeywords.join(', '),
      outReply: settings.optOutReply ?? '',
      inReply: settings.optInReply ?? '',
    },
  });
  const save = useMutation({
    mutationFn: (values: { isActive: boolean; out: string; back: string; outReply: string; inReply: string }) =>
      api.optOuts.changeSettings({
        body: {
          isActive: values.isActive,
          optOutKeywords: wordsIn(values.out),
          optInKeywords: wordsIn(values.back),
          optOutReply: values.outReply.trim() || null,
          optInReply: values.inReply.trim() || null,
        },
      }),
    onSuccess: (saved) => {
      queryClient.setQueryData(settingsQuery.queryKey, saved);
      toast(t('settingsSaved'));
    },
  });
  return (
    <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
      {save.error && <ErrorNotice error={save.error} />}
      <Checkbox label={t('isActive')} {...register('isActive')} />
      <div className={styles.pairs}>
        <TextArea label={t('outKeywords')} hint={t('keywordsHint')} rows={2} {...register('out')} />
        <TextArea label={t('inKeywords')} hint={t('keywordsHint')} rows={2} {...register('back')} />
        <TextArea label={t('outReply')} hint={t('replyHint')} rows={2} maxLength={1_024} {...register('outReply')} />
        <TextArea label={t('inReply')} hint={t('replyHint')} rows={2} maxLength={1_024} {...register('inReply')} />
      </div>
      <Row atEnd>
        <Button type="submit" look="primary" isBusy={save.isPending}>
          {t('save')}
        </Button>
      </Row>
    </Form>
  );
}

function Log() {
  const t = optOutsTexts.use();
  const log = useInfiniteQuery({
    queryKey: ['opt-outs', 'log'],
    queryFn: ({ pageParam }) => api.optOuts.log({ limit: LOG_ROWS, ...(pageParam && { cursor: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ pagination }) => pagination.nextCursor ?? undefined,
  });
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <Card title={t('log')} lead={t('logLead')} isFlush>
      {log.isLoading && <Loading rows={2} />}
      {log.error && !log.data && <ErrorNotice error={log.error} onRetry={() => void log.refetch()} />}
      {log.data && entries.length === 0 && (
        <p className={styles.none}>
          <Muted>{t('logEmpty')}</Muted>
        </p>
      )}
      {entries.length > 0 && (
        <Table
          caption={t('log')}
          rows={entries}
          keyOf={({ id }) => id}
          columns={[
            { title: '', cell: ({ identity }) => nameOf(identity) },
            {
              title: t('action'),
              cell: ({ action }) => <Badge tone={action === 'out' ? 'warn' : 'good'}>{t(`action_${action}`)}</Badge>,
            },
            {
              title: t('how'),
              cell: ({ source, by }) => (by ? `${t(`source_${source}`)} (${by})` : t(`source_${source}`)),
            },
            { title: t('text'), cell: ({ text }) => text ?? <Muted>–</Muted> },
            { title: t('when'), cell: ({ createdAt }) => dateTime(createdAt) },
          ]}
        />
      )}
      <More pages={log}>{t('more')}</More>
    </Card>
  );
}
