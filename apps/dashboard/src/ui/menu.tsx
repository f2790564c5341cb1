import { cloneElement, lazy, Suspense, useState } from 'react';
import type { MenuProps } from './aria-menu.tsx';

const load = () => import('./aria-menu.tsx');
const AriaMenu = lazy(() => load().then(({ AriaMenu: component }) => ({ default: component })));

/** A menu behind a button. Its code is loaded when somebody is about to open the first one. */
export function Menu(props: MenuProps) {
  const [isWanted, setWanted] = useState(false);
  const trigger = cloneElement(props.trigger, {
    onPress: () => setWanted(true),
    onHoverStart: () => void load(),
    'aria-haspopup': 'menu',
  });
  if (!isWanted) return trigger;
  return (
    <Suspense fallback={trigger}>
      <AriaMenu {...props} />
    </Suspense>
  );
}
