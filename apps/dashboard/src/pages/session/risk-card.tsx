import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import { ago, dateTime } from '../../i18n/format.ts';
import { Card, ErrorNotice, Loading, Notice } from '../../ui/surface.tsx';
import { sendingTexts } from './sending-texts.ts';
import styles from './session.module.css';

const HISTORY = 5;

/** How likely WhatsApp is to restrict the account: a gauge with words, why, and what to do. */
export function RiskCard({ sessionId }: { sessionId: string }) {
  const t = sendingTexts.use();
  const risk = useQuery({
    queryKey: ['session', sessionId, 'risk'],
    queryFn: () => api.sessions.getRisk({ id: sessionId, limit: HISTORY }),
    refetchInterval: 60_000,
  });
  if (!risk.data)
    return (
      <Card title={t('risk')}>
        {risk.error ? (
          <ErrorNotice error={risk.error} onRetry={() => void risk.refetch()} />
        ) : (
          <Loading rows={2} height={40} />
        )}
      </Card>
    );
  const { score, level, reasons, guard, history, assessedAt } = risk.data;
  return (
    <Card title={t('risk')} lead={t('riskLead')}>
      <p className={styles.score}>
        <strong>{t('scoreOf', { score })}</strong> <span>{t(`level_${level}`)}</span>
      </p>
      <div className={styles.gauge} aria-hidden="true">
        <div data-level={level} style={{ width: `${score}%` }} />
      </div>
      {guard.isTriggered && <Notice tone="warn">{t('guarded')}</Notice>}
      {reasons.length === 0 ? (
        <p>{t('noReasons')}</p>
      ) : (
        <ul className={styles.reasons} aria-label={t('reasons')}>
          {reasons.map(({ signal, points, reason, advice }) => (
            <li key={signal}>
              <strong>{t('points', { count: points })}</strong> {reason}
              <p>{advice}</p>
            </li>
          ))}
        </ul>
      )}
      {history.length > 1 && (
        <details>
          <summary>{t('history')}</summary>
          <ul>
            {history.map((entry) => (
              <li key={entry.at}>
                {dateTime(entry.at)}: {t('scoreOf', { score: entry.score })}, {t(`level_${entry.level}`)}
              </li>
            ))}
          </ul>
        </details>
      )}
      <p className={styles.assessed}>{t('assessed', { time: ago(assessedAt) })}</p>
    </Card>
  );
}
