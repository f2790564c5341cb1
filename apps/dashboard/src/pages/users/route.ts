import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Users } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const usersRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/users',
  component: lazyRouteComponent(() => import('./page.tsx'), 'UsersPage'),
  staticData: {
    nav: { group: 'administration', order: 20, icon: Users, label: { en: 'Users', id: 'Pengguna' } },
  },
});
