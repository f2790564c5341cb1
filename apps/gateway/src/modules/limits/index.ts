export { createLimitSettings, type Limit, type LimitSettings, policyOf } from './limit-settings.ts';
export { createReplicas } from './replicas.ts';
