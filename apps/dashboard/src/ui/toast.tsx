import { X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import styles from './overlay.module.css';
import { sentenceOf } from './surface.tsx';
import { uiTexts } from './texts.ts';

interface Toast {
  id: number;
  text: string;
}

const SHOWN_MS = 6_000;
let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

const drop = (id: number): void => set(toasts.filter((toast) => toast.id !== id));

/** Says something in passing; screen readers read it out. */
export function toast(text: string): void {
  const id = ++lastId;
  set([...toasts.slice(-3), { id, text }]);
  setTimeout(() => drop(id), SHOWN_MS);
}

export const toastError = (error: unknown): void => toast(sentenceOf(error));

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  const t = uiTexts.use();
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {shown.map(({ id, text }) => (
        <div key={id} className={styles.toast}>
          <p>{text}</p>
          <button type="button" aria-label={t('dismiss')} onClick={() => drop(id)}>
            <X size={16} aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  );
}
