import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { Form, TextField } from '../../ui/field.tsx';
import { ErrorNotice, Notice } from '../../ui/surface.tsx';
import { EntryFrame } from './entry-frame.tsx';
import { entryTexts } from './texts.ts';

export function ForgotPasswordPage() {
  const t = entryTexts.use();
  const [error, setError] = useState<unknown>();
  const [isSent, setSent] = useState(false);
  const { register, handleSubmit, formState } = useForm({ defaultValues: { email: '' } });
  const submit = handleSubmit(async (body) => {
    setError(undefined);
    try {
      await api.auth.forgotPassword({ body });
      setSent(true);
    } catch (failure) {
      setError(failure);
    }
  });
  return (
    <EntryFrame title={t('forgotTitle')} lead={t('forgotLead')} foot={<Link to="/login">{t('backToLogin')}</Link>}>
      {isSent ? (
        <Notice tone="good" isAnnounced title={t('forgotSent')}>
          {t('forgotSentText')} <Link to="/reset-password">{t('haveToken')}</Link>
        </Notice>
      ) : (
        <Form onSubmit={(event) => void submit(event)}>
          {error ? <ErrorNotice error={error} /> : null}
          <TextField
            label={t('email')}
            type="email"
            autoComplete="username"
            autoFocus
            error={formState.errors.email?.message}
            {...register('email', { required: t('emailMissing') })}
          />
          <Button type="submit" look="primary" isWide isBusy={formState.isSubmitting}>
            {t('sendLink')}
          </Button>
        </Form>
      )}
    </EntryFrame>
  );
}
