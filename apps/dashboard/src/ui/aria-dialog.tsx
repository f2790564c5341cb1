import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Button } from './button.tsx';
import styles from './overlay.module.css';
import { uiTexts } from './texts.ts';

export interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose(): void;
  isWide?: boolean;
  /** False for what is shown once: a click beside it does not close it. */
  canDismiss?: boolean;
  children: ReactNode;
}

export function AriaDialog({ title, isOpen, onClose, isWide = false, canDismiss = true, children }: DialogProps) {
  const t = uiTexts.use();
  return (
    <ModalOverlay
      className={styles.scrim ?? ''}
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={canDismiss}
      isKeyboardDismissDisabled={!canDismiss}
    >
      <Modal className={`${styles.modal} ${isWide ? styles.wide : ''}`}>
        <Dialog className={styles.dialog ?? ''}>
          <div className={styles.dialogHead}>
            <Heading slot="title">{title}</Heading>
            {canDismiss && (
              <Button look="quiet" size="small" isIcon aria-label={t('close')} onClick={onClose}>
                <X />
              </Button>
            )}
          </div>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
