import { useMutation, useQuery } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Form, Row, TextArea, TextField } from '../../ui/field.tsx';
import { Card, ErrorNotice, Table } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { channelsTexts } from './texts.ts';

const STATUS = 'status@broadcast';
const SHOWN = 10;

const readUpdates = (session: string) => api.messages.list({ id: session, chat: STATUS, limit: SHOWN });
type Update = Awaited<ReturnType<typeof readUpdates>>['messages'][number];

/** The people in a text, with commas or line breaks between them. */
const peopleIn = (text: string): string[] =>
  text
    .split(/[\n,]+/)
    .map((one) => one.trim())
    .filter(Boolean);

/** A new status update, and the last ones with how many have seen them. */
export function StatusUpdates({ session }: { session: string }) {
  const t = channelsTexts.use();
  const { register, handleSubmit, reset } = useForm({ defaultValues: { text: '', only: '' } });
  const updates = useQuery({ queryKey: ['status-updates', session], queryFn: () => readUpdates(session) });
  const post = useMutation({
    mutationFn: ({ text, only }: { text: string; only: string }) =>
      api.messages.send({
        id: session,
        wait: 'sent',
        body: {
          to: 'status',
          type: 'text',
          message: text,
          ...(peopleIn(only).length > 0 && { status: { only: peopleIn(only) } }),
        },
      }),
    onSuccess: () => {
      reset();
      toast(t('statusPosted'));
      return queryClient.invalidateQueries({ queryKey: ['status-updates', session] });
    },
  });
  const shown = updates.data?.messages ?? [];
  return (
    <Card title={t('status')} lead={t('statusLead')}>
      <Form onSubmit={(event) => void handleSubmit((values) => post.mutate(values))(event)}>
        {post.error && <ErrorNotice error={post.error} />}
        <TextArea label={t('statusText')} rows={2} maxLength={700} required {...register('text', { required: true })} />
        <TextField label={t('only')} hint={t('onlyHint')} isOptional {...register('only')} />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={post.isPending}>
            {t('postStatus')}
          </Button>
        </Row>
      </Form>
      {updates.error && !updates.data && <ErrorNotice error={updates.error} onRetry={() => void updates.refetch()} />}
      {shown.length > 0 && (
        <Table
          caption={t('statusLast')}
          rows={shown}
          keyOf={({ messageId }) => messageId}
          columns={[
            { title: t('text'), cell: ({ text, type }) => text ?? type },
            { title: t('when'), cell: ({ createdAt }) => ago(createdAt) },
            { title: t('seen'), cell: (update) => <Seen update={update} /> },
          ]}
        />
      )}
    </Card>
  );
}

/** How many of the audience have seen a status update. */
function Seen({ update: { messageId } }: { update: Update }) {
  const receipts = useQuery({
    queryKey: ['status-updates', 'receipts', messageId],
    queryFn: () => api.messages.receipts({ id: messageId }),
  });
  if (!receipts.data) return '–';
  const { read, recipients } = receipts.data;
  return recipients === null ? String(read) : `${read} / ${recipients}`;
}
