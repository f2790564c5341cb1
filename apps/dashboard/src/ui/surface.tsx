import { isWaGateError } from '@wa-gate/sdk';
import { CircleAlert, CircleCheck, Info, type LucideIcon, TriangleAlert } from 'lucide-react';
import { type ReactNode, useEffect, useId } from 'react';
import { isAway } from '../api/away.ts';
import { Button } from './button.tsx';
import styles from './surface.module.css';
import { uiTexts } from './texts.ts';

/** The frame of a page: its title, what it is for, its main actions. */
export function Page({
  title,
  lead,
  actions,
  isNarrow = false,
  children,
}: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  isNarrow?: boolean;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · wa-gate`;
  }, [title]);
  return (
    <div className={`${styles.page} ${isNarrow ? styles.narrow : ''}`}>
      <header className={styles.header}>
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {lead && <p>{lead}</p>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Card({
  title,
  lead,
  actions,
  isFlush = false,
  children,
}: {
  title?: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  /** For tables and lists that reach the edge. */
  isFlush?: boolean;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={styles.card} aria-labelledby={title ? id : undefined}>
      {title && (
        <div className={styles.cardHead}>
          <div>
            <h2 id={id}>{title}</h2>
            {lead && <p>{lead}</p>}
          </div>
          {actions && <div className={styles.actions}>{actions}</div>}
        </div>
      )}
      <div className={isFlush ? styles.flush : styles.cardBody}>{children}</div>
    </section>
  );
}

/** @public */
export const Stack = ({ children }: { children: ReactNode }) => <div className={styles.stack}>{children}</div>;
export const Grid = ({ children }: { children: ReactNode }) => <div className={styles.grid2}>{children}</div>;

/** A page or list without anything in it: says what would be here and the next step. */
export function Empty({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      <span className={styles.emptyIcon}>
        <Icon aria-hidden="true" size={24} />
      </span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

export type Tone = 'info' | 'good' | 'warn' | 'bad' | 'neutral';
const NOTICE_ICONS: Record<Tone, LucideIcon> = {
  info: Info,
  good: CircleCheck,
  warn: TriangleAlert,
  bad: CircleAlert,
  neutral: Info,
};

export function Notice({
  tone = 'info',
  title,
  children,
  action,
  isAnnounced = false,
}: {
  tone?: Tone;
  title?: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
  /** Read out when it appears. */
  isAnnounced?: boolean;
}) {
  const Icon = NOTICE_ICONS[tone];
  return (
    <div className={`${styles.notice} ${styles[tone]}`} role={isAnnounced ? 'alert' : undefined}>
      <Icon aria-hidden="true" />
      <div>
        {title && <strong>{title}</strong>}
        {children}
      </div>
      {action}
    </div>
  );
}

/** What went wrong in a sentence, with the id of the request for whoever asks for help. */
export function ErrorNotice({ error, title, onRetry }: { error: unknown; title?: string; onRetry?: () => void }) {
  const t = uiTexts.use();
  return (
    <Notice
      tone="bad"
      isAnnounced
      title={title}
      action={
        onRetry && (
          <Button size="small" onClick={onRetry}>
            {t('tryAgain')}
          </Button>
        )
      }
    >
      {sentenceOf(error)}
      {isWaGateError(error) && error.requestId && (error.status ?? 0) >= 500 && (
        <p className={styles.small}>{t('requestId', { id: error.requestId })}</p>
      )}
    </Notice>
  );
}

export function sentenceOf(error: unknown): string {
  if (isAway(error)) return uiTexts.now('away');
  if (isWaGateError(error)) {
    if (error.status === 429 && error.retryAfter) return uiTexts.now('limited', { seconds: error.retryAfter });
    return error.message;
  }
  return error instanceof Error ? error.message : String(error);
}

/** A state as a word with a colour. The word alone tells it. */
export function Badge({ tone, children, isMoving = false }: { tone: Tone; children: ReactNode; isMoving?: boolean }) {
  return <span className={`${styles.badge} ${styles[tone]} ${isMoving ? styles.moving : ''}`}>{children}</span>;
}

export function Skeleton({ height = 16, width = '100%' }: { height?: number; width?: number | string }) {
  return <span className={styles.skeleton} style={{ height, width }} aria-hidden="true" />;
}

/** What stands on the page until the first answer, of the size of what comes. */
export function Loading({ rows = 3, height = 44 }: { rows?: number; height?: number }) {
  const t = uiTexts.use();
  return (
    <div className={styles.stack} role="status" aria-label={t('loading')}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} />
      ))}
    </div>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [term: string, value: ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export interface Column<T> {
  /** Empty for a column whose content speaks for itself. */
  title: string;
  cell(row: T): ReactNode;
  isNumber?: boolean;
}

/** A table; below 720 px each row is a card with the names of the columns. */
export function Table<T>({
  caption,
  columns,
  rows,
  keyOf,
}: {
  /** Read out by screen readers. */
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf(row: T): string;
}) {
  return (
    <div className={styles.tableFrame}>
      <table className={`${styles.table} ${styles.responsive}`}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }, index) => (
              <th key={title || index} scope="col" className={isNumber ? styles.right : undefined}>
                {title || <span className="visually-hidden">…</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, cell, isNumber }, index) => (
                <td key={title || index} data-label={title} className={isNumber ? styles.right : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Somebody or something by name, with a line of facts below. */
export const Named = ({ name, children }: { name: ReactNode; children: ReactNode }) => (
  <div className={styles.named}>
    <strong>{name}</strong>
    <span>{children}</span>
  </div>
);

/** What fetches the next page of a list, at its end. */
export function More({ pages, children }: { pages: Pages; children: string }) {
  if (!pages.hasNextPage) return null;
  return (
    <div className={styles.more}>
      <Button isBusy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
        {children}
      </Button>
    </div>
  );
}

/** The part of an infinite query that {@link More} needs. */
interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage(): Promise<unknown>;
}

export const Muted = ({ children }: { children: ReactNode }) => <span className={styles.muted}>{children}</span>;
