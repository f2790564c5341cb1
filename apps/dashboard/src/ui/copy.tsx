import { Copy, Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { Button } from './button.tsx';
import styles from './overlay.module.css';
import { uiTexts } from './texts.ts';
import { toast } from './toast.tsx';

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(uiTexts.now('copied'));
  } catch {
    // Pages without TLS have no clipboard.
    toast(uiTexts.now('copyFailed'));
  }
}

export function CopyButton({ text, label, isIcon = false }: { text: string; label?: string; isIcon?: boolean }) {
  const t = uiTexts.use();
  const name = label ?? t('copy');
  return (
    <Button size="small" isIcon={isIcon} aria-label={isIcon ? name : undefined} onClick={() => void copy(text)}>
      <Copy aria-hidden="true" />
      {!isIcon && name}
    </Button>
  );
}

/** A value to copy, hidden on request from whoever looks over the shoulder. */
export function CopyField({ value, isSecret = false, label }: { value: string; isSecret?: boolean; label: string }) {
  const t = uiTexts.use();
  const [isShown, setShown] = useState(!isSecret);
  return (
    <div className={styles.secret}>
      <span className="visually-hidden">{label}: </span>
      <code>{isShown ? value : `${value.slice(0, 9)}${'•'.repeat(18)}`}</code>
      {isSecret && (
        <Button
          look="quiet"
          isIcon
          aria-label={isShown ? t('hideSecret') : t('showSecret')}
          onClick={() => setShown(!isShown)}
        >
          {isShown ? <EyeOff /> : <Eye />}
        </Button>
      )}
      <CopyButton text={value} />
    </div>
  );
}

/** The same example in several languages, each to copy. */
export function CodeTabs({ label, examples }: { label: string; examples: readonly { name: string; code: string }[] }) {
  return (
    <Tabs>
      <TabList aria-label={label} className={styles.tabs ?? ''}>
        {examples.map(({ name }) => (
          <Tab key={name} id={name} className={styles.tab ?? ''}>
            {name}
          </Tab>
        ))}
      </TabList>
      {examples.map(({ name, code }) => (
        <TabPanel key={name} id={name}>
          <div className={styles.code}>
            {/* A long line scrolls, also by the keyboard. */}
            <pre tabIndex={0}>{code}</pre>
            <span className={styles.copy}>
              <CopyButton text={code} />
            </span>
          </div>
        </TabPanel>
      ))}
    </Tabs>
  );
}
