// A rolling upgrade from an earlier commit under load: migration under the running processes, then a restart of one
// process after the other.
import { readOptions } from './options.ts';
import { buildCheckout, findCommit } from './previous-checkout.ts';
import { runUpgrade } from './run-upgrade.ts';

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
  const codes = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([code, count]) => `${code} ×${count}`)
      .join(', ') || 'nothing';
  console.log(`\n${accepted} sends accepted, ${written} messages written to the sessions.\n`);
  console.log('| step | s | refused meanwhile | answers to readers |\n|---|---|---|---|');
  for (const { name, seconds, refused, reads } of steps)
    console.log(`| ${name} | ${seconds.toFixed(1)} | ${codes(refused)} | ${codes(reads)} |`);
  console.log('\n| must be 0 | found |\n|---|---|');
  for (const { what, count } of verdicts) console.log(`| ${what} | ${count} |`);
  const found = verdicts.filter(({ count }) => count > 0);
  for (const { what, examples } of found) console.log(`\n${what}:\n${examples.map((one) => `  ${one}`).join('\n')}`);
  // All processes and connections are closed. One run did not exit for two minutes after its report, for an unknown
  // reason.
  process.exit(found.length > 0 ? 1 : 0);
}
