import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { ChartColumn } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const usageRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/usage',
  component: lazyRouteComponent(() => import('./page.tsx'), 'UsagePage'),
  staticData: {
    nav: {
      group: 'workspace',
      order: 30,
      icon: ChartColumn,
      label: { en: 'Usage and limits', id: 'Pemakaian dan batas' },
      permission: 'logs.view',
    },
  },
});
