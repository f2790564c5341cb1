import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The folders of `deploy` that are about monitoring, as absolute paths. */
export const DEPLOYED = {
  compose: join(ROOT, 'deploy/compose.yaml'),
  rules: join(ROOT, 'deploy/prometheus/rules'),
  ruleTests: join(ROOT, 'deploy/prometheus/tests'),
  prometheus: join(ROOT, 'deploy/prometheus/prometheus.yml'),
  alertmanager: join(ROOT, 'deploy/alertmanager/alertmanager.yml'),
  dashboards: join(ROOT, 'deploy/grafana/dashboards'),
  runbooks: join(ROOT, 'docs/runbooks'),
  page: join(ROOT, 'docs/observability.md'),
} as const;

export interface RecordingRule {
  record: string;
  expr: string;
}

export interface AlertRule {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface RuleGroup {
  name: string;
  rules: (RecordingRule | AlertRule)[];
}

/** All groups of rules, by file. */
export function readRules(): Map<string, RuleGroup[]> {
  const files = readdirSync(DEPLOYED.rules).filter((name) => name.endsWith('.yml'));
  return new Map(files.map((name) => [name, read<{ groups: RuleGroup[] }>(join(DEPLOYED.rules, name)).groups]));
}

const allRules = () => [...readRules().values()].flat().flatMap(({ rules }) => rules);

export const readAlerts = (): AlertRule[] => allRules().filter((rule) => 'alert' in rule);
export const readRecords = (): RecordingRule[] => allRules().filter((rule) => 'record' in rule);

/** A YAML file with its merged keys, without a check of its shape. */
export const read = <T>(path: string): T => parse(readFileSync(path, 'utf8'), { merge: true }) as T;
