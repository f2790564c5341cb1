import type { Broadcast } from '../../api/types.ts';
import { number, percent } from '../../i18n/format.ts';
import { numberProblem } from '../../ui/number-problems.ts';
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

/** How much of the list was done, from 0 to 1. For the API a cancelled one is done with all of it. */
function shareDone({ status, progress, counts }: Broadcast): number {
  if (status !== 'cancelled' || counts.total === 0) return progress;
  return 1 - counts.cancelled / counts.total;
}

/** How far it is, as a bar and in figures; before the start, how many it is for. */
export function Progress({ broadcast }: { broadcast: Broadcast }) {
  const t = broadcastsTexts.use();
  const { name, status, counts } = broadcast;
  if (status === 'draft' || status === 'scheduled') {
    return (
      <div className={styles.progress}>
        <div className={styles.track} />
        <span>{t('toBeWritten', { count: counts.pending })}</span>
      </div>
    );
  }
  const share = shareDone(broadcast);
  return (
    <div className={styles.progress}>
      <div
        className={styles.track}
        role="progressbar"
        aria-label={t('progressOf', { name })}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <div
          className={styles.fill}
          data-stopped={status === 'cancelled' || undefined}
          style={{ width: `${share * 100}%` }}
        />
      </div>
      <span>
        {percent(share)} · {t('sentOf', { sent: number(counts.sent), total: number(counts.total) })}
      </span>
    </div>
  );
}

/** Codes of rows without a number. */
const PROBLEMS = ['no_recipient', 'shortened_number', 'unreadable_row'] as const;

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
  const ofNumber = numberProblem(code);
  if (ofNumber) return ofNumber;
  if (/^\d+$/.test(reason)) return t('reason_code', { code: reason });
  return CODED.exec(reason)?.[1] ?? reason;
}
