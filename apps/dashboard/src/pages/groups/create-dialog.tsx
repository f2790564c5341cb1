import { useMutation } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { phone } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Form, Row, TextArea, TextField } from '../../ui/field.tsx';
import { ErrorNotice, Table } from '../../ui/surface.tsx';
import { groupsTexts } from './texts.ts';

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

export function CreateGroupDialog({ session, onClose }: { session: string; onClose(): void }) {
  const t = groupsTexts.use();
  const { register, handleSubmit, formState } = useForm({ defaultValues: { subject: '', people: '' } });
  const create = useMutation({
    mutationFn: ({ subject, people }: { subject: string; people: string }) =>
      api.groups.create({ id: session, body: { subject: subject.trim(), participants: linesOf(people) } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['groups'] }),
  });
  const results = create.data?.participants;
  if (results) {
    // A dialog of its own: the button that had the focus is gone with the form, and without focus no key closes it.
    return (
      <Dialog key="created" title={t('createdTitle')} isOpen onClose={onClose}>
        <p role="status">{t('created')}</p>
        <Table
          caption={t('createdTitle')}
          rows={results}
          keyOf={({ jid }) => jid}
          columns={[
            {
              title: t('number'),
              cell: ({ phoneNumber, name, jid }) => name ?? (phoneNumber ? phone(phoneNumber) : jid),
            },
            { title: '', cell: ({ sentence }) => sentence },
          ]}
        />
      </Dialog>
    );
  }
  return (
    <Dialog title={t('create')} isOpen onClose={onClose}>
      <Form onSubmit={(event) => void handleSubmit((values) => create.mutate(values))(event)}>
        {create.error && <ErrorNotice error={create.error} />}
        <TextField
          label={t('subject')}
          autoFocus
          maxLength={100}
          error={formState.errors.subject?.message}
          {...register('subject', { validate: (text) => text.trim() !== '' || t('subjectMissing') })}
        />
        <TextArea
          label={t('people')}
          hint={t('peopleHint')}
          rows={5}
          error={formState.errors.people?.message}
          {...register('people', { validate: (text) => linesOf(text).length > 0 || t('peopleMissing') })}
        />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={create.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
