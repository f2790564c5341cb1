export { liveRoutes } from './live.routes.ts';
export { createOwnerLink, type OwnerLink } from './owner-link.ts';
