import { useMutation, useQuery } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Pacing } from '../../api/types.ts';
import { dateTime, number } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox, Form, Row, SelectField, TextField } from '../../ui/field.tsx';
import { Card, ErrorNotice, Facts, Grid, Loading, Notice } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { sendingTexts } from './sending-texts.ts';

/** Numbers as the fields hold them; empty: none. */
interface Values {
  mode: 'on' | 'off';
  messageGapSeconds: string;
  broadcastGapSeconds: string;
  dailyLimit: string;
  firstContactsPerDay: string;
  riskGuard: string;
  warmUp: boolean;
  quietFrom: string;
  quietTo: string;
  timeZone: string;
}

const valuesOf = ({ settings }: Pacing): Values => ({
  mode: settings.mode,
  messageGapSeconds: String(settings.messageGapMs / 1_000),
  broadcastGapSeconds: String(settings.broadcastGapMs / 1_000),
  dailyLimit: settings.dailyLimit?.toString() ?? '',
  firstContactsPerDay: settings.firstContactsPerDay?.toString() ?? '',
  riskGuard: settings.riskGuard?.toString() ?? '',
  warmUp: settings.warmUp,
  quietFrom: settings.quietHours?.from ?? '',
  quietTo: settings.quietHours?.to ?? '',
  timeZone: settings.timeZone,
});

const countOf = (text: string): number | null => (text.trim() === '' ? null : Number(text));

/** How fast the session sends what nobody waits for, what of the day is used up, and what the settings risk. */
export function PacingCard({ sessionId, mayManage }: { sessionId: string; mayManage: boolean }) {
  const t = sendingTexts.use();
  const queryKey = ['session', sessionId, 'pacing'];
  const params = { id: sessionId };
  const pacing = useQuery({ queryKey, queryFn: () => api.sessions.getPacing(params) });
  if (!pacing.data)
    return (
      <Card title={t('pacing')}>
        {pacing.error ? (
          <ErrorNotice error={pacing.error} onRetry={() => void pacing.refetch()} />
        ) : (
          <Loading rows={2} height={60} />
        )}
      </Card>
    );
  const { today, waiting, nextAt, risks } = pacing.data;
  const ofLimit = (used: number, limit: number | null) =>
    limit === null
      ? t('unlimited', { used: number(used) })
      : t('ofLimit', { used: number(used), limit: number(limit) });
  return (
    <Card title={t('pacing')} lead={t('pacingLead')}>
      <Facts
        facts={[
          [t('sentToday'), ofLimit(today.sent, today.limit)],
          [t('firstContactsToday'), ofLimit(today.firstContacts, today.firstContactsLimit)],
          [t('waiting'), nextAt ? t('waitingUntil', { count: waiting, time: dateTime(nextAt) }) : number(waiting)],
        ]}
      />
      {risks.map((risk) => (
        <Notice key={risk} tone="warn">
          {risk}
        </Notice>
      ))}
      {mayManage && <PacingForm pacing={pacing.data} onSaved={(saved) => queryClient.setQueryData(queryKey, saved)} />}
    </Card>
  );
}

function PacingForm({ pacing, onSaved }: { pacing: Pacing; onSaved(saved: Pacing): void }) {
  const t = sendingTexts.use();
  const { register, handleSubmit, formState, getValues } = useForm<Values>({
    values: valuesOf(pacing),
    resetOptions: { keepDirtyValues: true },
  });
  const { quietHours } = pacing.settings;
  const save = useMutation({
    mutationFn: (values: Values) =>
      api.sessions.updatePacing({
        id: pacing.sessionId,
        body: {
          mode: values.mode,
          messageGapMs: Math.round(Number(values.messageGapSeconds) * 1_000),
          broadcastGapMs: Math.round(Number(values.broadcastGapSeconds) * 1_000),
          dailyLimit: countOf(values.dailyLimit),
          firstContactsPerDay: countOf(values.firstContactsPerDay),
          riskGuard: countOf(values.riskGuard),
          warmUp: values.warmUp,
          timeZone: values.timeZone.trim(),
          quietHours:
            values.quietFrom === ''
              ? null
              : { from: values.quietFrom, to: values.quietTo, clock: quietHours?.clock ?? 'recipient' },
        },
      }),
    onSuccess: (saved) => {
      onSaved(saved);
      toast(t('saved'));
    },
  });
  const bothTimes = () => (getValues('quietFrom') === '') === (getValues('quietTo') === '') || t('bothTimes');
  return (
    <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
      {save.error && <ErrorNotice error={save.error} />}
      <SelectField label={t('mode')} {...register('mode')}>
        <option value="on">{t('modeOn')}</option>
        <option value="off">{t('modeOff')}</option>
      </SelectField>
      <Grid>
        <TextField
          label={t('messageGap')}
          type="number"
          min={0}
          step="any"
          required
          {...register('messageGapSeconds')}
        />
        <TextField
          label={t('broadcastGap')}
          type="number"
          min={0}
          step="any"
          required
          {...register('broadcastGapSeconds')}
        />
        <TextField label={t('dailyLimit')} hint={t('emptyIsNone')} type="number" min={0} {...register('dailyLimit')} />
        <TextField
          label={t('firstContacts')}
          hint={t('emptyIsNone')}
          type="number"
          min={0}
          {...register('firstContactsPerDay')}
        />
        <TextField label={t('quietFrom')} type="time" {...register('quietFrom')} />
        <TextField
          label={t('quietTo')}
          type="time"
          error={formState.errors.quietTo?.message}
          {...register('quietTo', { validate: bothTimes })}
        />
        <TextField label={t('timeZone')} hint={t('timeZoneHint')} required {...register('timeZone')} />
        <TextField
          label={t('guard')}
          hint={t('guardHint')}
          type="number"
          min={1}
          max={100}
          {...register('riskGuard')}
        />
      </Grid>
      <Checkbox label={t('warmUp')} {...register('warmUp')} />
      <Row>
        <Button type="submit" isBusy={save.isPending}>
          {t('savePacing')}
        </Button>
      </Row>
    </Form>
  );
}
