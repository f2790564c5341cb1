export { hitOf } from './hit.ts';
export { createHitBatches, type HitBatches } from './hit-batches.ts';
export { createLocalHits } from './local-hits.ts';
export { recordHits, sweepUsageBatches } from './record-hits.ts';
export { createUsageRepository } from './usage.repository.ts';
export { createUsageService, type UsageService } from './usage.service.ts';
