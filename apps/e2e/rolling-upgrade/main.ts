// A rolling upgrade from an earlier commit under load: migration under the running processes, then a restart of one
// process after the other.
import { readOptions } from './options.ts';
import { buildCheckout, findCommit } from './previous-checkout.ts';
import { runUpgrade } from './run-upgrade.ts';
import { renderSteps } from './steps.ts';

const options = readOptions(process.argv.slice(2));
const began = performance.now();
const say = (line: string) => console.log(`${((performance.now() - began) / 1_000).toFixed(1).padStart(7)}  ${line}`);

const commit = options.folder ? options.from : await findCommit(options.from);
if (!commit) {
  console.log(
    `SKIPPED: this clone has no commit ${options.from} to upgrade from (a shallow clone). Nothing was tested.`,
  );
} else {
  say(
    `Version before: ${commit.slice(0, 12)}, ${options.folder ?? 'building its checkout where there is none yet'} ...`,
  );
  const folder = options.folder ?? (await buildCheckout(commit));
  const { steps, verdicts, accepted, written } = await runUpgrade(options, folder, say);
  console.log(`\n${accepted} sends accepted, ${written} messages written to the sessions.\n`);
  console.log(renderSteps(steps, verdicts));
  // All processes and connections are closed. One run did not exit for two minutes after its report, for an unknown
  // reason.
  process.exit(verdicts.some(({ count }) => count > 0) ? 1 : 0);
}
