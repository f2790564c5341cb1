import type { System, SystemOptions } from '../../harness/system.ts';
import { loadDocument } from '../openapi/document.ts';
import { createCast } from './cast.ts';
import { type PlanOptions, planCases } from './plan.ts';
import { type FuzzReport, runFuzz } from './run-fuzz.ts';

/** What a run needs: a worker that nobody reaches, one that may be drained and removed, and a mailbox. */
export const fuzzOptions = (mailbox: string): SystemOptions => ({
  workers: 2,
  env: { gateway: { MAIL_DIR: mailbox } },
});
export const DEFAULT_PLAN: PlanOptions = { seed: 1, requests: 20_000 };

/** One run against a system: plan from its own description, cast, requests. */
export async function fuzzSystem(system: System, options: PlanOptions): Promise<FuzzReport> {
  const url = system.gateways[0]!.url;
  const document = await loadDocument(url);
  const cases = planCases(document.operations, options);
  return runFuzz(url, document, cases, await createCast(system));
}
