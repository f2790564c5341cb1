import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Megaphone } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const broadcastsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/broadcasts',
  component: lazyRouteComponent(() => import('./page.tsx'), 'BroadcastsPage'),
  staticData: {
    nav: {
      group: 'work',
      order: 50,
      icon: Megaphone,
      label: { en: 'Broadcasts', id: 'Siaran' },
      permission: 'broadcasts.manage',
    },
  },
});

export const newBroadcastRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/broadcasts/new',
  component: lazyRouteComponent(() => import('./compose.tsx'), 'ComposePage'),
});

export const broadcastRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/broadcasts/$broadcastId',
  component: lazyRouteComponent(() => import('./broadcast.tsx'), 'BroadcastPage'),
});

export const editBroadcastRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/broadcasts/$broadcastId/edit',
  component: lazyRouteComponent(() => import('./edit.tsx'), 'EditPage'),
});
