import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { UsersRound } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const teamRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/team',
  component: lazyRouteComponent(() => import('./page.tsx'), 'TeamPage'),
  staticData: {
    nav: { group: 'workspace', order: 20, icon: UsersRound, label: { en: 'Team', id: 'Tim' } },
  },
});
