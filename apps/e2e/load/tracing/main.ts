// What tracing costs a message: two systems from one checkout, one of them traced, and one session each that sends one
// message at a time. They take turns with every message, so that both meet the same machine at the same speed.
import { openCheckout, ownCheckout, runFrom } from '../../harness/checkout.ts';
import { prepareServices } from '../../harness/services.ts';
import { startSystem } from '../../harness/system.ts';
import { readFlags, within } from '../measure/flags.ts';
import { startPrivateDatabases } from '../measure/private-databases.ts';
import { type WatchedProcess, watchCpu } from '../measure/process-cpu.ts';
import { median, percentile } from '../measure/statistics.ts';
import { tracingAt } from '../measure/tracing.ts';
import { GatewaySide } from '../send/gateway-side.ts';

/** One of the two systems that are compared. */
interface Side {
  ours: GatewaySide;
  processes: WatchedProcess[];
  /** Processor time of each group of processes in each stretch, in milliseconds. */
  stretches: Record<string, number>[];
  stop(): Promise<void>;
}

const values = readFlags(process.argv.slice(2), {
  percent: { type: 'string', default: '10' },
  messages: { type: 'string', default: '100' },
  stretches: { type: 'string', default: '30' },
  'warm-up': { type: 'string', default: '1500' },
  checkout: { type: 'string' },
});
const percent = within('percent', values.percent, 0, 100);
const messages = within('messages', values.messages, 10, 1_000);
const stretches = within('stretches', values.stretches, 1, 500);
const warmUp = within('warm-up', values['warm-up'], 0, 10_000);
const checkout = values.checkout === undefined ? ownCheckout : openCheckout(values.checkout);

const sides: Side[] = [];
try {
  const off = await startSide('off', undefined);
  sides.push(off);
  const on = await startSide('on', percent);
  sides.push(on);
  await sendInTurns(warmUp);
  for (let stretch = 1; stretch <= stretches; stretch++) {
    const spent = sides.map(({ processes }) => watchCpu(processes));
    await sendInTurns(messages);
    for (const [index, side] of sides.entries()) side.stretches.push(groupsOf(spent[index]!()));
  }
  for (const { ours } of sides) console.log(await ours.verify());
  console.log(
    `\nNode ${process.version}, ${stretches} stretches of ${messages} messages each, ${percent} % recorded\n`,
  );
  console.log(render(off, on));
} finally {
  for (const side of sides) await side.stop();
}

async function startSide(name: string, recorded: number | undefined): Promise<Side> {
  const databases = await startPrivateDatabases(`tracing-${name}`);
  const services = await prepareServices(databases, checkout);
  const { rows } = await services.pool.query<{ pid: string }>(
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid`,
  );
  const tracing = await tracingAt(recorded);
  const system = await startSystem({
    services,
    workers: 1,
    logLevel: 'warn',
    adapt: runFrom(checkout),
    env: tracing.env({ sandbox: { SANDBOX_DECRYPT: 'false' } }),
  });
  const ours = new GatewaySide(system, 'all');
  await ours.pair(1);
  return {
    ours,
    processes: [
      ...system.processes.map((process) => ({ name: process.name, pid: process.pid })),
      { name: 'postgres', pid: Number(rows[0]!.pid) },
    ],
    stretches: [],
    async stop() {
      await ours.close();
      await system.stop();
      await tracing.close();
      await databases.stop();
    },
  };
}

/** Each side sends so many; the one that comes first changes. */
async function sendInTurns(count: number): Promise<void> {
  for (let index = 0; index < count; index++)
    for (const { ours } of index % 2 === 0 ? sides : sides.toReversed()) await ours.send(0);
  for (const { ours } of sides) {
    const missing = await ours.settle();
    if (missing) throw new Error(missing.what);
  }
}

/** Sums by the kind of a process; the sandbox is no part of what is measured, and shows what chance does. */
function groupsOf(cpuMs: Record<string, number>): Record<string, number> {
  const groups: Record<string, number> = { all: 0 };
  for (const [name, ms] of Object.entries(cpuMs)) {
    const group = name.replace(/-\d+$/, '');
    groups[group] = (groups[group] ?? 0) + ms;
    if (group !== 'sandbox') groups.all! += ms;
  }
  return groups;
}

/** As Markdown: of all stretches together, and how the ratio differs among them. */
function render(off: Side, on: Side): string {
  const lines = Object.keys(off.stretches[0]!).map((group) => {
    const of = ({ stretches: all }: Side) => all.map((groups) => groups[group]!);
    const mean = (side: Side) => of(side).reduce((sum, ms) => sum + ms, 0) / (messages * stretches);
    const ratios = of(on).map((ms, index) => ms / of(off)[index]!);
    const shown = [mean(off), mean(on)].map((ms) => ms.toFixed(2));
    const spread = [0.25, 0.75].map((share) => percentile(ratios, share).toFixed(2)).join(' to ');
    const cells = [group, ...shown, (mean(on) / mean(off)).toFixed(3), median(ratios).toFixed(3), spread];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| ms for a message | off | on | ratio | median of the ratios | middle half of them |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}
