import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { dateTime, number } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Form, Row, TextField } from '../../ui/field.tsx';
import { Badge, Card, ErrorNotice, Notice } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import styles from './fleet.module.css';
import { versionsQuery } from './queries.ts';
import { fleetTexts } from './texts.ts';
import { versionsTexts } from './versions-texts.ts';

type Versions = Awaited<ReturnType<NonNullable<typeof versionsQuery.queryFn>>>[number];
type Change = Omit<NonNullable<Parameters<typeof putVersions>[0]>, 'network'>;

const putVersions = (body: { network: Versions['network']; version?: string | null; candidate?: Candidate | null }) =>
  api.whatsappVersion.set({ body });
interface Candidate {
  version: string;
  percent: number;
  sessionIds: string[];
}

const THREE_NUMBERS = /^\d{1,9}\.\d{1,9}\.\d{1,10}$/;

const useChange = (network: Versions['network'], onDone?: () => void) => {
  const t = versionsTexts.use();
  return useMutation({
    mutationFn: (change: Change) => putVersions({ network, ...change }),
    onSuccess: () => {
      toast(t('saved'));
      onDone?.();
      return queryClient.invalidateQueries({ queryKey: versionsQuery.queryKey });
    },
  });
};

/** With which versions of WhatsApp Web the sessions log in, one card for each network that has some. */
export function VersionsCards() {
  const { data, error, refetch } = useQuery(versionsQuery);
  if (error && !data) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  const used = data?.filter((one) => one.inUse.length > 0 || one.version || one.candidate) ?? [];
  return used.map((versions) => <VersionsCard key={versions.network} versions={versions} />);
}

function VersionsCard({ versions }: { versions: Versions }) {
  const t = versionsTexts.use();
  const fleet = fleetTexts.use();
  const { network, version, candidate, rolledBack, outdated, inUse } = versions;
  const [isChanging, setChanging] = useState(false);
  const change = useChange(network);
  const run = (wanted: Change) => change.mutate(wanted, { onError: toastError });
  return (
    <Card
      title={`${t('title')}: ${fleet(`network_${network}`)}`}
      lead={t('lead')}
      actions={
        <>
          {candidate && (
            <>
              <Button isBusy={change.isPending} onClick={() => run({ candidate: null })}>
                {t('rollBack')}
              </Button>
              <Button isBusy={change.isPending} onClick={() => run({ version: candidate.version, candidate: null })}>
                {t('takeForAll')}
              </Button>
            </>
          )}
          <Button onClick={() => setChanging(true)}>{t('change')}</Button>
        </>
      }
    >
      {outdated > 0 && (
        <Notice tone="bad" isAnnounced>
          {t('outdated', { count: outdated })}
        </Notice>
      )}
      <dl className={styles.versions}>
        <div>
          <dt>{t('version')}</dt>
          <dd>{version ? <code>{version}</code> : t('ofWorkers')}</dd>
        </div>
        <div>
          <dt>{t('candidate')}</dt>
          <dd>{candidate ? <Trial candidate={candidate} /> : t('noCandidate')}</dd>
        </div>
        <div>
          <dt>{t('inUse')}</dt>
          {inUse.length === 0 && <dd>{t('noLogin')}</dd>}
          {inUse.map((one) => (
            <dd key={one.version}>
              <code>{one.version}</code> {t('sessions', { count: one.sessions })}
            </dd>
          ))}
        </div>
        {rolledBack && (
          <div>
            <dt>{t('rolledBack')}</dt>
            <dd>{t('rolledBackAt', { version: rolledBack.version, at: dateTime(rolledBack.at) })}</dd>
          </div>
        )}
      </dl>
      {isChanging && <ChangeVersions versions={versions} onClose={() => setChanging(false)} />}
    </Card>
  );
}

function Trial({ candidate }: { candidate: NonNullable<Versions['candidate']> }) {
  const t = versionsTexts.use();
  const { version, accepted, refused, percent, sessionIds } = candidate;
  return (
    <>
      <code>{version}</code>{' '}
      <Badge tone={refused > 0 ? 'warn' : 'info'}>
        {t('tried', { accepted: number(accepted), refused: number(refused) })}
      </Badge>{' '}
      {t('part', { percent: number(percent), count: sessionIds.length })}
    </>
  );
}

function ChangeVersions({ versions, onClose }: { versions: Versions; onClose(): void }) {
  const t = versionsTexts.use();
  const { network, version, candidate } = versions;
  const { register, handleSubmit, formState } = useForm({
    defaultValues: {
      version: version ?? '',
      candidate: candidate?.version ?? '',
      percent: String(candidate?.percent ?? 5),
    },
  });
  // Read here, because a form notes what is changed only for those who read it while they are drawn.
  const { dirtyFields: changed, errors } = formState;
  const save = useChange(network, onClose);
  const isVersion = (value: string) => value.trim() === '' || THREE_NUMBERS.test(value.trim()) || t('notAVersion');
  return (
    <Dialog title={t('changeTitle')} isOpen onClose={onClose}>
      <Form
        onSubmit={(event) =>
          void handleSubmit((values) => {
            const tried = values.candidate.trim();
            const sessionIds = candidate?.version === tried ? candidate.sessionIds : [];
            // What was left as it was is not sent: a trial may have ended by itself meanwhile.
            save.mutate({
              ...(changed.version && { version: values.version.trim() || null }),
              ...((changed.candidate || changed.percent) && {
                candidate: tried === '' ? null : { version: tried, percent: Number(values.percent), sessionIds },
              }),
            });
          })(event)
        }
      >
        {save.error && <ErrorNotice error={save.error} />}
        <TextField
          label={t('version')}
          hint={t('versionHint')}
          isOptional
          placeholder="2.3000.1043857760"
          error={errors.version?.message}
          {...register('version', { validate: isVersion })}
        />
        <TextField
          label={t('candidate')}
          hint={t('candidateHint')}
          isOptional
          error={errors.candidate?.message}
          {...register('candidate', { validate: isVersion })}
        />
        <TextField label={t('percent')} type="number" min={0} max={100} {...register('percent')} />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={save.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
