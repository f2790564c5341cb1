// Kills, pauses and cuts all processes and connections while messages are sent both ways, and counts what must be 0.
import { readOptions } from './options.ts';
import { planFaults } from './plan.ts';
import { isClean, renderPlan, renderReport } from './report.ts';
import { runChaos } from './run-chaos.ts';

const options = readOptions(process.argv.slice(2));
if (options.planOnly) {
  console.log(renderPlan(planFaults(options.seed, 4, options)));
} else {
  const began = performance.now();
  const say = (line: string) => console.log(`${((performance.now() - began) / 1_000).toFixed(1).padStart(7)}  ${line}`);
  const report = await runChaos(options, say);
  console.log(`\n${renderReport(options, report)}`);
  if (!isClean(report)) process.exitCode = 1;
}
