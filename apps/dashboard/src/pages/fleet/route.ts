import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Server } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const fleetRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/fleet',
  component: lazyRouteComponent(() => import('./page.tsx'), 'FleetPage'),
  staticData: { nav: { group: 'administration', order: 10, icon: Server, label: { en: 'Workers', id: 'Worker' } } },
});
