export { DASHBOARDS } from './dashboards/index.ts';
export { fits, type Selector, selectorsOf, withoutVariables } from './promql.ts';
export { type AlertRule, DEPLOYED, type RecordingRule, read as readYaml, readAlerts, readRecords } from './rules.ts';
