import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { appRoute } from '../../shell/app-route.ts';

export const accountRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/sessions/$sessionId/account',
  component: lazyRouteComponent(() => import('./page.tsx'), 'AccountPage'),
});
