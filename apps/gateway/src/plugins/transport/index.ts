export { acceptJsonOnly, jsonParser } from './json-body.ts';
export { networkRules } from './network-rules.ts';
export { type NetworkSettings, networkSettings } from './network-settings.ts';
