export { type AppProcess, type AppProcessOptions, spawnApp, startApp } from './app-process.ts';
export { type SeededSession, seedEvent, seedSession, workerRegistration } from './builders.ts';
export { type DocumentedVariable, declaredVariables, documentedVariables } from './configuration-table.ts';
export { createTestDatabase, migrateFrom, type TestDatabase, type TestDatabaseOptions } from './database.ts';
export { payloadProblems, unpromisedEvents } from './event-check.ts';
export { createFaultProxy, type FaultMode, type FaultProxy, type FaultProxyOptions } from './fault-proxy.ts';
export { freePort } from './ports.ts';
export { createTestRedis, testRedisUrl } from './redis.ts';
export { waitFor } from './wait-for.ts';
