export { adoptSessions, listeningSessions, listenToSession } from './listen.ts';
export { createRulesService, type RulesService, sweepRuleFirings } from './rules.service.ts';
