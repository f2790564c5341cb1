import { lazy, type ReactNode, Suspense } from 'react';
import type { DialogProps } from './aria-dialog.tsx';
import { Button } from './button.tsx';
import { Row } from './field.tsx';
import { ErrorNotice } from './surface.tsx';
import { uiTexts } from './texts.ts';

const AriaDialog = lazy(() =>
  import('./aria-dialog.tsx').then(({ AriaDialog: component }) => ({ default: component })),
);

/** A dialog over the page: the focus stays in it, Escape closes it. Its code is loaded when the first one opens. */
export function Dialog(props: DialogProps) {
  if (!props.isOpen) return null;
  return (
    <Suspense>
      <AriaDialog {...props} />
    </Suspense>
  );
}

/** Asks before something that cannot be undone, or reaches many people. */
export function Confirm({
  title,
  children,
  action,
  look = 'danger',
  isOpen,
  isBusy,
  error,
  onConfirm,
  onClose,
}: {
  title: string;
  children: ReactNode;
  action: string;
  /** `primary` for what can be stopped again. @default 'danger' */
  look?: 'primary' | 'danger';
  isOpen: boolean;
  isBusy: boolean;
  error?: unknown;
  onConfirm(): void;
  onClose(): void;
}) {
  const t = uiTexts.use();
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose}>
      <div>{children}</div>
      {error ? <ErrorNotice error={error} /> : null}
      <Row atEnd>
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button look={look} isBusy={isBusy} onClick={onConfirm}>
          {action}
        </Button>
      </Row>
    </Dialog>
  );
}
