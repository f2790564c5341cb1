// Whether a message costs the same while something else grows: sessions, workers, endpoints, messages and events that
// are stored. The sizes of a dimension stand side by side, each with a database of its own, and run in turns.
import { loadavg } from 'node:os';
import { prepareServices, type Services } from '../../harness/services.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { writeFigures } from '../measure/message-runs.ts';
import { Level, type LevelRun } from './level.ts';
import { type Dimension, readOptions } from './options.ts';
import { describe, figuresOf, renderSeries, renderStatementGrowth, type Series } from './report.ts';

/** Databases of Redis for the systems; the harness has the last one. */
const FIRST_REDIS_DATABASE = 1;

const options = readOptions(process.argv.slice(2));
const base = await provideDurableServices(options.checkout);
const redis = base.processes.find(({ name }) => name === 'redis')!;
const load = () => loadavg()[0]!.toFixed(1);
console.log(`Node ${process.version}, ${base.description}, ${options.busy} busy sessions, load ${load()}`);

/** A database of its own on the same server, in which statements are counted. */
async function servicesOf(index: number): Promise<Services> {
  const redisUrl = new URL(process.env.TEST_REDIS_URL!);
  redisUrl.pathname = `/${FIRST_REDIS_DATABASE + index}`;
  const servers = { databaseUrl: process.env.TEST_DATABASE_URL!, redisUrl: redisUrl.href };
  const services = await prepareServices(servers, options.checkout);
  await services.pool.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  return services;
}

async function measure(dimension: Dimension): Promise<Series[]> {
  const levels: Level[] = [];
  try {
    for (const [index, size] of options.sizesOf(dimension).entries()) {
      const begun = performance.now();
      levels.push(await Level.open(dimension, size, options, { services: await servicesOf(index), redis }));
      const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
      console.log(`${dimension} ${size}: stands after ${seconds} s, load ${load()}`);
    }
    for (const level of levels) await level.run(options.each);
    const runs = new Map<Level, LevelRun[]>(levels.map((level) => [level, []]));
    for (let round = 0; round < options.rounds; round += 1) {
      for (const level of round % 2 === 0 ? levels : levels.toReversed()) {
        const run = await level.run(options.each);
        runs.get(level)!.push(run);
        console.log(describe(level.size, run));
      }
    }
    return levels.map((level) => ({ dimension, size: level.size, runs: runs.get(level)! }));
  } finally {
    for (const level of levels) await level.close();
  }
}

try {
  const all: Series[] = [];
  for (const dimension of options.dimensions) {
    const series = await measure(dimension);
    all.push(...series);
    console.log(`\n${renderSeries(series)}\n`);
    if (options.statements) console.log(`${renderStatementGrowth(series)}\n`);
    console.log(`load ${load()}`);
  }
  writeFigures(options.json, 'growth', all.flatMap(figuresOf));
} finally {
  await base.release();
}
