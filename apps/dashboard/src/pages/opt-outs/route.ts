import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { UserX } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const optOutsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/opt-outs',
  component: lazyRouteComponent(() => import('./page.tsx'), 'OptOutsPage'),
  staticData: {
    nav: {
      group: 'work',
      order: 60,
      icon: UserX,
      label: { en: 'Opt-outs', id: 'Berhenti siaran' },
      permission: 'broadcasts.manage',
    },
  },
});
