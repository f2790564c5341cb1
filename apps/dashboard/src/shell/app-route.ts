import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { isWaGateError } from '@wa-gate/sdk';
import { meQuery } from '../account/account.ts';
import { queryClient } from '../api/query-client.ts';
import { rootRoute } from './root-route.tsx';
import { NotFound, RouteError } from './route-states.tsx';

/** The parent of all pages for people who are logged in. */
export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'app',
  beforeLoad: async ({ location }): Promise<void> => {
    try {
      await queryClient.ensureQueryData(meQuery);
    } catch (error) {
      if (!isWaGateError(error) || (error.status !== 401 && error.status !== 403)) throw error;
      throw redirect({ to: '/login', search: location.pathname === '/' ? {} : { next: location.href } });
    }
  },
  component: lazyRouteComponent(() => import('./app-shell.tsx'), 'AppShell'),
  errorComponent: RouteError,
  notFoundComponent: NotFound,
});
