import { createRouter } from '@tanstack/react-router';
import { basePath } from './api/base-path.ts';
import { pages, publicPages } from './pages/index.ts';
import { appRoute } from './shell/app-route.ts';
import { rootRoute } from './shell/root-route.tsx';

const routeTree = rootRoute.addChildren([...publicPages, appRoute.addChildren(pages)]);

export const router = createRouter({
  routeTree,
  basepath: basePath || '/',
  defaultPreload: 'intent',
  defaultPendingMs: 300,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
