import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { History } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const auditRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/audit',
  component: lazyRouteComponent(() => import('./page.tsx'), 'AuditPage'),
  staticData: {
    nav: {
      group: 'workspace',
      order: 40,
      icon: History,
      label: { en: 'Audit log', id: 'Log audit' },
      permission: 'users.manage',
    },
  },
});
