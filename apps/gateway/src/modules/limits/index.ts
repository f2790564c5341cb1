export { createLimitSettings, type Limit, type LimitSettings, policyOf } from './limit-settings.ts';
export { limitsRoutes } from './limits.routes.ts';
export { createLimitsService, type LimitsService } from './limits.service.ts';
export { createOwnLimits, type OwnLimits } from './own-limits.ts';
export { createReplicas } from './replicas.ts';
