export { addOperation, describeOperation, type OperationServices } from './operation-route.ts';
export { createSessionRemover, type RemovedSession, type SessionRemover } from './session-remover.ts';
