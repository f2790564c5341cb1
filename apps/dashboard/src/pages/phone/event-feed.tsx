import { useState } from 'react';
import { preciseTime } from '../../i18n/format.ts';
import type { LiveEvent } from '../../live/event-connection.ts';
import { useLiveEvent } from '../../live/live-events.tsx';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/surface.tsx';
import styles from './phone.module.css';
import { phoneTexts } from './texts.ts';

const MOST = 100;

interface Seen {
  event: LiveEvent;
  /** Milliseconds since 1970, by this browser. */
  at: number;
}

/** The events of the workspace as they come to webhooks and streams. */
export function EventFeed() {
  const t = phoneTexts.use();
  const [seen, setSeen] = useState<readonly Seen[]>([]);
  useLiveEvent((event) => setSeen((known) => [{ event, at: Date.now() }, ...known].slice(0, MOST)));
  return (
    <Card
      title={t('events')}
      lead={t('eventsLead')}
      isFlush
      actions={
        seen.length > 0 && (
          <Button size="small" onClick={() => setSeen([])}>
            {t('clear')}
          </Button>
        )
      }
    >
      <section className={styles.events} aria-label={t('events')} tabIndex={0}>
        {seen.length === 0 && <p className={styles.none}>{t('noEvents')}</p>}
        {seen.map(({ event, at }) => (
          <details key={event.id} className={styles.event}>
            <summary>
              <time dateTime={new Date(at).toISOString()}>{preciseTime(at)}</time>
              <code>{event.event}</code>
              <span>{event.sessionId}</span>
              <span>{summaryOf(event)}</span>
            </summary>
            <pre>{JSON.stringify(event, null, 2)}</pre>
          </details>
        ))}
      </section>
    </Card>
  );
}

function summaryOf({ data }: LiveEvent): string {
  const { text, state, type } = data;
  return (
    [text, state, type]
      .find((one) => typeof one === 'string' && one !== '')
      ?.toString()
      .slice(0, 80) ?? ''
  );
}
