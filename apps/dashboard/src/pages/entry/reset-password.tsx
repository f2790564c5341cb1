import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { Form, TextField } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { EntryFrame } from './entry-frame.tsx';
import { takeTokenFromAddress } from './next-address.ts';
import { PASSWORD_MIN } from './password-rule.ts';
import { entryTexts } from './texts.ts';

export function ResetPasswordPage() {
  const t = entryTexts.use();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>();
  const { register, handleSubmit, formState, setValue } = useForm({ defaultValues: { token: '', newPassword: '' } });
  useEffect(() => {
    const token = takeTokenFromAddress();
    if (token) setValue('token', token);
  }, [setValue]);
  const submit = handleSubmit(async ({ token, newPassword }) => {
    setError(undefined);
    try {
      await api.auth.resetPassword({ body: { token: token.trim(), newPassword } });
      toast(t('resetDone'));
      await navigate({ to: '/login', search: {} });
    } catch (failure) {
      setError(failure);
    }
  });
  const { errors } = formState;
  return (
    <EntryFrame title={t('resetTitle')} lead={t('resetLead')} foot={<Link to="/login">{t('backToLogin')}</Link>}>
      <Form onSubmit={(event) => void submit(event)}>
        {error ? <ErrorNotice error={error} /> : null}
        <TextField
          label={t('token')}
          autoComplete="one-time-code"
          hint={t('tokenHint')}
          error={errors.token?.message}
          {...register('token', { required: t('tokenHint') })}
        />
        <TextField
          label={t('newPassword')}
          type="password"
          autoComplete="new-password"
          hint={t('passwordHint', { count: PASSWORD_MIN })}
          error={errors.newPassword?.message}
          {...register('newPassword', {
            required: t('passwordMissing'),
            minLength: { value: PASSWORD_MIN, message: t('passwordHint', { count: PASSWORD_MIN }) },
          })}
        />
        <Button type="submit" look="primary" isWide isBusy={formState.isSubmitting}>
          {t('setPassword')}
        </Button>
      </Form>
    </EntryFrame>
  );
}
