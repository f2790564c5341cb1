import { useMutation, useQuery } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago, number } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Form, Row, TextArea, TextField } from '../../ui/field.tsx';
import { ErrorNotice, Loading, Muted, Table } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { channelsTexts } from './texts.ts';

const refresh = (session: string) => queryClient.invalidateQueries({ queryKey: ['channels', session] });
/** The id of a channel, or what stands at the end of its link. */
const codeIn = (text: string): string => text.trim().split('/').at(-1) ?? '';

/** Makes a channel, or follows one by its link. */
export function AddChannelDialog({ session, onClose }: { session: string; onClose(): void }) {
  const t = channelsTexts.use();
  const { register, handleSubmit, formState } = useForm({ defaultValues: { name: '', description: '', link: '' } });
  const add = useMutation({
    mutationFn: ({ name, description, link }: { name: string; description: string; link: string }) =>
      link.trim()
        ? api.channels.follow({ id: session, channel: codeIn(link) })
        : api.channels.create({
            id: session,
            body: { name: name.trim(), ...(description.trim() && { description: description.trim() }) },
          }),
    onSuccess: ({ name }) => {
      toast(t('added', { name }));
      onClose();
      return refresh(session);
    },
  });
  return (
    <Dialog title={t('addTitle')} isOpen onClose={onClose}>
      <Form onSubmit={(event) => void handleSubmit((values) => add.mutate(values))(event)}>
        {add.error && <ErrorNotice error={add.error} />}
        <TextField
          label={t('newName')}
          maxLength={100}
          autoFocus
          error={formState.errors.name?.message}
          {...register('name', {
            validate: (value, { link }) => value.trim() !== '' || link.trim() !== '' || t('nameMissing'),
          })}
        />
        <TextField label={t('description')} isOptional maxLength={2_048} {...register('description')} />
        <TextField label={t('link')} hint={t('linkHint')} isOptional maxLength={200} {...register('link')} />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={add.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}

/** The last posts of a channel, and a new one where the account may post. */
export function PostDialog({
  session,
  channel,
  name,
  mayPost,
  onClose,
}: {
  session: string;
  channel: string;
  name: string;
  mayPost: boolean;
  onClose(): void;
}) {
  const t = channelsTexts.use();
  const { register, handleSubmit, reset } = useForm({ defaultValues: { text: '' } });
  const posts = useQuery({
    queryKey: ['channels', session, channel, 'posts'],
    queryFn: () => api.channels.posts({ id: session, channel, limit: 20 }),
  });
  const post = useMutation({
    mutationFn: ({ text }: { text: string }) =>
      api.messages.send({ id: session, wait: 'sent', body: { to: channel, type: 'text', message: text } }),
    onSuccess: () => {
      reset();
      toast(t('posted'));
      return posts.refetch();
    },
  });
  return (
    <Dialog title={name} isOpen onClose={onClose}>
      {mayPost && (
        <Form onSubmit={(event) => void handleSubmit((values) => post.mutate(values))(event)}>
          {post.error && <ErrorNotice error={post.error} />}
          <TextArea label={t('text')} rows={3} autoFocus required {...register('text', { required: true })} />
          <Row atEnd>
            <Button type="submit" look="primary" isBusy={post.isPending}>
              {t('post')}
            </Button>
          </Row>
        </Form>
      )}
      {posts.isLoading && <Loading rows={3} />}
      {posts.error && !posts.data && <ErrorNotice error={posts.error} onRetry={() => void posts.refetch()} />}
      {posts.data?.posts.length === 0 && <Muted>{t('noPosts')}</Muted>}
      {posts.data && posts.data.posts.length > 0 && (
        <Table
          caption={t('posts')}
          rows={posts.data.posts}
          keyOf={({ serverId }) => serverId}
          columns={[
            { title: t('text'), cell: ({ text, type }) => text ?? <Muted>{type}</Muted> },
            { title: t('when'), cell: ({ postedAt }) => (postedAt ? ago(postedAt) : '–') },
            { title: t('views'), cell: ({ views }) => number(views) },
          ]}
        />
      )}
    </Dialog>
  );
}
