// Clients of server-sent events at one gateway: memory of each, and the processor time of a fan-out to all.
import { loadavg } from 'node:os';
import { startSystem } from '../../harness/system.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { COLLECTABLE } from '../measure/forced-collection.ts';
import { readOptions } from './options.ts';
import { runStreams } from './run-streams.ts';

const options = readOptions(process.argv.slice(2));
const services = await provideDurableServices();
const system = await startSystem({
  services,
  workers: 0,
  logLevel: 'warn',
  nodeFlags: { gateway: COLLECTABLE },
});
try {
  console.log(`Node ${process.version}, ${services.description}, load ${loadavg()[0]!.toFixed(1)}`);
  const { clients, residentPerClient, inUsePerClient, fanOuts } = await runStreams(system, options, console.log);
  const kB = (bytes: number) => (bytes / 1_000).toFixed(1);
  console.log(`\n${clients} clients: ${kB(residentPerClient)} kB each resident, ${kB(inUsePerClient)} kB in use`);
  console.log('| streams | events | to clients | lost or twice | gateway, cores | without clients | p50, p99 ms |');
  console.log('|---|---|---|---|---|---|---|');
  for (const one of fanOuts) {
    const perSecond = (one.delivered / one.seconds).toFixed(0);
    const cores = `${one.cores.toFixed(2)} | ${one.idleCores.toFixed(2)}`;
    const times = `${one.p50Ms.toFixed(0)}, ${one.p99Ms.toFixed(0)}`;
    console.log(
      `| ${one.label} | ${one.events} | ${one.delivered} (${perSecond}/s) | ${one.delivered - one.expected} | ${cores} | ${times} |`,
    );
  }
  console.log(`load ${loadavg()[0]!.toFixed(1)}`);
  const isExact = fanOuts.every(({ delivered, expected }) => delivered === expected);
  if (!isExact || residentPerClient > 30_000 || fanOuts.some(({ cores }) => cores > 1)) process.exitCode = 1;
} finally {
  await system.stop();
}
