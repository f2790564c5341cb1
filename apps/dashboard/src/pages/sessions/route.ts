import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Smartphone } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const sessionsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/sessions',
  validateSearch: ({ create }: Record<string, unknown>): { create?: boolean } => (create === true ? { create } : {}),
  component: lazyRouteComponent(() => import('./page.tsx'), 'SessionsPage'),
  staticData: { nav: { group: 'work', order: 20, icon: Smartphone, label: { en: 'Sessions', id: 'Sesi' } } },
});
