import { Search } from 'lucide-react';
import {
  type FormHTMLAttributes,
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react';
import styles from './field.module.css';
import { uiTexts } from './texts.ts';

interface Around {
  label: string;
  hint?: ReactNode;
  /** A sentence that says what to do. */
  error?: string | undefined;
  isOptional?: boolean;
}

function useField({ label, hint, error, isOptional }: Around) {
  const id = useId();
  const t = uiTexts.use();
  const described = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
  const control = {
    id,
    className: styles.input,
    'aria-invalid': error ? ('true' as const) : undefined,
    'aria-describedby': described,
  };
  const frame = (children: ReactNode) => (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
        {isOptional && <span className={styles.optional}>{t('optional')}</span>}
      </label>
      {children}
      {error ? (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className={styles.hint}>
            {hint}
          </p>
        )
      )}
    </div>
  );
  return { control, frame };
}

export function TextField({
  label,
  hint,
  error,
  isOptional = false,
  ...rest
}: Around & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  const { control, frame } = useField({ label, hint, error, isOptional });
  return frame(<input {...rest} {...control} />);
}

/** @public */
export function TextArea({
  label,
  hint,
  error,
  isOptional = false,
  ...rest
}: Around & TextareaHTMLAttributes<HTMLTextAreaElement> & { ref?: Ref<HTMLTextAreaElement> }) {
  const { control, frame } = useField({ label, hint, error, isOptional });
  return frame(<textarea {...rest} {...control} />);
}

export function SelectField({
  label,
  hint,
  error,
  isOptional = false,
  children,
  ...rest
}: Around & SelectHTMLAttributes<HTMLSelectElement> & { ref?: Ref<HTMLSelectElement> }) {
  const { control, frame } = useField({ label, hint, error, isOptional });
  return frame(
    <select {...rest} {...control}>
      {children}
    </select>,
  );
}

export function Checkbox({
  label,
  ...rest
}: { label: ReactNode } & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  return (
    <label className={styles.check}>
      <input {...rest} type="checkbox" />
      <span>{label}</span>
    </label>
  );
}

/** A choice beside other tools. Its label is read out alone. */
export function Select({
  label,
  isSmall = false,
  ...rest
}: { label: string; isSmall?: boolean } & SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...rest} aria-label={label} className={`${styles.select} ${isSmall ? styles.smallSelect : ''}`} />;
}

export function SearchField({
  label,
  value,
  onChange,
  placeholder,
}: {
  label: string;
  value: string;
  onChange(value: string): void;
  placeholder?: string;
}) {
  return (
    <div className={styles.search}>
      <Search aria-hidden="true" />
      <input
        className={styles.input}
        type="search"
        aria-label={label}
        placeholder={placeholder ?? label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}

export function Form(props: FormHTMLAttributes<HTMLFormElement>) {
  return <form noValidate {...props} className={styles.form} />;
}

/** Buttons beside each other. */
export function Row({ children, atEnd = false }: { children: ReactNode; atEnd?: boolean }) {
  return <div className={`${styles.row} ${atEnd ? styles.end : ''}`}>{children}</div>;
}
