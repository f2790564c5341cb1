/** Writes what is made from code: the dashboards, and the table of metrics of the documentation. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardFiles } from './dashboards/dashboard-files.ts';
import { withMetricsTable } from './metrics-table.ts';
import { DEPLOYED } from './rules.ts';

const files = dashboardFiles();
for (const name of readdirSync(DEPLOYED.dashboards)) if (!files.has(name)) rmSync(join(DEPLOYED.dashboards, name));
for (const [name, text] of files) writeFileSync(join(DEPLOYED.dashboards, name), text);
writeFileSync(DEPLOYED.page, withMetricsTable(readFileSync(DEPLOYED.page, 'utf8')));
