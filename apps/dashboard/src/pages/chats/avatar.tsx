import { Users } from 'lucide-react';
import styles from './chats.module.css';

const HUES = 6;

/** Initials on a colour that stays the same for a name. */
export function Avatar({ name, isGroup }: { name: string; isGroup: boolean }) {
  const hue = [...name].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) % HUES;
  const letters = name.replace(/[^\p{L}\p{N} ]/gu, '').split(' ');
  return (
    <span className={styles.avatar} data-hue={hue} aria-hidden="true">
      {isGroup ? (
        <Users size={19} />
      ) : (
        `${[...(letters[0] ?? '')][0] ?? '?'}${[...(letters[1] ?? '')][0] ?? ''}`.toUpperCase()
      )}
    </span>
  );
}
