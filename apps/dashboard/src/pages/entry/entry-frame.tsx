import { type ReactNode, useEffect } from 'react';
import { basePath } from '../../api/base-path.ts';
import icon from '../../brand/icon.svg';
import { LANGUAGES, type Language, setLanguage, useLanguage } from '../../i18n/i18n.ts';
import styles from './entry.module.css';

/** The frame of all pages before the login. */
export function EntryFrame({
  title,
  lead,
  foot,
  children,
}: {
  title: string;
  lead?: ReactNode;
  foot?: ReactNode;
  children: ReactNode;
}) {
  const language = useLanguage();
  useEffect(() => {
    document.title = `${title} · wa-gate`;
  }, [title]);
  return (
    <div className={styles.frame}>
      <div className={styles.top}>
        <a className={styles.brand} href={`${basePath}/`}>
          <img src={icon} alt="" width={30} height={30} />
          wa-gate
        </a>
        <div className={styles.languages}>
          {(Object.keys(LANGUAGES) as Language[]).map((id) => (
            <button key={id} type="button" lang={id} aria-pressed={id === language} onClick={() => setLanguage(id)}>
              {LANGUAGES[id]}
            </button>
          ))}
        </div>
      </div>
      <main className={styles.middle}>
        <div className={styles.card}>
          <header>
            <h1>{title}</h1>
            {lead && <p>{lead}</p>}
          </header>
          {children}
          {foot && <p className={styles.foot}>{foot}</p>}
        </div>
      </main>
    </div>
  );
}

export const Side = ({ children }: { children: ReactNode }) => <p className={styles.side}>{children}</p>;
