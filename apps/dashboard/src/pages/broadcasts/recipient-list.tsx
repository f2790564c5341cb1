import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import { SelectField, TextField } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/surface.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import { broadcastsTexts } from './texts.ts';

const KINDS = ['contacts', 'chats', 'group'] as const;
/** Groups that the field offers. */
const MOST_GROUPS = 200;

/** People whom the workspace knows already. Members are empty until they are chosen. */
export interface RecipientList {
  kind: (typeof KINDS)[number];
  /** Of `chats` and `group`. */
  sessionId: string;
  /** Of `contacts` and `chats`. */
  label: string;
  /** Of `group`. */
  group: string;
}

/** What the API is told. `undefined`: something is not chosen yet. */
export function sourceOf({ kind, sessionId, label, group }: RecipientList) {
  const named = label.trim();
  if (kind === 'contacts') return named === '' ? undefined : { contacts: { label: named } };
  if (sessionId === '') return undefined;
  if (kind === 'chats') return named === '' ? undefined : { chats: { sessionId, label: named } };
  return group === '' ? undefined : { group: { sessionId, group } };
}

/** Contacts with a label, chats with a label of WhatsApp Business, or members of a group. */
export function RecipientListFields({
  value,
  onChange,
}: {
  value: RecipientList | undefined;
  onChange(value: RecipientList | undefined): void;
}) {
  const t = broadcastsTexts.use();
  const sessions = useQuery(sessionsQuery);
  const linked = (sessions.data?.sessions ?? []).filter(({ phoneNumber }) => phoneNumber !== null);
  const [first] = linked;
  return (
    <>
      <SelectField
        label={t('list')}
        isOptional
        value={value?.kind ?? ''}
        onChange={({ target }) => {
          const kind = KINDS.find((one) => one === target.value);
          onChange(kind && { kind, sessionId: first?.sessionId ?? '', label: '', group: '' });
        }}
      >
        <option value="">{t('list_none')}</option>
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {t(`list_${kind}`)}
          </option>
        ))}
      </SelectField>
      {value?.kind === 'contacts' && (
        <TextField
          label={t('listLabel')}
          hint={t('listLabelHint')}
          maxLength={63}
          autoComplete="off"
          value={value.label}
          onChange={({ target }) => onChange({ ...value, label: target.value })}
        />
      )}
      {value && value.kind !== 'contacts' && (
        <SelectField
          label={t('listSession')}
          value={value.sessionId}
          onChange={({ target }) => onChange({ ...value, sessionId: target.value, label: '', group: '' })}
        >
          {linked.length === 0 && <option value="">{t('listNoSession')}</option>}
          {linked.map(({ id, sessionId, name }) => (
            <option key={id} value={sessionId}>
              {name}
            </option>
          ))}
        </SelectField>
      )}
      {value?.kind === 'chats' && value.sessionId !== '' && <LabelField value={value} onChange={onChange} />}
      {value?.kind === 'group' && value.sessionId !== '' && <GroupField value={value} onChange={onChange} />}
    </>
  );
}

interface FieldProps {
  value: RecipientList;
  onChange(value: RecipientList): void;
}

function LabelField({ value, onChange }: FieldProps) {
  const t = broadcastsTexts.use();
  const { sessionId: id } = value;
  const list = useQuery({
    queryKey: ['labels', id],
    queryFn: () => api.labels.list({ id }),
  });
  if (list.error) return <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />;
  const labels = list.data?.labels ?? [];
  return (
    <SelectField
      label={t('listChatLabel')}
      value={value.label}
      disabled={list.isLoading}
      onChange={({ target }) => onChange({ ...value, label: target.value })}
    >
      <option value="">{t(list.data && labels.length === 0 ? 'listNoLabels' : 'listChoose')}</option>
      {labels.map(({ labelId, name, chatCount }) => (
        <option key={labelId} value={labelId}>
          {t('listSize', { name, count: chatCount })}
        </option>
      ))}
    </SelectField>
  );
}

function GroupField({ value, onChange }: FieldProps) {
  const t = broadcastsTexts.use();
  const { sessionId: id } = value;
  const list = useQuery({
    queryKey: ['groups', id, 'for-broadcast'],
    queryFn: () => api.groups.list({ id, limit: MOST_GROUPS }),
  });
  if (list.error) return <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />;
  const groups = list.data?.groups ?? [];
  return (
    <SelectField
      label={t('listGroup')}
      hint={t('listGroupHint')}
      value={value.group}
      disabled={list.isLoading}
      onChange={({ target }) => onChange({ ...value, group: target.value })}
    >
      <option value="">{t(list.data && groups.length === 0 ? 'listNoGroups' : 'listChoose')}</option>
      {groups.map(({ group, subject, participantCount }) => (
        <option key={group} value={group}>
          {t('listSize', { name: subject, count: participantCount })}
        </option>
      ))}
    </SelectField>
  );
}
