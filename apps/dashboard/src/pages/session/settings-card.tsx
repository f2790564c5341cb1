import { useMutation } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Session } from '../../api/types.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox, Form, Row, SelectField, TextField } from '../../ui/field.tsx';
import { Card, ErrorNotice, Muted } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { sessionTexts } from './texts.ts';

interface Values {
  name: string;
  isDefault: boolean;
  onUncertain: 'resend' | 'fail';
  ignore: IgnoredChat[];
  statusUpdates: boolean;
  alwaysOnline: boolean;
  readReceipts: boolean;
  autoRead: boolean;
  fillGaps: boolean;
  rejectCalls: boolean;
  callReply: string;
}

type IgnoredChat = Session['settings']['ignore'][number];
const IGNORED = ['persons', 'groups', 'channels', 'status', 'broadcasts'] as const;

export function SettingsCard({ session }: { session: Session }) {
  const t = sessionTexts.use();
  const { register, handleSubmit, formState } = useForm<Values>({
    values: {
      name: session.name,
      isDefault: session.isDefault,
      onUncertain: session.settings.onUncertain,
      ignore: session.settings.ignore,
      statusUpdates: session.settings.statusUpdates,
      alwaysOnline: session.settings.alwaysOnline,
      readReceipts: session.settings.readReceipts,
      autoRead: session.settings.autoRead,
      fillGaps: session.settings.fillGaps,
      rejectCalls: session.settings.calls.reject,
      callReply: session.settings.calls.reply ?? '',
    },
    resetOptions: { keepDirtyValues: true },
  });
  const save = useMutation({
    mutationFn: ({ name, isDefault, rejectCalls, callReply, ignore, ...settings }: Values) =>
      api.sessions.update({
        id: session.sessionId,
        body: {
          name: name.trim(),
          isDefault,
          settings: {
            ...settings,
            ignore: IGNORED.filter((kind) => ignore.includes(kind)),
            calls: { ...session.settings.calls, reject: rejectCalls, reply: callReply.trim() || null },
          },
        },
      }),
    onSuccess: (changed) => {
      queryClient.setQueryData(['session', session.sessionId], changed);
      toast(t('saved'));
      return queryClient.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  return (
    <Card title={t('settings')}>
      <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
        {save.error && <ErrorNotice error={save.error} />}
        <TextField
          label={t('name')}
          error={formState.errors.name?.message}
          {...register('name', { validate: (value) => value.trim() !== '' || t('nameMissing') })}
        />
        <SelectField label={t('onUncertain')} {...register('onUncertain')}>
          <option value="resend">{t('resend')}</option>
          <option value="fail">{t('fail')}</option>
        </SelectField>
        <Checkbox label={t('isDefault')} {...register('isDefault')} />
        <fieldset>
          <legend>{t('ignore')}</legend>
          {IGNORED.map((kind) => (
            <Checkbox key={kind} label={t(kind)} value={kind} {...register('ignore')} />
          ))}
          <Muted>{t('ignoreHint')}</Muted>
        </fieldset>
        <Checkbox label={t('statusUpdates')} {...register('statusUpdates')} />
        <Checkbox label={t('autoRead')} {...register('autoRead')} />
        <Checkbox label={t('readReceipts')} {...register('readReceipts')} />
        <Checkbox label={t('fillGaps')} {...register('fillGaps')} />
        <Checkbox label={t('alwaysOnline')} {...register('alwaysOnline')} />
        <Checkbox label={t('rejectCalls')} {...register('rejectCalls')} />
        <TextField label={t('callReply')} hint={t('callReplyHint')} maxLength={4_096} {...register('callReply')} />
        <Row>
          <Button type="submit" isBusy={save.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Card>
  );
}
