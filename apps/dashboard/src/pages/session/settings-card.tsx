import { useMutation } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { api, unwrap } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Session } from '../../api/types.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox, Form, Row, SelectField, TextField } from '../../ui/field.tsx';
import { Card, ErrorNotice } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { sessionTexts } from './texts.ts';

interface Values {
  name: string;
  isDefault: boolean;
  onUncertain: 'resend' | 'fail';
}

export function SettingsCard({ session }: { session: Session }) {
  const t = sessionTexts.use();
  const { register, handleSubmit, formState } = useForm<Values>({
    values: { name: session.name, isDefault: session.isDefault, onUncertain: session.settings.onUncertain },
    resetOptions: { keepDirtyValues: true },
  });
  const save = useMutation({
    mutationFn: ({ name, isDefault, onUncertain }: Values) =>
      unwrap(
        api.PATCH('/api/sessions/{id}', {
          params: { path: { id: session.sessionId } },
          body: { name: name.trim(), isDefault, settings: { onUncertain } },
        }),
      ),
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
        <Row>
          <Button type="submit" isBusy={save.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Card>
  );
}
