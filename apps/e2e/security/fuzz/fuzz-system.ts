import type { System, SystemOptions } from '../../harness/system.ts';
import { loadDocument, type Operation } from '../openapi/document.ts';
import { createCast } from './cast.ts';
import { type PlanOptions, planCases } from './plan.ts';
import { sumReports, unreached } from './report.ts';
import { type FuzzReport, runFuzz } from './run-fuzz.ts';

/** What a run needs: a worker that nobody reaches, one that may be drained and removed, and a mailbox. */
export const fuzzOptions = (mailbox: string): SystemOptions => ({
  workers: 2,
  env: { gateway: { MAIL_DIR: mailbox } },
});
export const DEFAULT_PLAN: PlanOptions = { seed: 1, requests: 20_000 };

/** Another round has so many requests to each operation, and so many times as many to those that were not reached. */
const MORE_OF_EACH = 10;
const WEIGHT_OF_MISSING = 20;
const MOST_ROUNDS = 6;

/**
 * One run against a system: plan from its own description, cast, requests. What an operation is about may be gone when
 * its turn comes, and which requests meet depends on the machine: those of `toReach` that chance has left out are asked
 * for again, with a cast that still has everything.
 */
export async function fuzzSystem(
  system: System,
  options: PlanOptions,
  toReach: (operation: string) => boolean = () => false,
): Promise<FuzzReport> {
  const url = system.gateways[0]!.url;
  const document = await loadDocument(url);
  const run = async (operations: readonly Operation[], plan: PlanOptions) =>
    runFuzz(url, document, planCases(operations, plan), await createCast(system));
  let report = await run(document.operations, options);
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const missing = new Set(unreached(report).filter(toReach));
    if (missing.size === 0) break;
    // All of them again: what one is about is made by another.
    const operations = document.operations.flatMap((operation) =>
      Array.from({ length: missing.has(operation.id) ? WEIGHT_OF_MISSING : 1 }, () => operation),
    );
    const plan = { seed: options.seed + round, requests: MORE_OF_EACH * operations.length };
    report = sumReports(report, await run(operations, plan));
  }
  return report;
}
