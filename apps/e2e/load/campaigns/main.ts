// What broadcasts cost those who wait for an answer: customers send one message after the other, by the sessions that
// carry the broadcasts and by others, in turns while no broadcast is open, and while one is paused and another runs.
import { startSystem } from '../../harness/system.ts';
import type { LoopResult } from '../measure/closed-loop.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { readFlags, within } from '../measure/flags.ts';
import { type Figures, writeFigures } from '../measure/message-runs.ts';
import { watchCost } from '../measure/run-cost.ts';
import { median, percentile } from '../measure/statistics.ts';
import { GatewaySide } from '../send/gateway-side.ts';
import { Campaigns, PHASES, type Phase } from './campaigns.ts';

const WARM_UP_S = 5;
const MAX_MESSAGES = 100_000;

const values = readFlags(process.argv.slice(2), {
  rounds: { type: 'string', default: '12' },
  seconds: { type: 'string', default: '4' },
  sessions: { type: 'string', default: '8' },
  carriers: { type: 'string', default: '2' },
  recipients: { type: 'string', default: '1000' },
  json: { type: 'string' },
});
const rounds = within('rounds', values.rounds, 1, 50);
const seconds = within('seconds', values.seconds, 1, 600);
const clients = {
  others: within('sessions', values.sessions, 1, 100),
  carriers: within('carriers', values.carriers, 1, 20),
};
const recipients = within('recipients', values.recipients, 1, 5_000);

const SIDES = ['carriers', 'others'] as const;
type Side = (typeof SIDES)[number];

const services = await provideDurableServices();
console.log(`Node ${process.version}, ${services.description}`);
const system = await startSystem({
  services,
  maxSessions: 150,
  logLevel: 'warn',
  env: { sandbox: { SANDBOX_DECRYPT: 'false' } },
});
const sides = { carriers: new GatewaySide(system, 'all'), others: new GatewaySide(system, 'all') };

interface Measured extends Record<Side, LoopResult> {
  /** Messages of the running broadcast meanwhile. */
  left: number;
  /** Processor time of everything of ours, for each message that a customer has sent. */
  cpuMs: number;
}
const results = new Map<Phase, Measured[]>(PHASES.map((phase) => [phase, []]));

try {
  for (const side of SIDES) await sides[side].pair(clients[side]);
  const campaigns = new Campaigns(system, sides.carriers.owner!, sides.carriers.sessions, recipients);
  await campaigns.prepare();
  const ours = system.processes.filter(({ name }) => name !== 'sandbox').map(({ name, pid }) => ({ name, pid }));
  const processes = [...ours, ...services.processes];
  await measure(WARM_UP_S);
  for (let round = 0; round < rounds; round++) {
    for (const phase of round % 2 === 0 ? PHASES : PHASES.toReversed()) {
      await campaigns.enter(phase);
      const before = await campaigns.sent();
      const cost = await watchCost(processes, null);
      const result = await measure(seconds);
      const { cpuMs } = await cost();
      const left = (await campaigns.sent()) - before;
      const cpu = Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0) / (result.carriers.done + result.others.done);
      results.get(phase)!.push({ ...result, left, cpuMs: cpu });
      const rates = SIDES.map((side) => `${side} ${rateOf(result[side]).toFixed(1)}/s`).join(', ');
      console.log(`round ${round + 1}, ${phase}: ${rates}, ${cpu.toFixed(2)} ms each; ${left} of the broadcast`);
    }
  }
  const figures = SIDES.flatMap((side) => PHASES.map((phase) => figuresOf(side, phase)));
  console.log(`\n${render(figures)}\n`);
  writeFigures(values.json, 'campaigns', figures);
  console.log(`Recorder: ${JSON.stringify(await system.sandbox.misdeeds())}`);
} finally {
  await Promise.all(SIDES.map((side) => sides[side].close()));
  await system.stop();
}

async function measure(time: number): Promise<Record<Side, LoopResult>> {
  const run = (side: Side) => sides[side].run({ clients: clients[side], seconds: time, maxCount: MAX_MESSAGES });
  const [carriers, others] = await Promise.all([run('carriers'), run('others')]);
  for (const { failures, firstFailure } of [carriers, others])
    if (failures > 0) throw new Error(`${failures} failed, the first with: ${firstFailure}`);
  return { carriers, others };
}

function rateOf({ count, seconds: time }: LoopResult): number {
  return count / time;
}

/** Ratios are medians of those within each round. */
function figuresOf(side: Side, phase: Phase): Figures {
  const runs = results.get(phase)!;
  const without = results.get('none')!;
  const ratios = (of: (run: Measured) => number) => median(runs.map((run, round) => of(run) / of(without[round]!)));
  const latencies = runs.flatMap((run) => run[side].latenciesMs);
  return {
    label: phase,
    side: side === 'others' ? 'other sessions' : 'sessions of the broadcast',
    values: {
      'messages/s': median(runs.map((run) => rateOf(run[side]))),
      'ratio of rates': ratios((run) => rateOf(run[side])),
      'send, p50 ms': percentile(latencies, 0.5),
      'send, p99 ms': percentile(latencies, 0.99),
      'ratio of p99': ratios((run) => percentile(run[side].latenciesMs, 0.99)),
      'CPU ms per message': median(runs.map(({ cpuMs }) => cpuMs)),
      'ratio of CPU': ratios(({ cpuMs }) => cpuMs),
      'messages of the broadcast': runs.reduce((sum, { left }) => sum + left, 0),
    },
  };
}

function render(figures: readonly Figures[]): string {
  const names = Object.keys(figures[0]!.values);
  return [
    `| sends by | broadcasts | ${names.join(' | ')} |`,
    `|---|---|${names.map(() => '---|').join('')}`,
    ...figures.map(
      ({ label, side, values: of }) =>
        `| ${side} | ${label} | ${names.map((name) => of[name]!.toFixed(name.startsWith('ratio') ? 3 : 1)).join(' | ')} |`,
    ),
  ].join('\n');
}
