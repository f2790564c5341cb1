export { createMessageActions, type MessageActions } from './message-actions.ts';
export { createMessageReferences, type MessageReferences } from './message-references.ts';
export { callOperation } from './operation-call.ts';
export { addOperation, describeOperation, type OperationServices } from './operation-route.ts';
export { createSessionRemover, type RemovedSession, type SessionRemover } from './session-remover.ts';
