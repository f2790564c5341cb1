export { createProxiesService, type ProxiesService } from './proxies.service.ts';
export { createRelinkService, type RelinkService } from './relink.service.ts';
export { createSessionEgress } from './session-egress.ts';
export { createVersionsService, type VersionsService } from './versions.service.ts';
