import { Check, type LucideIcon } from 'lucide-react';
import type { ReactElement } from 'react';
import {
  type ButtonProps,
  Header,
  Menu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
  Separator,
} from 'react-aria-components';
import styles from './overlay.module.css';

export interface MenuEntry {
  id: string;
  label: string;
  icon?: LucideIcon;
  isDangerous?: boolean;
  isChosen?: boolean;
  isDisabled?: boolean;
  onAction(): void;
}

export interface MenuProps {
  label: string;
  /** A `Button` of React Aria, so that it takes part in the menu. */
  trigger: ReactElement<ButtonProps>;
  sections: readonly { title?: string; entries: readonly MenuEntry[] }[];
}

/** A menu that is open when it comes, because its code is loaded for the first who opens it. */
export function AriaMenu({ label, trigger, sections }: MenuProps) {
  const shown = sections.filter(({ entries }) => entries.length > 0);
  return (
    <MenuTrigger defaultOpen>
      {trigger}
      <Popover className={styles.popover ?? ''} placement="bottom end">
        <Menu aria-label={label}>
          {shown.flatMap(({ title, entries }, index) => [
            ...(index > 0 ? [<Separator key={`line-${index}`} className={styles.separator ?? ''} />] : []),
            <MenuSection key={title ?? index} {...(title ? {} : { 'aria-label': label })}>
              {title && <Header className={styles.section ?? ''}>{title}</Header>}
              {entries.map(({ id, label: text, icon: Icon, isDangerous, isChosen, isDisabled, onAction }) => (
                <MenuItem
                  key={id}
                  id={id}
                  textValue={text}
                  className={styles.item ?? ''}
                  onAction={onAction}
                  isDisabled={isDisabled ?? false}
                  {...(isDangerous ? { 'data-danger': true } : {})}
                >
                  {Icon && <Icon aria-hidden="true" />}
                  {text}
                  {isChosen && <Check className={styles.tick} aria-hidden="true" />}
                </MenuItem>
              ))}
            </MenuSection>,
          ])}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
