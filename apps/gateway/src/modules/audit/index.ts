export { type AuditLog, createAuditLog } from './audit-log.ts';
export { changedFields } from './changed-fields.ts';
export { declaredActions } from './declared-actions.ts';
export { type Actor, type AuditEntry, actorOf, SYSTEM_ACTOR, writeAudit } from './write-audit.ts';
