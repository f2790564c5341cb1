import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Users } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const groupsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/groups',
  component: lazyRouteComponent(() => import('./page.tsx'), 'GroupsPage'),
  staticData: {
    nav: {
      group: 'work',
      order: 42,
      icon: Users,
      label: { en: 'Groups', id: 'Grup' },
      permission: 'logs.view',
    },
  },
});
