import { createRootRoute } from '@tanstack/react-router';
import { Root } from './root.tsx';
import { NotFound, RouteError } from './route-states.tsx';

export const rootRoute = createRootRoute({
  component: Root,
  errorComponent: RouteError,
  notFoundComponent: NotFound,
});
