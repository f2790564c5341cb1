import { buildDashboard } from './build-dashboard.ts';
import { DASHBOARDS } from './index.ts';

/** The files of `deploy/grafana/dashboards`: names and contents. */
export const dashboardFiles = (): Map<string, string> =>
  new Map(DASHBOARDS.map((spec) => [`${spec.name}.json`, `${JSON.stringify(buildDashboard(spec), null, 2)}\n`]));
