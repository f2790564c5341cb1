import { type ReactNode, useState } from 'react';
import { useForm } from 'react-hook-form';
import type { Session } from '../../api/types.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox, Form, Row, TextArea, TextField } from '../../ui/field.tsx';
import { Card, ErrorNotice, Muted, Notice } from '../../ui/surface.tsx';
import styles from './broadcasts.module.css';
import { broadcastsTexts } from './texts.ts';

interface Fields {
  name: string;
  text: string;
  /** As the field has it, in the time zone of the browser; empty: by hand. */
  scheduledAt: string;
}

/** What a person decides about a broadcast before it begins, but for its recipients. */
export interface Draft extends Fields {
  sessionIds: readonly string[];
}

/** A time of the API as the field has it. */
export function fieldTime(iso: string | null): string {
  if (iso === null) return '';
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function DraftForm({
  sessions,
  start,
  isTextFixed = false,
  children,
  action,
  problem,
  error,
  isBusy,
  onTry,
  onSubmit,
}: {
  sessions: readonly Session[];
  start: Draft;
  /** The message is more than a text, so that this form cannot change it. */
  isTextFixed?: boolean;
  /** Between the message and how it is sent. */
  children?: ReactNode;
  /** The words of the button. */
  action(isScheduled: boolean): string;
  /** The title of the error. */
  problem: string;
  error: Error | null;
  isBusy: boolean;
  /** Before each attempt, also one that the form itself refuses. */
  onTry?(): void;
  onSubmit(draft: Draft): void;
}) {
  const t = broadcastsTexts.use();
  const [sessionIds, setSessionIds] = useState(start.sessionIds);
  const { register, handleSubmit, formState, watch } = useForm<Fields>({ defaultValues: start });
  const choose = (sessionId: string, isChosen: boolean) =>
    setSessionIds(isChosen ? [...sessionIds, sessionId] : sessionIds.filter((one) => one !== sessionId));
  return (
    <Form
      onSubmit={(event) => {
        onTry?.();
        void handleSubmit((values) => {
          if (sessionIds.length > 0) onSubmit({ ...values, sessionIds });
        })(event);
      }}
    >
      <Card title={t('message')}>
        <div className={styles.fields}>
          <TextField
            label={t('name')}
            hint={t('nameHint')}
            isOptional
            maxLength={200}
            autoComplete="off"
            {...register('name')}
          />
          {isTextFixed ? (
            <Notice>{t('textFixed')}</Notice>
          ) : (
            <>
              <TextArea
                label={t('text')}
                rows={5}
                error={formState.errors.text?.message}
                hint={t('textHint')}
                placeholder={t('textExample', { variable: '{{name|friend}}' })}
                {...register('text', { validate: (value) => value.trim() !== '' || t('textMissing') })}
              />
              <Notice title={t('variablesTitle')}>
                {t('variablesText', { variable: '{{name|friend}}', bare: '{{name}}' })}
              </Notice>
            </>
          )}
        </div>
      </Card>
      {children}
      <Card title={t('how')}>
        <div className={styles.fields}>
          <fieldset className={styles.sessions}>
            <legend>{t('sessions')}</legend>
            {sessions.map(({ id, sessionId, name, status }) => (
              <Checkbox
                key={id}
                label={
                  <>
                    {name} {status !== 'connected' && <Muted>({t('notConnected')})</Muted>}
                  </>
                }
                checked={sessionIds.includes(sessionId)}
                onChange={({ target }) => choose(sessionId, target.checked)}
              />
            ))}
            {sessionIds.length === 0 ? (
              <p className={styles.failure} role="alert">
                {t('sessionMissing')}
              </p>
            ) : (
              <p>
                <Muted>{t('sessionsHint')}</Muted>
              </p>
            )}
          </fieldset>
          <TextField
            label={t('scheduledAt')}
            hint={t('scheduledHint')}
            isOptional
            type="datetime-local"
            error={formState.errors.scheduledAt?.message}
            {...register('scheduledAt', {
              validate: (value) => value === '' || new Date(value).getTime() > Date.now() || t('scheduledPast'),
            })}
          />
          {error && <ErrorNotice error={error} title={problem} />}
          <Row atEnd>
            <Button type="submit" look="primary" isBusy={isBusy}>
              {action(watch('scheduledAt') !== '')}
            </Button>
          </Row>
        </div>
      </Card>
    </Form>
  );
}
