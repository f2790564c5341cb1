import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  Ban,
  BookUser,
  CircleCheck,
  Download,
  Ellipsis,
  MessageSquare,
  Pencil,
  Plus,
  Trash2,
  Upload,
} from 'lucide-react';
import { useDeferredValue, useRef, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { useForm } from 'react-hook-form';
import { usePermission } from '../../account/account.ts';
import { apiUrl } from '../../api/base-path.ts';
import { api, UPLOAD } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Contact } from '../../api/types.ts';
import { ago, number, phone } from '../../i18n/format.ts';
import buttonStyles from '../../ui/button.module.css';
import { AnchorButton, Button } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Checkbox, Form, Row, SearchField, TextField } from '../../ui/field.tsx';
import { Menu } from '../../ui/menu.tsx';
import { numberProblem } from '../../ui/number-problems.ts';
import { Badge, Card, Empty, ErrorNotice, Loading, Muted, Notice, Page, Table } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import { contactsTexts } from './texts.ts';

const PER_PAGE = 50;
const refresh = () => queryClient.invalidateQueries({ queryKey: ['contacts'] });
const nameOf = ({ name, phoneNumber, contactId }: Contact): string =>
  name ?? (phoneNumber ? phone(phoneNumber) : contactId);

export function ContactsPage() {
  const t = contactsTexts.use();
  const mayChange = usePermission('messages.send');
  const [search, setSearch] = useState('');
  const [page, setPage] = useState(1);
  const wanted = useDeferredValue(search.trim());
  const [open, setOpen] = useState<{ kind: 'add' } | { kind: 'edit' | 'delete'; contact: Contact }>();
  const contacts = useQuery({
    queryKey: ['contacts', wanted, page],
    queryFn: () => api.contacts.list({ limit: PER_PAGE, page, ...(wanted && { search: wanted }) }),
    placeholderData: keepPreviousData,
  });
  const close = () => setOpen(undefined);
  const found = contacts.data?.contacts ?? [];
  const pages = contacts.data?.pagination.totalPages ?? 1;
  const add = mayChange && (
    <Button look="primary" onClick={() => setOpen({ kind: 'add' })}>
      <Plus aria-hidden="true" />
      {t('add')}
    </Button>
  );
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <>
          {mayChange && <ImportButton />}
          <AnchorButton href={apiUrl('/api/contacts/export')} download="contacts.csv">
            <Download aria-hidden="true" />
            {t('export')}
          </AnchorButton>
          {add}
        </>
      }
    >
      <SearchField
        label={t('search')}
        value={search}
        onChange={(text) => {
          setSearch(text);
          setPage(1);
        }}
      />
      <Card isFlush>
        {contacts.isLoading && <Loading rows={6} />}
        {contacts.error && !contacts.data && (
          <ErrorNotice error={contacts.error} onRetry={() => void contacts.refetch()} />
        )}
        {contacts.data && found.length === 0 && (
          <Empty icon={BookUser} title={wanted ? t('noneFound') : t('emptyTitle')} action={!wanted && add}>
            {!wanted && t('emptyText')}
          </Empty>
        )}
        {found.length > 0 && (
          <Table
            caption={t('caption')}
            rows={found}
            keyOf={({ contactId }) => contactId}
            columns={[
              {
                title: '',
                cell: (contact) => (
                  <span>
                    <strong>{nameOf(contact)}</strong>{' '}
                    {contact.isBusiness && <Badge tone="info">{t('business')}</Badge>}
                  </span>
                ),
              },
              {
                title: t('number'),
                cell: ({ phoneNumber }) => (phoneNumber ? phone(phoneNumber) : <Muted>–</Muted>),
              },
              { title: t('lastSeen'), cell: ({ lastSeenAt }) => ago(lastSeenAt) },
              {
                title: '',
                cell: (contact) => (
                  <ContactMenu
                    contact={contact}
                    mayChange={mayChange}
                    onEdit={() => setOpen({ kind: 'edit', contact })}
                    onDelete={() => setOpen({ kind: 'delete', contact })}
                  />
                ),
              },
            ]}
          />
        )}
      </Card>
      {contacts.data && contacts.data.pagination.total > 0 && (
        <Row>
          <Button size="small" disabled={page <= 1} onClick={() => setPage(page - 1)}>
            {t('previous')}
          </Button>
          <Button size="small" disabled={page >= pages} onClick={() => setPage(page + 1)}>
            {t('next')}
          </Button>
          <Muted>
            {t('page', { page, pages })} · {t('total', { count: contacts.data.pagination.total })}
          </Muted>
        </Row>
      )}
      {open?.kind === 'add' && <AddDialog onClose={close} />}
      {open?.kind === 'edit' && <RenameDialog contact={open.contact} onClose={close} />}
      {open?.kind === 'delete' && <DeleteDialog contact={open.contact} onClose={close} />}
    </Page>
  );
}

function ContactMenu({
  contact,
  mayChange,
  onEdit,
  onDelete,
}: {
  contact: Contact;
  mayChange: boolean;
  onEdit(): void;
  onDelete(): void;
}) {
  const t = contactsTexts.use();
  const navigate = useNavigate();
  const session = useQuery(sessionsQuery).data?.sessions.find(({ phoneNumber }) => phoneNumber !== null);
  const block = useMutation({
    mutationFn: ({ isBlocked }: { isBlocked: boolean }) => {
      const call = { id: session!.sessionId, body: { contact: contact.contactId } };
      return isBlocked ? api.blocklist.block(call) : api.blocklist.unblock(call);
    },
    onSuccess: (_, { isBlocked }) => toast(t(isBlocked ? 'blocked' : 'unblocked', { name: nameOf(contact) })),
    onError: toastError,
  });
  const chat = contact.jids[0] ?? (contact.phoneNumber && `${contact.phoneNumber}@s.whatsapp.net`);
  return (
    <Menu
      label={nameOf(contact)}
      trigger={
        <AriaButton
          aria-label={nameOf(contact)}
          className={`${buttonStyles.button} ${buttonStyles.quiet} ${buttonStyles.small} ${buttonStyles.icon}`}
        >
          <Ellipsis aria-hidden="true" />
        </AriaButton>
      }
      sections={[
        {
          entries:
            session && chat
              ? [
                  {
                    id: 'write',
                    label: t('write'),
                    icon: MessageSquare,
                    onAction: () => void navigate({ to: '/chats', search: { session: session.sessionId, chat } }),
                  },
                ]
              : [],
        },
        {
          entries: mayChange
            ? [
                { id: 'edit', label: t('edit'), icon: Pencil, onAction: onEdit },
                ...(session
                  ? [
                      { id: 'block', label: t('block'), icon: Ban, onAction: () => block.mutate({ isBlocked: true }) },
                      {
                        id: 'unblock',
                        label: t('unblock'),
                        icon: CircleCheck,
                        onAction: () => block.mutate({ isBlocked: false }),
                      },
                    ]
                  : []),
                { id: 'delete', label: t('delete'), icon: Trash2, isDangerous: true, onAction: onDelete },
              ]
            : [],
        },
      ]}
    />
  );
}

function AddDialog({ onClose }: { onClose(): void }) {
  const t = contactsTexts.use();
  const { register, handleSubmit, formState } = useForm({ defaultValues: { phoneNumber: '', name: '' } });
  const save = useMutation({
    mutationFn: (body: { phoneNumber: string; name: string }) => api.contacts.save({ body }),
    onSuccess: () => {
      toast(t('saved'));
      onClose();
      return refresh();
    },
  });
  return (
    <Dialog title={t('add')} isOpen onClose={onClose}>
      <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
        {save.error && <ErrorNotice error={save.error} />}
        <TextField
          label={t('phoneNumber')}
          hint={t('phoneHint')}
          type="tel"
          autoFocus
          error={formState.errors.phoneNumber?.message}
          {...register('phoneNumber', { required: t('phoneMissing') })}
        />
        <TextField
          label={t('name')}
          error={formState.errors.name?.message}
          {...register('name', { required: t('nameMissing') })}
        />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={save.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}

function RenameDialog({ contact, onClose }: { contact: Contact; onClose(): void }) {
  const t = contactsTexts.use();
  const [name, setName] = useState(contact.names.saved ?? '');
  const save = useMutation({
    mutationFn: () => api.contacts.update({ id: contact.contactId, body: { name: name.trim() || null } }),
    onSuccess: () => {
      toast(t('saved'));
      onClose();
      return refresh();
    },
  });
  return (
    <Dialog title={t('renameTitle', { name: nameOf(contact) })} isOpen onClose={onClose}>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {save.error && <ErrorNotice error={save.error} />}
        <TextField
          label={t('ownName')}
          hint={t('ownNameHint')}
          autoFocus
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={save.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}

function DeleteDialog({ contact, onClose }: { contact: Contact; onClose(): void }) {
  const t = contactsTexts.use();
  const mayErase = usePermission('system.manage');
  const [erase, setErase] = useState(false);
  const remove = useMutation({
    mutationFn: () => api.contacts.delete({ id: contact.contactId, ...(erase ? { erase: true } : {}) }),
    onSuccess: () => {
      toast(t('deleted'));
      onClose();
      return refresh();
    },
  });
  return (
    <Confirm
      title={t('deleteTitle', { name: nameOf(contact) })}
      action={t('delete')}
      isOpen
      isBusy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
    >
      <p>{t('deleteText')}</p>
      {mayErase && <Checkbox label={t('erase')} checked={erase} onChange={(event) => setErase(event.target.checked)} />}
    </Confirm>
  );
}

/** What is wrong with a row whose number is none of the reasons. */
const ROW_PROBLEMS = ['no_name', 'long_name', 'unprintable_name', 'is_group'] as const;

function rowProblem({ problem, reason }: { problem: string; reason: string }): string {
  const ofRow = ROW_PROBLEMS.find((one) => one === problem);
  return ofRow ? contactsTexts.now(`row_${ofRow}`) : (numberProblem(problem) ?? reason);
}

function ImportButton() {
  const t = contactsTexts.use();
  const picker = useRef<HTMLInputElement>(null);
  const take = useMutation({
    mutationFn: (file: File) => api.contacts.import({ body: file }, UPLOAD),
    onSuccess: refresh,
    onError: toastError,
  });
  return (
    <>
      <Button isBusy={take.isPending} onClick={() => picker.current?.click()}>
        <Upload aria-hidden="true" />
        {t('import')}
      </Button>
      <input
        ref={picker}
        type="file"
        accept=".csv,text/csv"
        hidden
        aria-label={t('import')}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) take.mutate(file);
          event.target.value = '';
        }}
      />
      {take.data && (
        <Dialog title={t('importTitle')} isOpen onClose={() => take.reset()}>
          <Notice tone={take.data.refused > 0 ? 'warn' : 'good'} isAnnounced>
            {t('imported', { imported: number(take.data.imported), refused: number(take.data.refused) })}
          </Notice>
          <ul>
            {take.data.refusals.map((refusal) => (
              <li key={refusal.line}>
                <strong>{t('line', { line: refusal.line })}</strong> {rowProblem(refusal)}
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </>
  );
}
