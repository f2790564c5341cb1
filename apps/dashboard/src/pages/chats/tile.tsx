import type { ReactNode } from 'react';
import styles from './chats.module.css';

/** What is shown of a message that has more than text: a picture, what it is, and what it says. */
export function Tile({ icon, title, children }: { icon: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className={styles.tile}>
      <span aria-hidden="true">{icon}</span>
      <div>
        <strong>{title}</strong>
        <p>{children}</p>
      </div>
    </div>
  );
}
