import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import styles from './button.module.css';

export interface ButtonLook {
  look?: 'primary' | 'secondary' | 'quiet' | 'danger';
  size?: 'normal' | 'small';
  /** As wide as what it is in. */
  isWide?: boolean;
  /** Shows an icon alone; `aria-label` names it. */
  isIcon?: boolean;
}

const classes = ({ look = 'secondary', size = 'normal', isWide = false, isIcon = false }: ButtonLook): string =>
  [styles.button, styles[look], size === 'small' && styles.small, isWide && styles.wide, isIcon && styles.icon]
    .filter(Boolean)
    .join(' ');

type ButtonProps = ButtonLook &
  ButtonHTMLAttributes<HTMLButtonElement> & { isBusy?: boolean; ref?: Ref<HTMLButtonElement> };

export function Button({
  look,
  size,
  isWide,
  isIcon,
  isBusy = false,
  disabled,
  children,
  type = 'button',
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={classes({ look, size, isWide, isIcon } as ButtonLook)}
      disabled={disabled || isBusy}
      aria-busy={isBusy || undefined}
    >
      {isBusy && <span className={styles.spinner} aria-hidden="true" />}
      {(!isBusy || !isIcon) && children}
    </button>
  );
}

type AnchorProps = ButtonLook &
  AnchorHTMLAttributes<HTMLAnchorElement> & { children?: ReactNode; ref?: Ref<HTMLAnchorElement> };

/** A link to another site or a file that looks like a button. */
export function AnchorButton({ look, size, isWide, isIcon, ...rest }: AnchorProps) {
  return <a {...rest} className={classes({ look, size, isWide, isIcon } as ButtonLook)} />;
}

/** A link to a page that looks like a button. */
export const LinkButton = createLink(AnchorButton);
