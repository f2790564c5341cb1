import type { Broadcast } from '../../api/types.ts';
import { number, percent } from '../../i18n/format.ts';
import { Badge, type Tone } from '../../ui/surface.tsx';
import styles from './broadcasts.module.css';
import type { BroadcastStatus, RecipientState } from './queries.ts';
import { broadcastsTexts } from './texts.ts';

const TONES: Record<BroadcastStatus, Tone> = {
  draft: 'neutral',
  scheduled: 'info',
  running: 'info',
  paused: 'warn',
  completed: 'good',
  cancelled: 'neutral',
};
const RECIPIENT_TONES: Record<RecipientState, Tone> = {
  pending: 'neutral',
  queued: 'info',
  sent: 'good',
  failed: 'bad',
  unknown: 'warn',
  skipped: 'neutral',
  cancelled: 'neutral',
  invalid: 'bad',
};

export function StatusBadge({ status }: { status: BroadcastStatus }) {
  const t = broadcastsTexts.use();
  return (
    <Badge tone={TONES[status]} isMoving={status === 'running'}>
      {t(`status_${status}`)}
    </Badge>
  );
}

export function RecipientBadge({ state }: { state: RecipientState }) {
  const t = broadcastsTexts.use();
  return <Badge tone={RECIPIENT_TONES[state]}>{t(`state_${state}`)}</Badge>;
}

/** How far it is, as a bar and in figures; before the start, how many it is for. */
export function Progress({ broadcast: { name, status, progress, counts } }: { broadcast: Broadcast }) {
  const t = broadcastsTexts.use();
  if (status === 'draft' || status === 'scheduled') return <span>{t('toBeWritten', { count: counts.pending })}</span>;
  return (
    <div className={styles.progress}>
      <div
        className={styles.track}
        role="progressbar"
        aria-label={t('progressOf', { name })}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(progress * 100)}
      >
        <div className={styles.fill} style={{ width: `${progress * 100}%` }} />
      </div>
      <span>
        {percent(progress)} · {t('sentOf', { sent: number(counts.sent), total: number(counts.total) })}
      </span>
    </div>
  );
}

/** Codes of rows that name nobody, each with a text of its own. */
const PROBLEMS = [
  'no_recipient',
  'shortened_number',
  'unreadable_row',
  'no_number',
  'leading_zero',
  'no_country_code',
  'wrong_length',
  'unknown_country_code',
  'bad_jid',
] as const;

/** `CODE: sentence`, as failures of messages are told. */
const CODED = /^[A-Z][A-Z0-9_]*: (.+)$/s;

/** Why somebody was skipped, refused or not reached, in words. */
export function reasonWords(reason: string): string {
  const t = broadcastsTexts.now;
  if (reason === 'opted_out') return t('reason_optedOut');
  if (reason === 'duplicate') return t('reason_duplicate');
  const [code = '', ...rest] = reason.split(': ');
  const detail = rest.join(': ');
  if (code === 'missing_variable') return t('reason_missing', { names: detail });
  if (code === 'unsendable') return t('reason_unsendable', { reason: detail });
  const problem = PROBLEMS.find((one) => one === code);
  if (problem) return t(`reason_${problem}`, { sentence: detail });
  if (/^\d+$/.test(reason)) return t('reason_code', { code: reason });
  return CODED.exec(reason)?.[1] ?? reason;
}
