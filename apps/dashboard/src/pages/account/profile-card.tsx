import { useMutation, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { useForm } from 'react-hook-form';
import { usePermission } from '../../account/account.ts';
import { base64Of } from '../../api/base64-of.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { phone } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Form, Row, TextArea, TextField } from '../../ui/field.tsx';
import { Card, ErrorNotice, Facts, Loading } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { accountTexts } from './texts.ts';

/** Bytes of a picture inside of a request. */
const MAX_BYTES = 700_000;

export function ProfileCard({ sessionId }: { sessionId: string }) {
  const t = accountTexts.use();
  const mayManage = usePermission('system.manage');
  const input = useRef<HTMLInputElement>(null);
  const params = { id: sessionId };
  const queryKey = ['profile', sessionId];
  const profile = useQuery({ queryKey, queryFn: () => api.profile.get(params) });
  const { name, about, pictureUrl, phoneNumber, jid } = profile.data ?? {};
  const { register, handleSubmit, formState } = useForm({
    values: { name: name ?? '', about: about ?? '' },
    resetOptions: { keepDirtyValues: true },
  });
  const refresh = () => queryClient.invalidateQueries({ queryKey });
  const save = useMutation({
    async mutationFn(values: { name: string; about: string }) {
      if (values.name.trim() !== name) await api.profile.setName({ ...params, body: { name: values.name.trim() } });
      if (values.about !== (about ?? '')) await api.profile.setAbout({ ...params, body: { about: values.about } });
    },
    onSuccess: () => {
      toast(t('saved'));
      return refresh();
    },
  });
  const change = useMutation({
    async mutationFn(file: File) {
      if (file.size > MAX_BYTES) throw new Error(t('pictureTooLarge'));
      const media = { base64: await base64Of(file) };
      return await api.profile.setPicture({ ...params, body: { media } as never });
    },
    onSuccess: () => {
      toast(t('pictureChanged'));
      return refresh();
    },
    onError: toastError,
  });
  const remove = useMutation({
    mutationFn: () => api.profile.removePicture(params),
    onSuccess: () => {
      toast(t('pictureRemoved'));
      return refresh();
    },
    onError: toastError,
  });
  return (
    <Card title={t('profile')}>
      {profile.isLoading && <Loading rows={3} />}
      {profile.error && <ErrorNotice error={profile.error} onRetry={() => void profile.refetch()} />}
      {profile.data && (
        <>
          <Facts
            facts={[
              [phoneNumber ? phone(phoneNumber) : (jid ?? ''), name ?? '–'],
              [
                t('picture'),
                pictureUrl ? (
                  <a key="picture" href={pictureUrl} target="_blank" rel="noreferrer">
                    {t('picture')}
                  </a>
                ) : (
                  t('noPicture')
                ),
              ],
              [t('about'), about ?? '–'],
            ]}
          />
          {mayManage && (
            <>
              <Row>
                <input
                  ref={input}
                  type="file"
                  accept="image/*"
                  hidden
                  onChange={(event) => {
                    const file = event.target.files?.[0];
                    if (file) change.mutate(file);
                    event.target.value = '';
                  }}
                />
                <Button size="small" isBusy={change.isPending} onClick={() => input.current?.click()}>
                  {t('changePicture')}
                </Button>
                {pictureUrl && (
                  <Button size="small" isBusy={remove.isPending} onClick={() => remove.mutate()}>
                    {t('removePicture')}
                  </Button>
                )}
              </Row>
              <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
                {save.error && <ErrorNotice error={save.error} />}
                <TextField
                  label={t('name')}
                  hint={t('nameHint')}
                  maxLength={25}
                  error={formState.errors.name?.message}
                  {...register('name', { validate: (value) => value.trim() !== '' || t('nameMissing') })}
                />
                <TextArea label={t('about')} hint={t('aboutHint')} maxLength={139} rows={2} {...register('about')} />
                <Row>
                  <Button type="submit" isBusy={save.isPending}>
                    {t('save')}
                  </Button>
                </Row>
              </Form>
            </>
          )}
        </>
      )}
    </Card>
  );
}
