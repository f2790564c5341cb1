import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { isWaGateError } from '@wa-gate/sdk';
import { ArrowLeft, Ban, Download, Pause, Pencil, Play, Trash2, UserPlus, Users } from 'lucide-react';
import { useState } from 'react';
import { apiUrl } from '../../api/base-path.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Broadcast } from '../../api/types.ts';
import { dateTime, number } from '../../i18n/format.ts';
import { AnchorButton, Button, LinkButton } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Form, Row, Select, TextField } from '../../ui/field.tsx';
import { Card, Empty, ErrorNotice, Loading, More, Muted, Notice, Page, Table } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import styles from './broadcasts.module.css';
import { intakesOf, noteIntakes } from './intakes.ts';
import {
  broadcastQuery,
  isMoving,
  isUnstarted,
  type RecipientState,
  type ReportRow,
  refreshBroadcasts,
  reportQuery,
} from './queries.ts';
import { addRecipients, IntakeNotice, NO_RECIPIENTS, RecipientFields, refusalOf } from './recipients.tsx';
import { Progress, RecipientBadge, reasonWords, StatusBadge } from './state.tsx';
import { broadcastsTexts } from './texts.ts';

const RECIPIENT_STATES = [
  'sent',
  'pending',
  'queued',
  'failed',
  'unknown',
  'skipped',
  'invalid',
  'cancelled',
] as const satisfies readonly RecipientState[];
type Verb = 'start' | 'pause' | 'resume' | 'cancel';

export function BroadcastPage() {
  const t = broadcastsTexts.use();
  const { broadcastId } = useParams({ from: '/app/broadcasts/$broadcastId' });
  const broadcast = useQuery(broadcastQuery(broadcastId));
  if (broadcast.data) return <BroadcastView key={broadcastId} broadcast={broadcast.data} />;
  const isGone = isWaGateError(broadcast.error) && broadcast.error.status === 404;
  return (
    <Page title={t('oneTitle')} actions={<BackLink />}>
      {broadcast.isLoading && <Loading rows={3} height={110} />}
      {broadcast.error && (
        <ErrorNotice error={broadcast.error} {...(!isGone && { onRetry: () => void broadcast.refetch() })} />
      )}
    </Page>
  );
}

function BackLink() {
  const t = broadcastsTexts.use();
  return (
    <LinkButton to="/broadcasts">
      <ArrowLeft aria-hidden="true" />
      {t('back')}
    </LinkButton>
  );
}

function BroadcastView({ broadcast }: { broadcast: Broadcast }) {
  const { broadcastId, name, status } = broadcast;
  const [intakes, setIntakes] = useState(() => intakesOf(broadcastId));
  // Whoever starts the broadcast here may still be reading them.
  const [showsIntakes] = useState(() => isUnstarted(broadcast));
  return (
    <Page title={name} lead={<StatusBadge status={status} />} actions={<Actions broadcast={broadcast} />}>
      {showsIntakes && intakes.map((intake) => <IntakeNotice key={intake.source} intake={intake} />)}
      {broadcast.waitsFor && status !== 'running' && (
        <Notice tone="warn">
          <Waits broadcast={broadcast} />
        </Notice>
      )}
      <Figures broadcast={broadcast} />
      <MessageCard broadcast={broadcast} />
      <Report
        broadcast={broadcast}
        onAdded={(added) => {
          noteIntakes(broadcastId, added);
          setIntakes(added);
        }}
      />
    </Page>
  );
}

function Actions({ broadcast }: { broadcast: Broadcast }) {
  const t = broadcastsTexts.use();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<'start' | 'cancel' | 'remove'>();
  const { broadcastId: id, status, counts, endedAt } = broadcast;
  const params = { id };
  const close = () => setAsked(undefined);
  const change = useMutation({
    mutationFn: (verb: Verb) => api.broadcasts[verb](params),
    onSuccess: (changed, verb) => {
      close();
      queryClient.setQueryData(['broadcast', id], changed);
      toast(t(`done_${verb}`));
      return refreshBroadcasts();
    },
    // A question shows the error itself.
    onError: (error, verb) => {
      if (verb === 'pause' || verb === 'resume') toastError(error);
    },
  });
  const remove = useMutation({
    mutationFn: () => api.broadcasts.delete(params),
    onSuccess: async () => {
      toast(t('removed'));
      await navigate({ to: '/broadcasts' });
      queryClient.removeQueries({ queryKey: ['broadcast', id] });
      return queryClient.invalidateQueries({ queryKey: ['broadcasts'] });
    },
  });
  const ask = (question: 'start' | 'cancel' | 'remove') => {
    change.reset();
    remove.reset();
    setAsked(question);
  };
  return (
    <>
      <BackLink />
      {isUnstarted(broadcast) && (
        <LinkButton to="/broadcasts/$broadcastId/edit" params={{ broadcastId: id }}>
          <Pencil aria-hidden="true" />
          {t('edit')}
        </LinkButton>
      )}
      {isUnstarted(broadcast) && (
        <Button look="primary" disabled={counts.pending === 0} onClick={() => ask('start')}>
          <Play aria-hidden="true" />
          {t('start')}
        </Button>
      )}
      {status === 'running' && (
        <Button isBusy={change.isPending} onClick={() => change.mutate('pause')}>
          <Pause aria-hidden="true" />
          {t('pause')}
        </Button>
      )}
      {status === 'paused' && (
        <Button look="primary" isBusy={change.isPending} onClick={() => change.mutate('resume')}>
          <Play aria-hidden="true" />
          {t('resume')}
        </Button>
      )}
      {(status === 'running' || status === 'paused' || status === 'scheduled') && (
        <Button look="danger" onClick={() => ask('cancel')}>
          <Ban aria-hidden="true" />
          {t('cancel')}
        </Button>
      )}
      {(status === 'draft' || endedAt !== null) && (
        <Button look="danger" onClick={() => ask('remove')}>
          <Trash2 aria-hidden="true" />
          {t('remove')}
        </Button>
      )}
      <Confirm
        title={t('startTitle')}
        action={t('start')}
        look="primary"
        isOpen={asked === 'start'}
        isBusy={change.isPending}
        error={change.error}
        onClose={close}
        onConfirm={() => change.mutate('start')}
      >
        {t('startText', { count: counts.pending })}
      </Confirm>
      <Confirm
        title={t('cancelTitle')}
        action={t('cancel')}
        isOpen={asked === 'cancel'}
        isBusy={change.isPending}
        error={change.error}
        onClose={close}
        onConfirm={() => change.mutate('cancel')}
      >
        {t('cancelText')}
      </Confirm>
      <Confirm
        title={t('removeTitle')}
        action={t('remove')}
        isOpen={asked === 'remove'}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={close}
        onConfirm={() => remove.mutate()}
      >
        {t('removeText')}
      </Confirm>
    </>
  );
}

/** Why a broadcast does not go on now, if it does not. */
function Waits({ broadcast: { waitsFor, waitsUntil } }: { broadcast: Broadcast }) {
  const t = broadcastsTexts.use();
  if (!waitsFor) return null;
  return (
    <>
      {t(`waits_${waitsFor}`)}
      {waitsUntil && ` ${t('waitsUntil', { time: dateTime(waitsUntil) })}`}
    </>
  );
}

/** They have their places from the draft on: figures that come and go would move the others. */
const USUAL_STATES = ['pending', 'queued', 'sent', 'failed', 'skipped'] as const satisfies readonly RecipientState[];
const RARE_STATES = RECIPIENT_STATES.filter((state) => !USUAL_STATES.some((usual) => usual === state));

function Figures({ broadcast }: { broadcast: Broadcast }) {
  const t = broadcastsTexts.use();
  const { counts, scheduledAt, startedAt, endedAt, createdAt, sessionIds } = broadcast;
  const isKnown = (state: RecipientState) => counts[state] > 0;
  const shown = [...USUAL_STATES, ...RARE_STATES.filter(isKnown)];
  return (
    <Card>
      <div className={styles.fields}>
        <Progress broadcast={broadcast} />
        <dl className={styles.counts}>
          <div>
            <dt>{t('total')}</dt>
            <dd>{number(counts.total)}</dd>
          </div>
          {shown.map((state) => (
            <div key={state}>
              <dt>{t(`state_${state}`)}</dt>
              <dd data-count={state}>{number(counts[state])}</dd>
            </div>
          ))}
        </dl>
        <p className={styles.times}>
          <span>{t('by', { sessions: sessionIds.join(', ') || '–' })}</span>
          <span>{t('createdAt', { time: dateTime(createdAt) })}</span>
          {scheduledAt && !startedAt && <span>{t('startsAt', { time: dateTime(scheduledAt) })}</span>}
          {startedAt && <span>{t('startedAt', { time: dateTime(startedAt) })}</span>}
          {endedAt && <span>{t('endedAt', { time: dateTime(endedAt) })}</span>}
        </p>
        <p className={styles.waits} role="status">
          {broadcast.status === 'running' && <Waits broadcast={broadcast} />}
        </p>
        {isMoving(broadcast) && broadcast.status === 'cancelled' && <Muted>{t('inFlight')}</Muted>}
      </div>
    </Card>
  );
}

function MessageCard({ broadcast }: { broadcast: Broadcast }) {
  const t = broadcastsTexts.use();
  const [to, setTo] = useState('');
  const { broadcastId: id, messages, variables } = broadcast;
  const preview = useMutation({
    mutationFn: () => api.broadcasts.preview({ id, body: to.trim() ? { to: to.trim() } : {} }),
  });
  return (
    <Card title={t('message')} lead={variables.length > 0 && t('variables', { names: variables.join(', ') })}>
      <div className={styles.fields}>
        {messages.map(({ type, text }, index) => (
          <p key={index} className={styles.bubble}>
            {text ?? type}
          </p>
        ))}
        <Form
          onSubmit={(event) => {
            event.preventDefault();
            preview.mutate();
          }}
        >
          <div className={styles.ask}>
            <TextField
              label={t('previewFor')}
              type="tel"
              autoComplete="off"
              placeholder={t('firstOfList')}
              value={to}
              onChange={({ target }) => setTo(target.value)}
            />
            <Button type="submit" isBusy={preview.isPending}>
              {t('preview')}
            </Button>
          </div>
          {preview.error && <ErrorNotice error={preview.error} />}
          {preview.data && (
            <div className={styles.fields} role="status">
              <p>{t('previewOf', { to: `+${preview.data.to.split('@')[0]}` })}</p>
              {preview.data.skippedBecause ? (
                <Notice tone="warn">{t('wouldSkip', { reason: reasonWords(preview.data.skippedBecause) })}</Notice>
              ) : (
                <p className={styles.bubble}>{preview.data.text ?? preview.data.type}</p>
              )}
            </div>
          )}
        </Form>
      </div>
    </Card>
  );
}

function Report({
  broadcast,
  onAdded,
}: {
  broadcast: Broadcast;
  onAdded(intakes: Awaited<ReturnType<typeof addRecipients>>): void;
}) {
  const t = broadcastsTexts.use();
  const [state, setState] = useState<RecipientState | ''>('');
  const [isAdding, setAdding] = useState(false);
  const report = useInfiniteQuery(reportQuery(broadcast, state));
  const [first] = report.data?.pages ?? [];
  const rows = report.data?.pages.flatMap(({ recipients }) => recipients) ?? [];
  const { broadcastId, counts } = broadcast;
  const add = isUnstarted(broadcast) && (
    <Button onClick={() => setAdding(true)}>
      <UserPlus aria-hidden="true" />
      {t('add')}
    </Button>
  );
  return (
    <>
      {first && first.reasons.length > 0 && (
        <Card title={t('reasons')} isFlush>
          <Table
            caption={t('reasons')}
            rows={first.reasons}
            keyOf={({ state: of, reason }) => `${of} ${reason}`}
            columns={[
              { title: t('state'), cell: ({ state: of }) => <RecipientBadge state={of} /> },
              { title: t('reason'), cell: ({ reason }) => reasonWords(reason) },
              { title: t('count'), isNumber: true, cell: ({ count }) => number(count) },
            ]}
          />
        </Card>
      )}
      <Card
        title={t('recipients')}
        lead={first && t('receipts', { delivered: number(first.delivered), read: number(first.read) })}
        isFlush
        actions={
          <>
            {add}
            {counts.total > 0 && (
              <>
                <Select
                  label={t('state')}
                  value={state}
                  onChange={({ target }) => setState(target.value as RecipientState | '')}
                >
                  <option value="">{t('anyState')}</option>
                  {RECIPIENT_STATES.map((one) => (
                    <option key={one} value={one}>
                      {t(`state_${one}`)}
                    </option>
                  ))}
                </Select>
                <AnchorButton
                  href={apiUrl(`/api/broadcast/${broadcastId}/report?format=csv${state && `&state=${state}`}`)}
                  download="broadcast.csv"
                >
                  <Download aria-hidden="true" />
                  {t('csv')}
                </AnchorButton>
              </>
            )}
          </>
        }
      >
        {report.isLoading && <Loading rows={4} />}
        {report.error && !report.data && <ErrorNotice error={report.error} onRetry={() => void report.refetch()} />}
        {report.data && rows.length === 0 && (
          <Empty icon={Users} title={t(state ? 'noneOfState' : 'noRecipients')}>
            {!state && add && t('noRecipientsText')}
          </Empty>
        )}
        {rows.length > 0 && <RecipientTable rows={rows} />}
        <More pages={report}>{t('more')}</More>
      </Card>
      {isAdding && <AddDialog broadcastId={broadcastId} onAdded={onAdded} onClose={() => setAdding(false)} />}
    </>
  );
}

function RecipientTable({ rows }: { rows: readonly ReportRow[] }) {
  const t = broadcastsTexts.use();
  return (
    <Table
      caption={t('recipients')}
      rows={rows}
      keyOf={({ position }) => String(position)}
      columns={[
        {
          title: '',
          cell: ({ recipient, name, line }) => (
            <div className={styles.name}>
              <strong>{recipient || '–'}</strong>
              <span>{[name, line !== null && t('line', { line })].filter(Boolean).join(' · ')}</span>
            </div>
          ),
        },
        {
          title: t('state'),
          cell: ({ state }) => (
            <span className={styles.recipientState}>
              <RecipientBadge state={state} />
            </span>
          ),
        },
        { title: t('reason'), cell: ({ reason }) => (reason ? reasonWords(reason) : <Muted>–</Muted>) },
        { title: t('session'), cell: ({ sessionId }) => sessionId ?? <Muted>–</Muted> },
        {
          title: t('last'),
          cell: ({ readAt, deliveredAt, sentAt }) => (
            <span className={styles.recipientNews}>
              {readAt
                ? t('readAt', { time: dateTime(readAt) })
                : deliveredAt
                  ? t('deliveredAt', { time: dateTime(deliveredAt) })
                  : sentAt
                    ? t('sentAt', { time: dateTime(sentAt) })
                    : '–'}
            </span>
          ),
        },
      ]}
    />
  );
}

function AddDialog({
  broadcastId,
  onAdded,
  onClose,
}: {
  broadcastId: string;
  onAdded(intakes: Awaited<ReturnType<typeof addRecipients>>): void;
  onClose(): void;
}) {
  const t = broadcastsTexts.use();
  const [recipients, setRecipients] = useState(NO_RECIPIENTS);
  const [isTried, setTried] = useState(false);
  const refusal = refusalOf(recipients);
  const add = useMutation({
    mutationFn: () => addRecipients(broadcastId, recipients),
    onSuccess: (intakes) => {
      onAdded(intakes);
      onClose();
    },
    onSettled: refreshBroadcasts,
  });
  return (
    <Dialog title={t('add')} isOpen onClose={onClose}>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (!refusal) add.mutate();
        }}
      >
        {add.error && <ErrorNotice error={add.error} />}
        <RecipientFields value={recipients} error={isTried ? refusal : undefined} onChange={setRecipients} />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={add.isPending}>
            {t('add')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
