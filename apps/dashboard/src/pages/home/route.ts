import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { House } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const homeRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/',
  component: lazyRouteComponent(() => import('./page.tsx'), 'HomePage'),
  staticData: { nav: { group: 'work', order: 10, icon: House, label: { en: 'Overview', id: 'Ringkasan' } } },
});
