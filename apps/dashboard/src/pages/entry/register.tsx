import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { register as registerAccount } from '../../account/account.ts';
import { Button } from '../../ui/button.tsx';
import { Form, TextField } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/surface.tsx';
import { EntryFrame } from './entry-frame.tsx';
import { safeNext } from './next-address.ts';
import { PASSWORD_MIN } from './password-rule.ts';
import { entryTexts } from './texts.ts';

export function RegisterPage() {
  const t = entryTexts.use();
  const navigate = useNavigate();
  const { next } = useSearch({ from: '/register' });
  const [error, setError] = useState<unknown>();
  const { register, handleSubmit, formState } = useForm({ defaultValues: { name: '', email: '', password: '' } });
  const submit = handleSubmit(async ({ name, email, password }) => {
    setError(undefined);
    try {
      await registerAccount({ email, password, ...(name.trim() && { name: name.trim() }) });
      await navigate({ to: safeNext(next), replace: true });
    } catch (failure) {
      setError(failure);
    }
  });
  const { errors, isSubmitting } = formState;
  return (
    <EntryFrame
      title={t('registerTitle')}
      lead={t('registerLead')}
      foot={
        <>
          {t('hasAccount')}{' '}
          <Link to="/login" search={next ? { next } : {}}>
            {t('toLogin')}
          </Link>
        </>
      }
    >
      <Form onSubmit={(event) => void submit(event)}>
        {error ? <ErrorNotice error={error} /> : null}
        <TextField label={t('name')} autoComplete="name" isOptional autoFocus {...register('name')} />
        <TextField
          label={t('email')}
          type="email"
          autoComplete="username"
          error={errors.email?.message}
          {...register('email', { required: t('emailMissing') })}
        />
        <TextField
          label={t('password')}
          type="password"
          autoComplete="new-password"
          hint={t('passwordHint', { count: PASSWORD_MIN })}
          error={errors.password?.message}
          {...register('password', {
            required: t('passwordMissing'),
            minLength: { value: PASSWORD_MIN, message: t('passwordHint', { count: PASSWORD_MIN }) },
          })}
        />
        <Button type="submit" look="primary" isWide isBusy={isSubmitting}>
          {t('createAccount')}
        </Button>
      </Form>
    </EntryFrame>
  );
}
