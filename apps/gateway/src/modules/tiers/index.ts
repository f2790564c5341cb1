export { assertTierAllowsSessions, lockAccount } from './session-limit.ts';
export { tiersRoutes } from './tiers.routes.ts';
export { createTiersService, type TiersService } from './tiers.service.ts';
