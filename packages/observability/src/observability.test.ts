import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { METRICS, type MetricDefinition } from '@wa-gate/kit';
import { QUEUE_NAMES } from '@wa-gate/messaging';
import { describe, expect, it } from 'vitest';
import { dashboardFiles } from './dashboards/dashboard-files.ts';
import { DASHBOARDS } from './dashboards/index.ts';
import { withMetricsTable } from './metrics-table.ts';
import { fits, selectorsOf, withoutVariables } from './promql.ts';
import { type AlertRule, DEPLOYED, read, readAlerts, readRecords } from './rules.ts';

const metrics = METRICS as Record<string, MetricDefinition>;
const alerts = readAlerts();
const records = new Map(readRecords().map(({ record, expr }) => [record, expr]));
const page = readFileSync(DEPLOYED.page, 'utf8');

/** Every expression that we ship, with where it is. */
const expressions = [
  ...DASHBOARDS.flatMap(({ name, rows }) =>
    rows.flatMap(({ panels }) =>
      panels.flatMap(({ title, queries }) => queries.map(([expr]) => ({ at: `${name}: ${title}`, expr }))),
    ),
  ),
  ...alerts.map(({ alert, expr }) => ({ at: alert, expr })),
  ...[...records].map(([record, expr]) => ({ at: record, expr })),
];
const selectors = expressions.flatMap(({ at, expr }) => selectorsOf(expr).map((selector) => ({ at, ...selector })));

/** What others give: Node's default metrics of our processes, and Prometheus itself. Their labels are not checked. */
const FOREIGN = /^(up|ALERTS|process_\w+|nodejs_\w+)$/;
/** Labels that a scrape adds. */
const ADDED = ['job', 'instance', 'service', 'le'];

/** A name of a series without the endings of a histogram. */
const metricNameOf = (series: string): string => {
  const stem = series.replace(/_(bucket|sum|count)$/, '');
  return metrics[stem]?.type === 'histogram' ? stem : series;
};

describe('expressions of dashboards and rules (MR-125)', () => {
  it('name metrics that exist, or records of rules', () => {
    const unknown = selectors.filter(
      ({ name }) => !FOREIGN.test(name) && !records.has(name) && !metrics[metricNameOf(name)],
    );
    expect(unknown).toEqual([]);
  });

  it('ask of counters for rates and of histograms for their parts', () => {
    const wrong = expressions.flatMap(({ at, expr }) =>
      selectorsOf(expr).flatMap(({ name }) => {
        const definition = metrics[metricNameOf(name)];
        if (definition?.type === 'histogram' && name === metricNameOf(name)) return [`${at}: ${name} is a histogram`];
        const isChanging = new RegExp(`(rate|increase)\\(${name}(\\{[^}]*\\})?\\[`).test(expr);
        return definition?.type === 'counter' && !isChanging ? [`${at}: ${name} is a counter`] : [];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('say of labels what can be: they exist, and so does a value', () => {
    const wrong = selectors.flatMap(({ at, name, matchers }) => {
      const labels = metrics[metricNameOf(name)]?.labels ?? {};
      if (FOREIGN.test(name) || records.has(name)) return [];
      return matchers.flatMap((matcher) => {
        if (ADDED.includes(matcher.label)) return [];
        const values = labels[matcher.label];
        if (values === undefined) return [`${at}: ${name} has no label ${matcher.label}`];
        const isPossible = typeof values === 'string' || values.some((value) => fits(matcher, value));
        return isPossible ? [] : [`${at}: no ${matcher.label} of ${name} is ${matcher.operator}"${matcher.value}"`];
      });
    });
    expect(wrong).toEqual([]);
  });

  it('name bounds of buckets that there are', () => {
    const wrong = selectors.flatMap(({ at, name, matchers }) =>
      matchers
        .filter(({ label }) => label === 'le')
        .filter(({ value }) => !metrics[metricNameOf(name)]?.buckets?.includes(Number(value)))
        .map(({ value }) => `${at}: ${name} has no bucket ${value}`),
    );
    expect(wrong).toEqual([]);
  });

  it('are understood with any window in place of the variables', () => {
    expect(withoutVariables('rate(a[$__rate_interval]) * b{network=~"$network"}', '9s')).toBe(
      'rate(a[9s]) * b{network=~".*"}',
    );
    expect(() => selectorsOf('sum(rate(a[5m])')).toThrow(/no PromQL/);
    expect(selectorsOf('sum(a{x="1"} or b)').map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

describe('nothing is forgotten (MR-125)', () => {
  it('every metric has a panel or a rule', () => {
    const used = new Set(selectors.map(({ name }) => metricNameOf(name)));
    expect(Object.keys(metrics).filter((name) => !used.has(name))).toEqual([]);
  });

  it('every record of a rule is used', () => {
    const used = new Set(selectors.map(({ name }) => name));
    expect([...records.keys()].filter((name) => !used.has(name))).toEqual([]);
  });

  it('every queue is shown by the metrics, has an alert, and is documented', () => {
    const names: string[] = Object.values(QUEUE_NAMES).sort();
    for (const metric of ['wag_queue_depth', 'wag_queue_oldest_seconds']) {
      expect([...(metrics[metric]?.labels?.queue ?? [])].sort()).toEqual(names);
    }
    const about = alerts.flatMap(({ expr }) => selectorsOf(expr)).filter(({ name }) => name.includes('queue_oldest'));
    const without = names.filter(
      (queue) =>
        !about.some(({ matchers }) => matchers.every((matcher) => matcher.label !== 'queue' || fits(matcher, queue))),
    );
    expect(without).toEqual([]);
    expect(names.filter((queue) => !page.includes(`| \`${queue}\` |`))).toEqual([]);
  });

  it('every process is scraped, or the documentation says why not', () => {
    const apps = readdirSync(new URL('../../../apps', import.meta.url)).filter((app) =>
      existsSync(new URL(`../../../apps/${app}/src/main.ts`, import.meta.url)),
    );
    expect(apps).toContain('worker');
    const jobs = read<{ scrape_configs: { job_name: string }[] }>(DEPLOYED.prometheus).scrape_configs;
    const scraped = jobs.map(({ job_name: job }) => job.replace(/^wag-/, ''));
    const down = alerts.find(({ alert }) => alert === 'WagProcessDown')!;
    const job = selectorsOf(down.expr)[0]!.matchers.find(({ label }) => label === 'job')!;
    for (const name of scraped) expect([name, fits(job, `wag-${name}`), fits(job, name)]).toEqual([name, true, true]);
    for (const app of apps) {
      expect([app, page.includes(`| \`${app}\` |`)]).toEqual([app, true]);
      if (!scraped.includes(app)) expect(page).toMatch(new RegExp(`\\| \`${app}\` \\| not scraped: `));
    }
  });

  it('compose.yaml scrapes each of its processes, and mounts what is here', () => {
    interface Service {
      image: string;
      volumes?: string[];
    }
    const { services } = read<{ services: Record<string, Service> }>(DEPLOYED.compose);
    const { scrape_configs: jobs } = read<{
      scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[];
    }>(DEPLOYED.prometheus);
    for (const { job_name: job, dns_sd_configs: found } of jobs) {
      const image = job.replace('wag-', 'wa-gate/');
      const ours = Object.entries(services).filter(([, service]) => service.image.includes(`${image}:`));
      expect(found.flatMap(({ names }) => names).sort()).toEqual(ours.map(([name]) => name).sort());
      // METRICS_PORT of the images.
      expect(found.map(({ port }) => port)).toEqual([9464]);
    }
    const mounted = ['prometheus', 'alertmanager', 'grafana'].flatMap((name) => services[name]?.volumes ?? []);
    const sources = mounted.map((volume) => volume.split(':')[0]!).filter((source) => source.startsWith('./'));
    expect(sources.length).toBe(5);
    expect(sources.filter((source) => !existsSync(join(dirname(DEPLOYED.compose), source)))).toEqual([]);
  });

  it('the documentation has every metric, as the registry says', () => {
    expect(withMetricsTable(page), 'npx pnpm --filter @wa-gate/observability write').toBe(page);
  });

  it('the committed dashboards are those that are built', () => {
    const files = dashboardFiles();
    expect(readdirSync(DEPLOYED.dashboards).sort()).toEqual([...files.keys()].sort());
    for (const [name, text] of files) {
      const committed = readFileSync(join(DEPLOYED.dashboards, name), 'utf8');
      expect(committed === text, `${name}: npx pnpm --filter @wa-gate/observability write`).toBe(true);
    }
  });
});

interface Target {
  refId: string;
  expr: string;
  datasource: { uid: string };
}
interface Panel {
  id: number;
  type: string;
  title: string;
  description: string;
  targets?: Target[];
  gridPos: { x: number; y: number; w: number; h: number };
  options?: { legend?: { showLegend?: boolean }; reduceOptions?: { calcs?: string[] } };
}

describe('dashboards', () => {
  const built = [...dashboardFiles()].map(([name, text]) => ({
    name,
    model: JSON.parse(text) as {
      uid: string;
      panels: Panel[];
      templating: { list: { name: string; refresh?: number }[] };
    },
  }));

  it.each(built)('$name has ids, names of queries, legends, reductions and a layout without overlaps', ({ model }) => {
    const { panels } = model;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { type, title, description, targets = [], options } of panels) {
      if (type === 'row') continue;
      expect([title, description.length > 0, targets.length > 0]).toEqual([title, true, true]);
      expect(targets.map(({ refId }) => refId)).toEqual(['A', 'B', 'C', 'D', 'E'].slice(0, targets.length));
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana
      expect(targets.every(({ datasource }) => datasource.uid === '${datasource}')).toBe(true);
      if (type === 'timeseries') expect([title, options?.legend?.showLegend]).toEqual([title, true]);
      if (type === 'stat') expect([title, options?.reduceOptions?.calcs]).toEqual([title, ['lastNotNull']]);
    }
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    expect(model.templating.list.find(({ name }) => name === 'network')?.refresh).toBe(2);
  });

  it('have uids of their own', () => {
    expect(new Set(built.map(({ model }) => model.uid)).size).toBe(DASHBOARDS.length);
  });
});

describe('alerts', () => {
  interface RuleTest {
    rule_files: string[];
    tests: { name: string; promql_expr_test?: { expr: string; exp_samples?: { labels: string; value: number }[] }[] }[];
  }
  const tests = readdirSync(DEPLOYED.ruleTests).map((name) => read<RuleTest>(join(DEPLOYED.ruleTests, name)));
  const checks = tests.flatMap((file) => file.tests.flatMap(({ promql_expr_test: list = [] }) => list));
  const about = (alert: string) => checks.filter(({ expr }) => expr.includes(`"${alert}"`));

  it.each(alerts.map((rule) => [rule.alert, rule] as const))(
    '%s says how bad it is, what it is, and where its page is',
    (_, rule: AlertRule) => {
      expect(['critical', 'warning']).toContain(rule.labels.severity);
      expect(rule.annotations.summary).toMatch(/\.$/);
      const file = basename(rule.annotations.runbook_url ?? '');
      expect(rule.annotations.runbook_url).toBe(`docs/runbooks/${file}`);
      const text = readFileSync(join(DEPLOYED.runbooks, file), 'utf8');
      expect(text).toContain(`\`${rule.alert}\``);
      for (const heading of ['## What it means', '## Where to look', '## What to do'])
        expect(text).toContain(`\n${heading}\n`);
    },
  );

  it('have names of their own, and every runbook has its alert', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    const pages = readdirSync(DEPLOYED.runbooks).filter((name) => name !== 'README.md');
    const wanted = new Set(alerts.map(({ annotations }) => basename(annotations.runbook_url ?? '')));
    expect(pages.sort()).toEqual([...wanted].sort());
    const index = readFileSync(join(DEPLOYED.runbooks, 'README.md'), 'utf8');
    for (const { alert, annotations } of alerts) {
      expect(index).toContain(`[${alert}](${basename(annotations.runbook_url ?? '')})`);
    }
  });

  it('runbooks name routes that there are', () => {
    const { paths } = JSON.parse(
      readFileSync(new URL('../../../apps/gateway/openapi.json', import.meta.url), 'utf8'),
    ) as { paths: Record<string, Record<string, object>> };
    const named = readdirSync(DEPLOYED.runbooks).flatMap((file) => {
      const text = readFileSync(join(DEPLOYED.runbooks, file), 'utf8').replace(/\s+/g, ' ');
      const calls = [...text.matchAll(/`(GET|POST|PUT|PATCH|DELETE) (\/api\/[\w/{}-]+)`/g)];
      return calls.map(([, method = '', path = '']) => ({ file, method: method.toLowerCase(), path }));
    });
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ method, path }) => !paths[path]?.[method])).toEqual([]);
  });

  it.each(alerts.map(({ alert }) => alert))(
    '%s has a test in which it fires, and one in which it does not',
    (alert) => {
      expect(about(alert).some(({ exp_samples: samples = [] }) => samples.length > 0)).toBe(true);
      expect(about(alert).some(({ exp_samples: samples = [] }) => samples.length === 0)).toBe(true);
    },
  );

  it('are what the tests are about: none is misspelled there, and their rule files exist', () => {
    const names = new Set(alerts.map(({ alert }) => alert));
    const tested = checks.flatMap(({ expr }) => [...expr.matchAll(/alertname="(\w+)"/g)].map(([, name = '']) => name));
    expect(tested.filter((name) => !names.has(name))).toEqual([]);
    for (const file of tests.flatMap(({ rule_files: files }) => files)) {
      expect([file, existsSync(join(DEPLOYED.ruleTests, file))]).toEqual([file, true]);
    }
  });

  it('are routed, and inhibit only what exists', () => {
    const { inhibit_rules: rules } = read<{
      inhibit_rules: { source_matchers: string[]; target_matchers: string[] }[];
    }>(DEPLOYED.alertmanager);
    for (const matcher of rules.flatMap((rule) => [...rule.source_matchers, ...rule.target_matchers])) {
      const [, operator = '', value = ''] = /^alertname (=~?) "?([^"]+)"?$/.exec(matcher) ?? [];
      expect([matcher, alerts.some(({ alert }) => fits({ label: 'alertname', operator, value }, alert))]).toEqual([
        matcher,
        true,
      ]);
    }
  });
});
