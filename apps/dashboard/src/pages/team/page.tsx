import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { MailPlus, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { logout, useMe, usePermission } from '../../account/account.ts';
import { basePath } from '../../api/base-path.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago, dateTime } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { CopyField } from '../../ui/copy.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Form, Row, Select, SelectField, TextField } from '../../ui/field.tsx';
import { Card, Empty, ErrorNotice, Loading, Muted, Named, Notice, Page, Table } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { teamTexts } from './texts.ts';

const ROLES = ['owner', 'operator', 'viewer'] as const;
type Role = (typeof ROLES)[number];
const MOST = 200;

const listMembers = async (id: string) => (await api.members.list({ id, limit: MOST })).members;
const listInvitations = async (id: string) => (await api.invitations.list({ id, limit: MOST })).invitations;
type Member = Awaited<ReturnType<typeof listMembers>>[number];

const refresh = () => queryClient.invalidateQueries({ queryKey: ['team'] });

export function TeamPage() {
  const t = teamTexts.use();
  const me = useMe();
  const mayManage = usePermission('users.manage');
  const [isInviting, setInviting] = useState(false);
  const id = me.workspaceId;
  const workspace = me.workspaces.find((one) => one.id === id);
  const members = useQuery({ queryKey: ['team', 'members', id], queryFn: () => listMembers(id), enabled: mayManage });
  return (
    <Page
      title={t('title')}
      lead={t('lead', { name: workspace?.name ?? '' })}
      actions={
        mayManage && (
          <Button look="primary" onClick={() => setInviting(true)}>
            <UserPlus aria-hidden="true" />
            {t('invite')}
          </Button>
        )
      }
    >
      {!mayManage && <OwnRole />}
      {members.isLoading && <Loading rows={3} height={56} />}
      {members.error && !members.data && <ErrorNotice error={members.error} onRetry={() => void members.refetch()} />}
      {members.data && <Members members={members.data} />}
      {members.data?.length === 1 && mayManage && (
        <Notice tone="info" title={t('alone')}>
          {t('aloneText')}
        </Notice>
      )}
      {mayManage && <Invitations workspaceId={id} />}
      {mayManage && <Invite workspaceId={id} isOpen={isInviting} onClose={() => setInviting(false)} />}
    </Page>
  );
}

function Leave() {
  const t = teamTexts.use();
  const { workspaceId: id, workspaces } = useMe();
  const navigate = useNavigate();
  const [isAsked, setAsked] = useState(false);
  const leave = useMutation({
    mutationFn: () => api.workspaces.leave({ id }),
    // The login was of this workspace.
    onSuccess: () => logout(() => navigate({ to: '/login', search: {} })),
  });
  return (
    <>
      <Button size="small" onClick={() => setAsked(true)}>
        {t('leave')}
      </Button>
      <Confirm
        title={t('leaveTitle', { name: workspaces.find((one) => one.id === id)?.name ?? '' })}
        action={t('leave')}
        isOpen={isAsked}
        isBusy={leave.isPending}
        error={leave.error}
        onClose={() => setAsked(false)}
        onConfirm={() => leave.mutate()}
      >
        {t('leaveText')}
      </Confirm>
    </>
  );
}

/** For those who may not see the members: what they themselves may do, and the way out. */
function OwnRole() {
  const t = teamTexts.use();
  const { workspaceRole: role } = useMe();
  return (
    <Card title={t('yourRole', { role: t(`role_${role}`) })} actions={<Leave />}>
      <p>{t(`role_${role}_may`)}</p>
      <Muted>{t('askOwner')}</Muted>
    </Card>
  );
}

function Members({ members }: { members: readonly Member[] }) {
  const t = teamTexts.use();
  const me = useMe();
  const [removed, setRemoved] = useState<Member>();
  const id = me.workspaceId;
  const own = members.find(({ userId }) => userId === me.user.id);
  const change = useMutation({
    mutationFn: ({ member, role }: { member: Member; role: Role }) =>
      api.members.update({ id, userId: member.userId, body: { role } }),
    onSuccess: (_answer, { member, role }) => toast(t('changed', { name: member.name, role: t(`role_${role}`) })),
    onError: toastError,
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: ({ userId }: Member) => api.members.remove({ id, userId }),
    onSuccess: (_answer, { name }) => {
      setRemoved(undefined);
      toast(t('removed', { name }));
      return refresh();
    },
  });
  return (
    <Card title={t('members')} isFlush actions={own && !own.isOwner && <Leave />}>
      <Table
        caption={t('members')}
        rows={members}
        keyOf={({ userId }) => userId}
        columns={[
          {
            title: '',
            cell: ({ name, email, userId, isOwner }) => (
              <Named
                name={
                  <>
                    {name} {userId === me.user.id && <Muted>({t('you')})</Muted>}
                  </>
                }
              >
                {email}
                {isOwner && ` · ${t('account')}`}
              </Named>
            ),
          },
          {
            title: t('role'),
            cell: (member) =>
              !member.isOwner && member.userId !== me.user.id ? (
                <Select
                  isSmall
                  label={t('roleOf', { name: member.name })}
                  value={member.role}
                  disabled={change.isPending}
                  onChange={({ target }) => change.mutate({ member, role: target.value as Role })}
                >
                  {ROLES.map((role) => (
                    <option key={role} value={role}>
                      {t(`role_${role}`)}
                    </option>
                  ))}
                </Select>
              ) : (
                t(`role_${member.role}`)
              ),
          },
          { title: t('since'), cell: ({ joinedAt }) => ago(joinedAt) },
          {
            title: '',
            cell: (member) =>
              !member.isOwner &&
              member.userId !== me.user.id && (
                <Button
                  size="small"
                  look="danger"
                  aria-label={t('removeOf', { name: member.name })}
                  onClick={() => setRemoved(member)}
                >
                  {t('remove')}
                </Button>
              ),
          },
        ]}
      />
      <Confirm
        title={t('removeTitle', { name: removed?.name ?? '' })}
        action={t('remove')}
        isOpen={removed !== undefined}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setRemoved(undefined)}
        onConfirm={() => removed && remove.mutate(removed)}
      >
        {t('removeText')}
      </Confirm>
    </Card>
  );
}

function Invitations({ workspaceId }: { workspaceId: string }) {
  const t = teamTexts.use();
  const invitations = useQuery({
    queryKey: ['team', 'invitations', workspaceId],
    queryFn: () => listInvitations(workspaceId),
  });
  const withdraw = useMutation({
    mutationFn: ({ id }: { id: string; email: string }) =>
      api.invitations.withdraw({ id: workspaceId, invitationId: id }),
    onSuccess: (_answer, { email }) => {
      toast(t('withdrawn', { email }));
      return refresh();
    },
    onError: toastError,
  });
  return (
    <Card title={t('invitations')} isFlush>
      {invitations.isLoading && <Loading rows={1} />}
      {invitations.error && !invitations.data && (
        <ErrorNotice error={invitations.error} onRetry={() => void invitations.refetch()} />
      )}
      {invitations.data?.length === 0 && <Empty icon={MailPlus} title={t('noInvitations')} />}
      {invitations.data && invitations.data.length > 0 && (
        <Table
          caption={t('invitations')}
          rows={invitations.data}
          keyOf={({ id }) => id}
          columns={[
            { title: t('email'), cell: ({ email }) => email },
            { title: t('role'), cell: ({ role }) => t(`role_${role}`) },
            { title: t('expires'), cell: ({ expiresAt }) => dateTime(expiresAt) },
            {
              title: '',
              cell: ({ id, email }) => (
                <Button
                  size="small"
                  look="danger"
                  aria-label={t('withdrawOf', { email })}
                  onClick={() => withdraw.mutate({ id, email })}
                >
                  {t('withdraw')}
                </Button>
              ),
            },
          ]}
        />
      )}
    </Card>
  );
}

function Invite({ workspaceId, isOpen, onClose }: { workspaceId: string; isOpen: boolean; onClose(): void }) {
  const t = teamTexts.use();
  const { register, handleSubmit, formState, reset, watch } = useForm<{ email: string; role: Role }>({
    defaultValues: { email: '', role: 'operator' },
  });
  const invite = useMutation({
    mutationFn: ({ email, role }: { email: string; role: Role }) =>
      api.invitations.create({ id: workspaceId, body: { email: email.trim(), role } }),
    onSuccess: refresh,
  });
  const close = () => {
    invite.reset();
    reset();
    onClose();
  };
  if (invite.data) {
    const { invitation, token, mailed } = invite.data;
    return (
      <Dialog title={t('invitedTitle')} isOpen={isOpen} onClose={close} canDismiss={mailed}>
        <Notice tone={mailed ? 'good' : 'warn'}>
          {mailed ? t('mailed', { email: invitation.email }) : t('notMailed')}
        </Notice>
        <CopyField label={t('link')} value={`${location.origin}${basePath}/invitation#${token}`} />
        <Row atEnd>
          <Button look="primary" autoFocus onClick={close}>
            {t('done')}
          </Button>
        </Row>
      </Dialog>
    );
  }
  return (
    <Dialog title={t('invite')} isOpen={isOpen} onClose={close}>
      <Form onSubmit={(event) => void handleSubmit((values) => invite.mutate(values))(event)}>
        {invite.error && <ErrorNotice error={invite.error} />}
        <TextField
          label={t('email')}
          hint={t('emailHint')}
          type="email"
          autoFocus
          autoComplete="off"
          error={formState.errors.email?.message}
          {...register('email', { validate: (value) => value.trim() !== '' || t('emailMissing') })}
        />
        <SelectField label={t('role')} hint={t(`role_${watch('role')}_may`)} {...register('role')}>
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {t(`role_${role}`)}
            </option>
          ))}
        </SelectField>
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={invite.isPending}>
            {t('invite')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
