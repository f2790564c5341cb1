import type { System, SystemOptions } from '../../harness/system.ts';
import { loadDocument, type Operation } from '../openapi/document.ts';
import { createCast } from './cast.ts';
import { type PlanOptions, planCases } from './plan.ts';
import { sumReports, unreached } from './report.ts';
import { type FuzzReport, runFuzz } from './run-fuzz.ts';

/** The options of a run: a worker that no request reaches, one that may be drained and removed, and a mailbox. */
export const fuzzOptions = (mailbox: string): SystemOptions => ({
  workers: 2,
  env: { gateway: { MAIL_DIR: mailbox } },
});
export const DEFAULT_PLAN: PlanOptions = { seed: 1, requests: 20_000 };

/** The requests to each operation in a further round, and the factor for operations that were not reached. */
const MORE_OF_EACH = 10;
const WEIGHT_OF_MISSING = 20;
const MOST_ROUNDS = 6;

/**
 * One run against a system: plan from its own description, cast, requests. The resource of an operation may be gone at
 * its turn, and the order of requests depends on the machine. Operations of `toReach` without a success are repeated,
 * with a new cast.
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
    // All operations again, because one makes the resources of another.
    const operations = document.operations.flatMap((operation) =>
      Array.from({ length: missing.has(operation.id) ? WEIGHT_OF_MISSING : 1 }, () => operation),
    );
    const plan = { seed: options.seed + round, requests: MORE_OF_EACH * operations.length };
    report = sumReports(report, await run(operations, plan));
  }
  return report;
}
