import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { ScrollText } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const systemLogRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/logs',
  component: lazyRouteComponent(() => import('./page.tsx'), 'SystemLogPage'),
  staticData: {
    nav: { group: 'administration', order: 40, icon: ScrollText, label: { en: 'System log', id: 'Log sistem' } },
  },
});
