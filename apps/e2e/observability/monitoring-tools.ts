import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryFile } from '../harness/repository.ts';

/** Tools of Prometheus and Alertmanager: those of the machine, else private copies as the launcher makes them. */
export interface MonitoringTools {
  prometheus: string;
  promtool: string;
  amtool: string;
  /** For these programs only. */
  env: NodeJS.ProcessEnv;
}

/** The parts of the launcher that are used here. They are scripts without types, outside of the build. */
interface Launcher {
  createProgress(): object;
  findPrometheus(context: object): Promise<{ prometheus: string; promtool: string; env: NodeJS.ProcessEnv }>;
  prometheusConfig(targets: readonly ScrapeTarget[], token: string | undefined): PrometheusConfig;
  cacheFolder(env: NodeJS.ProcessEnv, fallback: string): string;
  makeDebianCopy(copy: object, context: object): Promise<void>;
  onPath(name: string, path: string | undefined): string | undefined;
}

export interface ScrapeTarget {
  job: 'wag-gateway' | 'wag-worker';
  name: string;
  address: string;
}

export interface PrometheusConfig {
  global: Record<string, string>;
  rule_files: string[];
  scrape_configs: object[];
}

const MODULES = ['progress', 'prometheus', 'debian-packages', 'executables'];

async function loadLauncher(): Promise<Launcher> {
  const modules = await Promise.all(
    MODULES.map((name) => import(repositoryFile(`scripts/lib/${name}.mjs`).href) as Promise<object>),
  );
  return Object.assign({}, ...modules) as Launcher;
}

export async function findMonitoringTools(): Promise<MonitoringTools> {
  const launcher = await loadLauncher();
  const { env } = process;
  const fallbackCache = join(tmpdir(), 'wa-gate-cache');
  const found = await launcher.findPrometheus({ progress: launcher.createProgress(), fallbackCache, env });
  return { ...found, amtool: launcher.onPath('amtool', env.PATH) ?? (await fetchAmtool(launcher, fallbackCache)) };
}

async function fetchAmtool(launcher: Launcher, fallbackCache: string): Promise<string> {
  const home = join(launcher.cacheFolder(process.env, fallbackCache), `alertmanager-${process.arch}`);
  const amtool = join(home, 'usr/bin/amtool');
  if (!existsSync(amtool)) {
    const copy = { name: 'Alertmanager', home, packages: ['prometheus-alertmanager'], dependencies: 'none' };
    await launcher.makeDebianCopy(copy, { env: process.env });
  }
  return amtool;
}

/** The configuration with which `npm start -- --observe` starts its Prometheus. */
export async function observeConfig(targets: readonly ScrapeTarget[], token: string): Promise<PrometheusConfig> {
  return (await loadLauncher()).prometheusConfig(targets, token);
}

/** PATH with the tools first. */
export const pathWith = ({ promtool, amtool }: MonitoringTools): string =>
  [dirname(promtool), dirname(amtool), process.env.PATH].join(':');
