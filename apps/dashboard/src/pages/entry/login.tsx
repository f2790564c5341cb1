import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { login } from '../../account/account.ts';
import { Button } from '../../ui/button.tsx';
import { Form, TextField } from '../../ui/field.tsx';
import { ErrorNotice, Notice } from '../../ui/surface.tsx';
import { EntryFrame, Side } from './entry-frame.tsx';
import { safeNext } from './next-address.ts';
import { entryTexts } from './texts.ts';

export function LoginPage() {
  const t = entryTexts.use();
  const navigate = useNavigate();
  const { next, ended } = useSearch({ from: '/login' });
  const [error, setError] = useState<unknown>();
  const { register, handleSubmit, formState } = useForm({ defaultValues: { email: '', password: '' } });
  const submit = handleSubmit(async ({ email, password }) => {
    setError(undefined);
    try {
      await login(email, password);
      await navigate({ to: safeNext(next), replace: true });
    } catch (failure) {
      setError(failure);
    }
  });
  const { errors, isSubmitting } = formState;
  return (
    <EntryFrame
      title={t('loginTitle')}
      lead={t('loginLead')}
      foot={
        <>
          {t('noAccount')}{' '}
          <Link to="/register" search={next ? { next } : {}}>
            {t('toRegister')}
          </Link>
        </>
      }
    >
      <Form onSubmit={(event) => void submit(event)}>
        {ended && !error ? <Notice tone="info">{t('ended')}</Notice> : null}
        {error ? <ErrorNotice error={error} /> : null}
        <TextField
          label={t('email')}
          type="email"
          autoComplete="username"
          autoFocus
          error={errors.email?.message}
          {...register('email', { required: t('emailMissing') })}
        />
        <TextField
          label={t('password')}
          type="password"
          autoComplete="current-password"
          error={errors.password?.message}
          {...register('password', { required: t('passwordMissing') })}
        />
        <Side>
          <Link to="/forgot-password">{t('forgot')}</Link>
        </Side>
        <Button type="submit" look="primary" isWide isBusy={isSubmitting}>
          {t('login')}
        </Button>
      </Form>
    </EntryFrame>
  );
}
