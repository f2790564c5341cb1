import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Gauge } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const platformLimitsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/limits',
  component: lazyRouteComponent(() => import('./page.tsx'), 'PlatformLimitsPage'),
  staticData: {
    nav: {
      group: 'administration',
      order: 30,
      icon: Gauge,
      label: { en: 'Tiers and limits', id: 'Tingkat dan batas' },
    },
  },
});
