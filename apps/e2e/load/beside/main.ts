// Two built checkouts that stand side by side and take turns of some seconds, with raw Baileys between them: what a
// change is worth on a machine whose speed is another one in each minute.
import { setTimeout as sleep } from 'node:timers/promises';
import { median, percentile } from '../measure/statistics.ts';
import { readOptions, type Work } from './options.ts';
import { type Side, startOurs, startRaw, type Turn } from './side.ts';

/** Receipts of the last turn are handled in it, and not in the next one. */
const BETWEEN_MS = 500;

const NAMES: Record<Work, string> = {
  one: 'one session sends',
  many: 'all sessions send',
  receive: 'phones write to all sessions',
};

const options = readOptions(process.argv.slice(2));
const sides: Side[] = [];
try {
  const before = await startOurs('before', options.before, options);
  sides.push(before);
  const after = await startOurs('after', options.after, options);
  sides.push(after);
  const raw = await startRaw(after.system, options);
  sides.push(raw);
  console.log(
    `Node ${process.version}, ${options.turns} turns of ${options.seconds} s of each side, webhooks for all events`,
  );
  for (const work of options.work) {
    const turns: [Turn, Turn, Turn][] = [];
    for (let round = 0; round < options.turns; round++) turns.push(await takeTurns(work, [before, after, raw], round));
    console.log(`\n${render(work, turns)}`);
  }
} finally {
  for (const side of sides.toReversed()) await side.stop();
}

/** One turn of each; the side that is first changes with the round. */
async function takeTurns(
  work: Work,
  [before, after, raw]: [Side, Side, Side],
  round: number,
): Promise<[Turn, Turn, Turn]> {
  const taken = new Map<Side, Turn>();
  for (const side of round % 2 === 0 ? [before, raw, after] : [after, raw, before]) {
    taken.set(side, await side.turn(work, options.seconds));
    await sleep(BETWEEN_MS);
  }
  return [taken.get(before)!, taken.get(after)!, taken.get(raw)!];
}

/** As Markdown: medians, and medians of the ratios of a round with their quartiles. */
function render(work: Work, turns: readonly (readonly [Turn, Turn, Turn])[]): string {
  const row = (figure: string, read: (turn: Turn) => number | undefined): string => {
    const of = (index: 0 | 1 | 2) => turns.map((round) => read(round[index]) ?? Number.NaN);
    const [before, after, raw] = [of(0), of(1), of(2)];
    const ratios = (from: readonly number[], to: readonly number[]) => from.map((value, index) => value / to[index]!);
    const cells = [
      figure,
      ...[before, after, raw].map((values) => shown(median(values))),
      ...[ratios(after, before), ratios(before, raw), ratios(after, raw)].map(spread),
    ];
    return `| ${cells.join(' | ')} |`;
  };
  const kinds = Object.keys(turns[0]![1].cpuMs);
  return [
    `| ${NAMES[work]} | before | after | raw | after/before | before/raw | after/raw |`,
    '|---|---|---|---|---|---|---|',
    row('messages/s', ({ rate }) => rate),
    ...kinds.map((kind) => row(`CPU ms, ${kind}`, ({ cpuMs }) => cpuMs[kind])),
  ].join('\n');
}

function shown(value: number): string {
  return Number.isNaN(value) ? '' : value.toPrecision(3);
}

function spread(ratios: readonly number[]): string {
  const middle = median(ratios);
  if (Number.isNaN(middle)) return '';
  const quartiles = [0.25, 0.75].map((share) => percentile(ratios, share).toFixed(2));
  return `${middle.toFixed(3)} (${quartiles.join('-')})`;
}
