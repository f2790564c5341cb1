// Plays a Kubernetes cluster from the rendered manifests with real processes, and rehearses releases, scaling, drains
// and faults under load both ways.
import { setPriority } from 'node:os';
import { readOptions } from './options.ts';
import { availability, isClean, renderReport } from './report.ts';
import { runRollout } from './run-rollout.ts';

const LEAST_AVAILABLE = 99.9;

const options = readOptions(process.argv.slice(2));
const began = performance.now();
const say = (line: string) => console.log(`${((performance.now() - began) / 1_000).toFixed(1).padStart(7)}  ${line}`);
try {
  // Processes that are started later have it too.
  setPriority(options.nice);
} catch (error) {
  say(`The priority stays as it is: ${(error as Error).message}`);
}
const report = await runRollout(options, say);
console.log(`\n${renderReport(report)}`);
process.exit(isClean(report) && availability(report) >= LEAST_AVAILABLE ? 0 : 1);
