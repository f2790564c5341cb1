export { createRiskService, type RiskService } from './risk.service.ts';
