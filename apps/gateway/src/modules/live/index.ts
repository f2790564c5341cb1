export { liveRoutes } from './live.routes.ts';
export { createOwnerClient, type OwnerClient } from './owner-client.ts';
