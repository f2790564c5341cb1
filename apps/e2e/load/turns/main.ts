// Two built checkouts measured in turns by the load programs of this one, and their figures side by side. In every
// round each program runs for both versions, one after the other; the version that comes first changes with the round.
// With `--tracing 10` the version after records a tenth of its traces: both may be the same checkout then.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FiguresFile } from '../measure/message-runs.ts';
import { compareTurns, renderComparisons, type Turn, type Version } from './compare.ts';
import { PROGRAMS, type Program, readOptions } from './options.ts';

const RUN_MS = 20 * 60_000;
const TAIL_CHARACTERS = 4_000;

const options = readOptions(process.argv.slice(2));
const folder = await mkdtemp(join(tmpdir(), 'wa-gate-turns-'));
const turns: Turn[] = [];
const began = performance.now();
const say = (line: string) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(6)} s  ${line}`);

try {
  for (let round = 1; round <= options.rounds; round++) {
    const order: Version[] = round % 2 === 1 ? ['before', 'after'] : ['after', 'before'];
    for (const program of options.programs) {
      for (const version of order) {
        say(`round ${round} of ${options.rounds}: ${program}, ${version}`);
        turns.push({ program, version, runs: await runOnce(program, version) });
      }
    }
  }
} finally {
  // What was measured until an error is shown too.
  if (turns.length > 1) console.log(`\n${renderComparisons(compareTurns(turns))}`);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(turns, null, 1)}\n`);
  await rm(folder, { recursive: true, force: true });
}

/** @throws {Error} with the end of its output when the program fails or takes too long */
async function runOnce(program: Program, version: Version): Promise<FiguresFile['runs']> {
  const file = join(folder, 'figures.json');
  const main = fileURLToPath(new URL(`../${program}/main.js`, import.meta.url));
  const traced = version === 'after' && options.tracing !== undefined ? ['--tracing', options.tracing] : [];
  const flags = [...PROGRAMS[program], '--checkout', options[version], '--json', file, ...traced, ...options.more];
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let tail = '';
  const keep = (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-TAIL_CHARACTERS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  // It ends the processes that it has started itself.
  const end = () => child.kill('SIGTERM');
  const timer = setTimeout(end, RUN_MS);
  process.once('exit', end);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  process.off('exit', end);
  if (code !== 0)
    throw new Error(`${program} of the version ${version} ended with ${signal ?? `code ${code}`}:\n${tail}`);
  const { runs } = JSON.parse(await readFile(file, 'utf8')) as FiguresFile;
  return runs;
}
