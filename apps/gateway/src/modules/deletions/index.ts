export { createDeletionsService, type DeletionsService } from './deletions.service.ts';
export { isRefusal, orElseGoesOn } from './goes-on.ts';
