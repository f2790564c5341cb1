import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { Plus, Users } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago, number } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Checkbox, Form, Row, SearchField, Select, SelectField, TextField } from '../../ui/field.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, Muted, Named, Page, Table } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { usersTexts } from './texts.ts';
import styles from './users.module.css';

const ROLES = ['customer', 'administrator'] as const;
const TIERS = ['basic', 'pro', 'max'] as const;
const ROWS = 25;

interface Filter {
  search: string;
  role: '' | (typeof ROLES)[number];
  tier: '' | (typeof TIERS)[number];
  status: '' | 'active' | 'inactive';
}

const listUsers = ({ search, role, tier, status }: Filter, page: number) =>
  api.users.list({
    page,
    limit: ROWS,
    ...(search && { search }),
    ...(role && { role }),
    ...(tier && { tier }),
    ...(status && { status }),
  });
type User = Awaited<ReturnType<typeof listUsers>>['users'][number];
const refresh = () => queryClient.invalidateQueries({ queryKey: ['admin', 'users'] });

export function UsersPage() {
  const t = usersTexts.use();
  const [filter, setFilter] = useState<Filter>({ search: '', role: '', tier: '', status: '' });
  const [page, setPage] = useState(1);
  const [isAdding, setAdding] = useState(false);
  const [changed, setChanged] = useState<User>();
  const wanted = { ...filter, search: useDeferredValue(filter.search).trim() };
  const users = useQuery({
    queryKey: ['admin', 'users', wanted, page],
    queryFn: () => listUsers(wanted, page),
    placeholderData: keepPreviousData,
  });
  const narrow = (change: Partial<Filter>) => {
    setPage(1);
    setFilter({ ...filter, ...change });
  };
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <Button look="primary" onClick={() => setAdding(true)}>
          <Plus aria-hidden="true" />
          {t('add')}
        </Button>
      }
    >
      <Row>
        <SearchField label={t('search')} value={filter.search} onChange={(search) => narrow({ search })} />
        <Select
          label={t('role')}
          value={filter.role}
          onChange={({ target }) => narrow({ role: target.value as Filter['role'] })}
        >
          <option value="">{t('anyRole')}</option>
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {t(`role_${role}`)}
            </option>
          ))}
        </Select>
        <Select
          label={t('tier')}
          value={filter.tier}
          onChange={({ target }) => narrow({ tier: target.value as Filter['tier'] })}
        >
          <option value="">{t('anyTier')}</option>
          {TIERS.map((tier) => (
            <option key={tier}>{tier}</option>
          ))}
        </Select>
        <Select
          label={t('state')}
          value={filter.status}
          onChange={({ target }) => narrow({ status: target.value as Filter['status'] })}
        >
          <option value="">{t('anyState')}</option>
          <option value="active">{t('active')}</option>
          <option value="inactive">{t('inactive')}</option>
        </Select>
      </Row>
      {users.isLoading && <Loading rows={5} height={52} />}
      {users.error && !users.data && <ErrorNotice error={users.error} onRetry={() => void users.refetch()} />}
      {users.data && (
        <Card isFlush>
          {users.data.users.length === 0 ? (
            <Empty icon={Users} title={t('noneFound')} />
          ) : (
            <UserTable users={users.data.users} onChange={setChanged} />
          )}
          <Pages {...users.data.pagination} onGo={setPage} />
        </Card>
      )}
      <AddUser isOpen={isAdding} onClose={() => setAdding(false)} />
      {changed && <ChangeUser key={changed.id} user={changed} onClose={() => setChanged(undefined)} />}
    </Page>
  );
}

function Pages({
  page,
  totalPages,
  total,
  onGo,
}: {
  page: number;
  totalPages: number;
  total: number;
  onGo(page: number): void;
}) {
  const t = usersTexts.use();
  return (
    <div className={styles.pages}>
      <span>
        {t('total', { count: total })}
        {totalPages > 1 && ` · ${t('page', { page, pages: totalPages })}`}
      </span>
      {totalPages > 1 && (
        <div>
          <Button size="small" disabled={page <= 1} onClick={() => onGo(page - 1)}>
            {t('previous')}
          </Button>
          <Button size="small" disabled={page >= totalPages} onClick={() => onGo(page + 1)}>
            {t('next')}
          </Button>
        </div>
      )}
    </div>
  );
}

function UserTable({ users, onChange }: { users: readonly User[]; onChange(user: User): void }) {
  const t = usersTexts.use();
  return (
    <Table
      caption={t('caption')}
      rows={users}
      keyOf={({ id }) => id}
      columns={[
        {
          title: '',
          cell: ({ name, email, emailVerified }) => (
            <Named name={name}>
              {email}
              {!emailVerified && ` · ${t('unverified')}`}
            </Named>
          ),
        },
        {
          title: t('role'),
          cell: ({ role }) =>
            role === 'administrator' ? <Badge tone="info">{t('role_administrator')}</Badge> : t('role_customer'),
        },
        { title: t('tier'), cell: ({ tier }) => tier },
        { title: t('sessions'), cell: ({ sessionCount }) => number(sessionCount), isNumber: true },
        {
          title: t('lastLogin'),
          cell: ({ lastLoginAt }) => (lastLoginAt ? ago(lastLoginAt) : <Muted>{t('never')}</Muted>),
        },
        {
          title: t('state'),
          cell: ({ isActive }) => (
            <Badge tone={isActive ? 'good' : 'neutral'}>{t(isActive ? 'active' : 'inactive')}</Badge>
          ),
        },
        {
          title: '',
          cell: (user) => (
            <Button size="small" aria-label={t('changeOf', { name: user.name })} onClick={() => onChange(user)}>
              {t('change')}
            </Button>
          ),
        },
      ]}
    />
  );
}

function RoleAndTier({ register }: { register: ReturnType<typeof useForm<UserForm>>['register'] }) {
  const t = usersTexts.use();
  return (
    <>
      <SelectField label={t('role')} {...register('role')}>
        {ROLES.map((role) => (
          <option key={role} value={role}>
            {t(`role_${role}`)}
          </option>
        ))}
      </SelectField>
      <SelectField label={t('tier')} {...register('tier')}>
        {TIERS.map((tier) => (
          <option key={tier}>{tier}</option>
        ))}
      </SelectField>
    </>
  );
}

interface UserForm {
  name: string;
  email: string;
  password: string;
  role: (typeof ROLES)[number];
  tier: (typeof TIERS)[number];
  isActive: boolean;
}
const BLANK: UserForm = { name: '', email: '', password: '', role: 'customer', tier: 'basic', isActive: true };

function AddUser({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  const t = usersTexts.use();
  const { register, handleSubmit, formState, reset } = useForm<UserForm>({ defaultValues: BLANK });
  const close = () => {
    add.reset();
    reset(BLANK);
    onClose();
  };
  const add = useMutation({
    mutationFn: ({ name, email, password, role, tier }: UserForm) =>
      api.users.create({
        body: { email: email.trim(), password, role, tier, ...(name.trim() && { name: name.trim() }) },
      }),
    onSuccess: ({ name }) => {
      toast(t('made', { name }));
      close();
      return refresh();
    },
  });
  return (
    <Dialog title={t('add')} isOpen={isOpen} onClose={close}>
      <Form onSubmit={(event) => void handleSubmit((values) => add.mutate(values))(event)}>
        {add.error && <ErrorNotice error={add.error} />}
        <TextField label={t('name')} isOptional autoFocus autoComplete="off" {...register('name')} />
        <TextField
          label={t('email')}
          type="email"
          autoComplete="off"
          error={formState.errors.email?.message}
          {...register('email', { required: t('emailMissing') })}
        />
        <TextField
          label={t('password')}
          hint={t('passwordHint')}
          type="password"
          autoComplete="new-password"
          error={formState.errors.password?.message}
          {...register('password', { required: t('passwordMissing') })}
        />
        <RoleAndTier register={register} />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={add.isPending}>
            {t('add')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}

function ChangeUser({ user, onClose }: { user: User; onClose(): void }) {
  const t = usersTexts.use();
  const [isAsked, setAsked] = useState(false);
  const { id, name, email, role, tier, isActive } = user;
  const { register, handleSubmit, formState } = useForm<UserForm>({
    defaultValues: { ...BLANK, name, email, role, tier, isActive },
  });
  const params = { id };
  const save = useMutation({
    mutationFn: (values: UserForm) =>
      api.users.update({
        ...params,
        body: {
          name: values.name.trim(),
          email: values.email.trim(),
          role: values.role,
          tier: values.tier,
          isActive: values.isActive,
        },
      }),
    onSuccess: () => {
      toast(t('saved', { name }));
      onClose();
      return refresh();
    },
  });
  const endLogins = useMutation({
    mutationFn: () => api.users.endLogins(params),
    onSuccess: () => toast(t('loginsEnded', { name })),
    onError: toastError,
  });
  const remove = useMutation({
    mutationFn: () => api.users.delete(params),
    onSuccess: () => {
      toast(t('removed', { name }));
      onClose();
      return refresh();
    },
  });
  if (isAsked) {
    return (
      <Confirm
        title={t('removeTitle')}
        action={t('remove')}
        isOpen
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setAsked(false)}
        onConfirm={() => remove.mutate()}
      >
        {t('removeText', { name })}
      </Confirm>
    );
  }
  return (
    <Dialog title={t('changeOf', { name })} isOpen onClose={onClose}>
      <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
        {save.error && <ErrorNotice error={save.error} />}
        <TextField label={t('name')} autoComplete="off" {...register('name')} />
        <TextField
          label={t('email')}
          type="email"
          autoComplete="off"
          error={formState.errors.email?.message}
          {...register('email', { required: t('emailMissing') })}
        />
        <RoleAndTier register={register} />
        <Checkbox
          label={
            <>
              {t('isActive')} <Muted>{t('isActiveHint')}</Muted>
            </>
          }
          {...register('isActive')}
        />
        <Row>
          <Button type="submit" look="primary" isBusy={save.isPending}>
            {t('save')}
          </Button>
          <Button isBusy={endLogins.isPending} onClick={() => endLogins.mutate()}>
            {t('endLogins')}
          </Button>
          <Button look="danger" onClick={() => setAsked(true)}>
            {t('remove')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
