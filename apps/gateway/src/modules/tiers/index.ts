export { assertTierAllowsSessions, lockAccount } from './session-limit.ts';
export { createTiersService, type TiersService } from './tiers.service.ts';
