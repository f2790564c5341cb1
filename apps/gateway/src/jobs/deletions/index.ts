export { createDeletionLoop, type DeletionLoop } from './deletion-loop.ts';
export { createFinishRequest, type FinishRequest } from './finish-request.ts';
