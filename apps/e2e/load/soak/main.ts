// Hours of traffic in both directions: memory of each process and the size of every table have to be flat.
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { runFrom } from '../../harness/checkout.ts';
import { startSystem } from '../../harness/system.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { COLLECTABLE } from '../measure/forced-collection.ts';
import { percentile } from '../measure/statistics.ts';
import { GatewayMix } from '../mixed/gateway-mix.ts';
import { readOptions } from './options.ts';
import { type Sample, seriesOf, takeSample } from './samples.ts';
import { judge, renderVerdicts } from './verdicts.ts';

const MB = 1_048_576;

const options = readOptions(process.argv.slice(2));
const { minutes, rate, sessions } = options;
const services = await provideDurableServices(options.checkout);
console.log(`Node ${process.version}, ${services.description}`);
const system = await startSystem({
  services,
  workers: options.workers,
  maxSessions: Math.max(50, sessions),
  logLevel: 'warn',
  adapt: runFrom(options.checkout),
  env: { sandbox: { SANDBOX_DECRYPT: 'false' } },
  nodeFlags: { gateway: COLLECTABLE, worker: COLLECTABLE },
});
const mix = new GatewayMix(system);
const problems: string[] = [];
/** While there is traffic, after the warm-up. */
const isJudged = ({ seconds }: Sample) => seconds >= options.warmUpMinutes * 60 && seconds <= minutes * 60;
try {
  console.log(`Pairing ${sessions} ...`);
  await mix.pair(sessions);
  const ending = new AbortController();
  const samples: Sample[] = [];
  const begun = performance.now();
  const sampling = (async () => {
    for (let next = begun; !ending.signal.aborted; ) {
      next += options.everySeconds * 1_000;
      await sleep(Math.max(0, next - performance.now()), undefined, { signal: ending.signal }).catch(() => undefined);
      if (ending.signal.aborted) break;
      const sample = await takeSample(system, services.processes, (performance.now() - begun) / 1_000);
      samples.push(sample);
      const memory = Object.entries(sample.memory).map(
        ([name, { resident }]) => `${name} ${(resident / MB).toFixed(0)}`,
      );
      console.log(`${sample.seconds.toFixed(0).padStart(6)} s  MB: ${memory.join(', ')}`);
    }
  })();
  // Without its processes there is nothing to sample: the traffic is over too.
  sampling.catch(() => ending.abort());
  // What was sampled until an error is judged all the same.
  const result = await mix
    .run({ rate, seconds: minutes * 60 }, ending.signal)
    .catch((error: Error) => {
      problems.push(error.message);
      return null;
    })
    .finally(() => ending.abort());
  await sampling;
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(samples)}\n`);

  const verdicts = seriesOf(samples.filter(isJudged)).map(judge);
  console.log(`\n${renderVerdicts(verdicts)}\n`);
  for (const [what, all] of Object.entries(mix.latencies)) {
    const third = Math.floor(all.length / 3);
    const shown = (times: readonly number[]) =>
      [0.5, 0.95, 0.99].map((share) => percentile(times, share).toFixed(1)).join(' / ');
    console.log(
      `${what}, p50 / p95 / p99 ms: first third ${shown(all.slice(0, third))}, last ${shown(all.slice(-third))}`,
    );
  }
  if (result) console.log(`${result.sent} sent, ${result.received} received, ${mix.events} events at the webhooks`);
  const grows = verdicts.filter(({ flatness }) => flatness === 'grows');
  if (grows.length > 0) problems.push(`${grows.length} series grow`);
  if (result && result.failures > 0)
    problems.push(`${result.failures} messages failed, the first with: ${result.firstFailure}`);
  if (mix.badSignatures > 0) problems.push(`${mix.badSignatures} events without a valid signature`);
  const misdeeds = await system.sandbox.misdeeds();
  console.log(`Recorder: ${JSON.stringify(misdeeds)}`);
  const { violations, ...counts } = misdeeds;
  const seen = [...Object.values(counts), ...Object.values(violations)].reduce((sum, count) => sum + count, 0);
  if (seen > 0) problems.push('the recorder saw what must not happen');
  const uncertain = verdicts.filter(({ flatness }) => flatness === 'uncertain').length;
  console.log(
    problems.length > 0 ? `FAILED: ${problems.join('; ')}` : `Flat; ${uncertain} of ${verdicts.length} uncertain`,
  );
} finally {
  await mix.close();
  await system.stop();
}
process.exitCode = problems.length > 0 ? 1 : 0;
