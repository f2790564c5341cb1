import { useMutation, useQuery } from '@tanstack/react-query';
import { MessageSquareReply, Plus } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { number } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Checkbox, Form, Row, SelectField, TextArea, TextField } from '../../ui/field.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, Notice, Page, Table } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import styles from './rules.module.css';
import { rulesTexts } from './texts.ts';

const MATCHES = ['contains', 'exact', 'startsWith', 'regex'] as const;

const rulesQuery = { queryKey: ['rules'], queryFn: async () => (await api.rules.list()).rules };
type Rule = Awaited<ReturnType<typeof rulesQuery.queryFn>>[number];
const refresh = () => queryClient.invalidateQueries({ queryKey: ['rules'] });

export function RulesPage() {
  const t = rulesTexts.use();
  const rules = useQuery(rulesQuery);
  const [isMaking, setMaking] = useState(false);
  const make = (
    <Button look="primary" onClick={() => setMaking(true)}>
      <Plus aria-hidden="true" />
      {t('create')}
    </Button>
  );
  return (
    <Page title={t('title')} lead={t('lead')} actions={rules.data && rules.data.length > 0 && make}>
      {rules.isLoading && <Loading rows={3} height={56} />}
      {rules.error && !rules.data && <ErrorNotice error={rules.error} onRetry={() => void rules.refetch()} />}
      {rules.data && (
        <Card isFlush>
          {rules.data.length === 0 ? (
            <Empty icon={MessageSquareReply} title={t('emptyTitle')} action={make}>
              {t('emptyText')}
            </Empty>
          ) : (
            <RuleTable rules={rules.data} />
          )}
        </Card>
      )}
      {rules.data && rules.data.length > 0 && <TryCard />}
      {isMaking && <MakeRule onClose={() => setMaking(false)} />}
    </Page>
  );
}

function RuleTable({ rules }: { rules: readonly Rule[] }) {
  const t = rulesTexts.use();
  const [removed, setRemoved] = useState<Rule>();
  const change = useMutation({
    mutationFn: ({ ruleId, isActive }: Rule) => api.rules.update({ id: ruleId, body: { isActive: !isActive } }),
    onSuccess: refresh,
    onError: toastError,
  });
  const remove = useMutation({
    mutationFn: ({ ruleId }: Rule) => api.rules.delete({ id: ruleId }),
    onSuccess: () => {
      setRemoved(undefined);
      toast(t('removed'));
      return refresh();
    },
  });
  return (
    <>
      <Table
        caption={t('caption')}
        rows={rules}
        keyOf={({ ruleId }) => ruleId}
        columns={[
          {
            title: '',
            cell: ({ name, match, patterns }) => (
              <div className={styles.words}>
                <strong>{name}</strong>
                <span>
                  {patterns.join(', ')} ({t(`match_${match}`)})
                </span>
              </div>
            ),
          },
          {
            title: t('does'),
            cell: ({ reply, label, event, optOut }) => (
              <div className={styles.does}>
                {reply && <span>{t('does_reply', { text: reply.text ?? reply.type })}</span>}
                {label && <span>{t('does_label', { label })}</span>}
                {event && <span>{t('does_event')}</span>}
                {optOut && <span>{t('does_optOut')}</span>}
              </div>
            ),
          },
          { title: t('fired'), isNumber: true, cell: ({ fired }) => number(fired) },
          {
            title: t('state'),
            cell: ({ isActive }) => <Badge tone={isActive ? 'good' : 'neutral'}>{t(isActive ? 'on' : 'off')}</Badge>,
          },
          {
            title: '',
            cell: (rule) => {
              const action = t(rule.isActive ? 'switchOff' : 'switchOn');
              return (
                <Row>
                  <Button
                    size="small"
                    aria-label={t('ofRule', { action, name: rule.name })}
                    isBusy={change.isPending && change.variables.ruleId === rule.ruleId}
                    onClick={() => change.mutate(rule)}
                  >
                    {action}
                  </Button>
                  <Button
                    size="small"
                    look="danger"
                    aria-label={t('ofRule', { action: t('remove'), name: rule.name })}
                    onClick={() => {
                      remove.reset();
                      setRemoved(rule);
                    }}
                  >
                    {t('remove')}
                  </Button>
                </Row>
              );
            },
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
        onConfirm={() => {
          if (removed) remove.mutate(removed);
        }}
      >
        {t('removeText')}
      </Confirm>
    </>
  );
}

function TryCard() {
  const t = rulesTexts.use();
  const { register, handleSubmit, formState } = useForm({ defaultValues: { text: '' } });
  const test = useMutation({
    mutationFn: ({ text }: { text: string }) => api.rules.test({ body: { text } }),
  });
  const { data } = test;
  return (
    <Card title={t('try')} lead={t('tryLead')}>
      <Form onSubmit={(event) => void handleSubmit((values) => test.mutate(values))(event)}>
        <TextField
          label={t('message')}
          autoComplete="off"
          error={formState.errors.text?.message}
          {...register('text', { validate: (value) => value.trim() !== '' || t('messageMissing') })}
        />
        <Row>
          <Button type="submit" isBusy={test.isPending}>
            {t('test')}
          </Button>
        </Row>
        {test.error && <ErrorNotice error={test.error} />}
        {data && (
          <div className={styles.stack} role="status">
            {data.consent ? (
              <Notice tone="info">{t(`consent_${data.consent}`)}</Notice>
            ) : (
              <Notice tone={data.matched ? 'good' : 'warn'}>
                {data.matched ? t('fires', { rule: data.rule ?? '', keyword: data.keyword ?? '' }) : t('noMatch')}
              </Notice>
            )}
            {data.reply && (
              <>
                <p>{t('answers')}</p>
                <p className={styles.bubble}>{data.reply}</p>
              </>
            )}
            {data.others.length > 0 && (
              <>
                <p>{t('others')}</p>
                <ul>
                  {data.others.map(({ ruleId, rule, reason }) => (
                    <li key={ruleId}>
                      <strong>{rule}</strong>: {reason}
                    </li>
                  ))}
                </ul>
              </>
            )}
          </div>
        )}
      </Form>
    </Card>
  );
}

interface Values {
  name: string;
  match: (typeof MATCHES)[number];
  patterns: string;
  reply: string;
  label: string;
  event: boolean;
  optOut: boolean;
  inGroups: boolean;
}

const linesIn = (text: string): string[] => [
  ...new Set(
    text
      .split('\n')
      .map((one) => one.trim())
      .filter(Boolean),
  ),
];

function MakeRule({ onClose }: { onClose(): void }) {
  const t = rulesTexts.use();
  const { register, handleSubmit, formState } = useForm<Values>({
    defaultValues: {
      name: '',
      match: 'contains',
      patterns: '',
      reply: '',
      label: '',
      event: false,
      optOut: false,
      inGroups: false,
    },
  });
  const make = useMutation({
    mutationFn: ({ name, match, patterns, reply, label, event, optOut, inGroups }: Values) =>
      api.rules.create({
        body: {
          name: name.trim(),
          match,
          patterns: linesIn(patterns),
          event,
          optOut,
          inGroups,
          ...(reply.trim() && { reply }),
          ...(label.trim() && { label: label.trim() }),
        },
      }),
    onSuccess: () => {
      toast(t('saved'));
      onClose();
      return refresh();
    },
  });
  return (
    <Dialog title={t('create')} isOpen onClose={onClose}>
      <Form onSubmit={(event) => void handleSubmit((values) => make.mutate(values))(event)}>
        {make.error && <ErrorNotice error={make.error} />}
        <TextField
          label={t('name')}
          autoFocus
          maxLength={200}
          autoComplete="off"
          error={formState.errors.name?.message}
          {...register('name', { validate: (value) => value.trim() !== '' || t('nameMissing') })}
        />
        <TextArea
          label={t('patterns')}
          hint={t('patternsHint')}
          rows={3}
          error={formState.errors.patterns?.message}
          {...register('patterns', { validate: (value) => linesIn(value).length > 0 || t('patternsMissing') })}
        />
        <SelectField label={t('match')} {...register('match')}>
          {MATCHES.map((match) => (
            <option key={match} value={match}>
              {t(`match_${match}`)}
            </option>
          ))}
        </SelectField>
        <TextArea
          label={t('reply')}
          hint={t('replyHint', { variable: '{{name|friend}}' })}
          isOptional
          rows={3}
          error={formState.errors.reply?.message}
          {...register('reply', {
            validate: (value, { label, event, optOut }) =>
              value.trim() !== '' || label.trim() !== '' || event || optOut || t('nothingToDo'),
          })}
        />
        <TextField label={t('label')} isOptional maxLength={63} autoComplete="off" {...register('label')} />
        <div className={styles.checks}>
          <Checkbox label={t('event')} {...register('event')} />
          <Checkbox label={t('optOut')} {...register('optOut')} />
          <Checkbox label={t('inGroups')} {...register('inGroups')} />
        </div>
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={make.isPending}>
            {t('save')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
