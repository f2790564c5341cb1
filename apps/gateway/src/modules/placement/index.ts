export { createPlacementService, type PlacementService } from './placement.service.ts';
export { createReconciler } from './reconciler.ts';
