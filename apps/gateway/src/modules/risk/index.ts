export { createRiskService, type RiskService } from './risk.service.ts';
export { createRiskWarnings, type RiskWarnings } from './risk-warnings.ts';
