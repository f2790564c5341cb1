import { Check, CheckCheck, Clock, Info, Reply, TriangleAlert } from 'lucide-react';
import { memo } from 'react';
import type { Message } from '../../api/types.ts';
import { time } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import styles from './chats.module.css';
import { MessageContent } from './message-content.tsx';
import { nameOfSender } from './names.ts';
import { chatsTexts } from './texts.ts';

const MARKS = {
  queued: Clock,
  scheduled: Clock,
  sending: Clock,
  unknown: TriangleAlert,
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  played: CheckCheck,
  failed: TriangleAlert,
  cancelled: TriangleAlert,
  expired: TriangleAlert,
} as const;

interface BubbleProps {
  message: Message;
  isGroup: boolean;
  onDetails(message: Message): void;
  onReply?: ((message: Message) => void) | undefined;
}

/** One message. It is drawn anew only when the message itself changes. */
export const MessageBubble = memo(function MessageBubble({ message, isGroup, onDetails, onReply }: BubbleProps) {
  const t = chatsTexts.use();
  const { fromMe, state, reactions, replyTo, error } = message;
  const sender = fromMe ? t('you') : nameOfSender(message);
  const Mark = fromMe && state in MARKS ? MARKS[state as keyof typeof MARKS] : undefined;
  const at = message.timestamp ?? message.createdAt;
  return (
    <article className={styles.bubbleRow} data-own={fromMe || undefined} data-message-id={message.messageId}>
      <div className={styles.bubble} data-failed={state === 'failed' || undefined}>
        {isGroup && !fromMe ? (
          <p className={styles.sender}>{sender}</p>
        ) : (
          <span className="visually-hidden">{sender}: </span>
        )}
        {message.forwardedCount ? <p className={styles.faint}>{t('forwarded')}</p> : null}
        {message.viewOnce && <p className={styles.faint}>{t('viewOnce')}</p>}
        {replyTo && <blockquote className={styles.quote}>{replyTo.text ?? t('other')}</blockquote>}
        <MessageContent message={message} />
        <footer className={styles.meta}>
          {message.editedAt && <span>{t('edited')}</span>}
          <time dateTime={at}>{time(at)}</time>
          {Mark && (
            <span className={styles.mark} data-state={state} title={t(state)}>
              <Mark size={15} aria-hidden="true" />
              <span className="visually-hidden">{t(state)}</span>
            </span>
          )}
        </footer>
        {state === 'failed' && <p className={styles.failure}>{error?.message ?? t('failed')}</p>}
        {reactions.length > 0 && (
          <p className={styles.reactions}>
            <span className="visually-hidden">{t('reactions')}: </span>
            {[...new Set(reactions.map(({ emoji }) => emoji))].join(' ')} {reactions.length > 1 && reactions.length}
          </p>
        )}
      </div>
      <div className={styles.tools}>
        {onReply && !message.revokedAt && (
          <Button look="quiet" size="small" isIcon aria-label={t('reply')} onClick={() => onReply(message)}>
            <Reply />
          </Button>
        )}
        <Button look="quiet" size="small" isIcon aria-label={t('details')} onClick={() => onDetails(message)}>
          <Info />
        </Button>
      </div>
    </article>
  );
});
