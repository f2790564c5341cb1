// What broadcasts cost those who wait for an answer: customers send one message after the other, by the sessions that
// carry the broadcasts and by others, in turns while no broadcast is open, while one is paused, and while another runs.
import { startSystem } from '../../harness/system.ts';
import type { LoopResult } from '../measure/closed-loop.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { readFlags, within } from '../measure/flags.ts';
import { type Figures, writeFigures } from '../measure/message-runs.ts';
import { median, percentile } from '../measure/statistics.ts';
import { GatewaySide } from '../send/gateway-side.ts';
import { Campaigns, PHASES, type Phase } from './campaigns.ts';

const WARM_UP_S = 5;
const MAX_MESSAGES = 100_000;

const values = readFlags(process.argv.slice(2), {
  rounds: { type: 'string', default: '8' },
  seconds: { type: 'string', default: '7' },
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
const results = new Map<Phase, (Record<Side, LoopResult> & { left: number })[]>(PHASES.map((phase) => [phase, []]));

try {
  for (const side of SIDES) await sides[side].pair(clients[side]);
  const campaigns = new Campaigns(system, sides.carriers.owner!, sides.carriers.sessions, recipients);
  await campaigns.prepare();
  await measure(WARM_UP_S);
  for (let round = 0; round < rounds; round++) {
    for (const phase of round % 2 === 0 ? PHASES : PHASES.toReversed()) {
      await campaigns.enter(phase);
      const before = await campaigns.sent();
      const result = await measure(seconds);
      const left = (await campaigns.sent()) - before;
      results.get(phase)!.push({ ...result, left });
      const rates = SIDES.map((side) => `${side} ${rateOf(result[side]).toFixed(1)}/s`).join(', ');
      console.log(`round ${round + 1}, ${phase}: ${rates}; ${left} of the broadcast`);
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
  const ratios = (of: (result: LoopResult) => number) =>
    median(runs.map((run, round) => of(run[side]) / of(without[round]![side])));
  const latencies = runs.flatMap((run) => run[side].latenciesMs);
  const p99 = (result: LoopResult) => percentile(result.latenciesMs, 0.99);
  return {
    label: phase,
    side: side === 'others' ? 'other sessions' : 'sessions of the broadcast',
    values: {
      'messages/s': median(runs.map((run) => rateOf(run[side]))),
      'ratio of rates': ratios(rateOf),
      'send, p50 ms': percentile(latencies, 0.5),
      'send, p99 ms': percentile(latencies, 0.99),
      'ratio of p99': ratios(p99),
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
