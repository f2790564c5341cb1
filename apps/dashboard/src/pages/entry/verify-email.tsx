import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { Form, TextField } from '../../ui/field.tsx';
import { ErrorNotice, Notice } from '../../ui/surface.tsx';
import { EntryFrame } from './entry-frame.tsx';
import { takeTokenFromAddress } from './next-address.ts';
import { entryTexts } from './texts.ts';

export function VerifyEmailPage() {
  const t = entryTexts.use();
  const [error, setError] = useState<unknown>();
  const [isDone, setDone] = useState(false);
  const { register, handleSubmit, formState, setValue } = useForm({ defaultValues: { token: '' } });
  useEffect(() => {
    const token = takeTokenFromAddress();
    if (token) setValue('token', token);
  }, [setValue]);
  const submit = handleSubmit(async ({ token }) => {
    setError(undefined);
    try {
      await api.auth.verifyEmail({ body: { token: token.trim() } });
      setDone(true);
    } catch (failure) {
      setError(failure);
    }
  });
  return (
    <EntryFrame title={t('verifyTitle')} lead={t('verifyLead')} foot={<Link to="/">{t('toDashboard')}</Link>}>
      {isDone ? (
        <Notice tone="good" isAnnounced>
          {t('verifyDone')}
        </Notice>
      ) : (
        <Form onSubmit={(event) => void submit(event)}>
          {error ? <ErrorNotice error={error} /> : null}
          <TextField
            label={t('token')}
            autoComplete="one-time-code"
            error={formState.errors.token?.message}
            {...register('token', { required: t('tokenHint') })}
          />
          <Button type="submit" look="primary" isWide isBusy={formState.isSubmitting}>
            {t('confirm')}
          </Button>
        </Form>
      )}
    </EntryFrame>
  );
}
