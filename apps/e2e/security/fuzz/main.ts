import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSystem } from '../../harness/system.ts';
import { DEFAULT_PLAN, fuzzOptions, fuzzSystem } from './fuzz-system.ts';
import { describeFindings, summarise } from './report.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(DEFAULT_PLAN.seed) },
    requests: { type: 'string', default: String(DEFAULT_PLAN.requests) },
  },
});

const mailbox = await mkdtemp(join(tmpdir(), 'wa-gate-fuzz-'));
const system = await startSystem(fuzzOptions(mailbox));
try {
  const report = await fuzzSystem(system, { seed: Number(values.seed), requests: Number(values.requests) });
  console.log(describeFindings(report.findings));
  console.log(summarise(report));
  process.exitCode = report.findings.length === 0 ? 0 : 1;
} finally {
  await system.stop();
  await rm(mailbox, { recursive: true });
}
