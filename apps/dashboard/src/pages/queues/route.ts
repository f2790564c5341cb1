import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Layers } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const queuesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/queues',
  component: lazyRouteComponent(() => import('./page.tsx'), 'QueuesPage'),
  staticData: {
    nav: {
      group: 'workspace',
      order: 15,
      icon: Layers,
      label: { en: 'Queues', id: 'Antrean' },
      permission: 'system.manage',
    },
  },
});
