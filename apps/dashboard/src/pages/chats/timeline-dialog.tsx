import { useQuery } from '@tanstack/react-query';
import { preciseTime } from '../../i18n/format.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNotice, Loading, Notice } from '../../ui/surface.tsx';
import styles from './chats.module.css';
import { timelineQuery } from './queries.ts';
import { chatsTexts } from './texts.ts';

/** Every step of a message, and what it waits for. */
export function TimelineDialog({ messageId, onClose }: { messageId: string; onClose(): void }) {
  const t = chatsTexts.use();
  const timeline = useQuery(timelineQuery(messageId));
  return (
    <Dialog title={t('timeline')} isOpen onClose={onClose}>
      {timeline.isLoading && <Loading rows={4} height={28} />}
      {timeline.error && <ErrorNotice error={timeline.error} />}
      {timeline.data?.waiting.map(({ reason, message }) => (
        <Notice key={reason} tone="warn" title={t('waiting')}>
          {message}
        </Notice>
      ))}
      <ol className={styles.timeline}>
        {timeline.data?.timeline.map((entry, index) => (
          <li key={index} data-step={entry.step}>
            <time dateTime={entry.at}>{preciseTime(entry.at)}</time>
            <div>
              <strong>{t(`step_${entry.step}`, { event: entry.event ?? '' })}</strong>
              <p className={styles.faint}>
                {[
                  entry.worker,
                  entry.attempt !== undefined && `#${entry.attempt}`,
                  entry.code,
                  entry.message,
                  entry.delivery && t('deliveryTo', { status: entry.delivery.status }),
                  entry.delivery?.lastError,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </p>
            </div>
          </li>
        ))}
      </ol>
      <code className={styles.faint}>{messageId}</code>
    </Dialog>
  );
}
