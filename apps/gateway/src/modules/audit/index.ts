export { type Actor, type AuditEntry, actorOf, maskSecrets, SYSTEM_ACTOR, writeAudit } from './write-audit.ts';
