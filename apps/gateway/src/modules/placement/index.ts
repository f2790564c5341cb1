export { createPlacementService, type PlacementService } from './placement.service.ts';
export { createReconciler, type Reconciler } from './reconciler.ts';
