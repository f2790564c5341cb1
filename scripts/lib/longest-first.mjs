/**
 * The order of test files: the longest first, so that no process has one of them left when the others are done. Vitest
 * orders the rest by the times of the last run, or by size.
 */
import { relative } from 'node:path';
import { BaseSequencer } from 'vitest/node';
import { ROOT } from './paths.mjs';

/**
 * The integration tests above ten seconds. They wait for leases, timers and processes. Those that a busy machine can
 * fail, because they time leases or connections, do not stand side by side.
 */
const LONGEST = [
  'apps/worker/src/lease/lease-loss.int.test.ts',
  'packages/db/bin/schema-engine.int.test.ts',
  'apps/worker/src/main.int.test.ts',
  'apps/gateway/src/worker-links/owner-link.int.test.ts',
  'apps/worker/src/whatsapp/contract/race-points.int.test.ts',
  'apps/worker/src/supervisor/fleet.int.test.ts',
  'apps/gateway/src/modules/auth/brute-force.int.test.ts',
  'apps/worker/src/session/health.int.test.ts',
  'apps/worker/src/whatsapp/contract/copies.int.test.ts',
  'apps/worker/src/compose/hosting.int.test.ts',
  'apps/worker/src/session/account-limits.int.test.ts',
  'apps/worker/src/supervisor/leave.int.test.ts',
  'apps/worker/src/outbox/sending.int.test.ts',
  'packages/cluster/src/ownership.property.int.test.ts',
  'apps/worker/src/supervisor/handover.int.test.ts',
  'apps/worker/src/session/no-network.int.test.ts',
  'apps/gateway/src/modules/workers/worker-removal.int.test.ts',
  // The sandbox's own come after all others, in processes of their own: these two are its longest, of five seconds.
  'apps/sandbox/src/flows/receipts.int.test.ts',
  'apps/sandbox/src/flows/endings.int.test.ts',
];

/**
 * The scenarios above 25 seconds. First those that wait most, and those with a browser, which use the processor most:
 * they stand beside each other.
 */
const LONGEST_SCENARIOS = [
  'observability/real-system',
  'dashboard/dashboard',
  'conformance/operations',
  'recovery/documents',
  'dashboard/administration',
  'scenarios/broadcasts',
  'sinks/brokers',
  'conformance/events',
  'conformance/media',
  'launcher/crash',
  'security/secrets/log-secrets',
  'scenarios/notices',
  'media/conversions',
  'deploy/nginx',
  'scenarios/endpoints',
  'scenarios/restarts',
  'scenarios/webhook-outages',
  'security/input',
  'sdk/sdk',
  'scenarios/channels-and-status',
  'scenarios/own-phone',
  'recovery/import',
  'scenarios/scheduled',
  'scenarios/identity',
  'scenarios/votes',
  'launcher/lifecycle',
  // Its images are built meanwhile.
  'deploy/images',
].map((name) => `apps/e2e/${name}.test.ts`);

const ORDER = [...LONGEST, ...LONGEST_SCENARIOS];

/**
 * A process of vitest is kept for the next file only when that is of the same project. So projects follow each other:
 * a file of another one in between would end two processes with all that they have loaded.
 */
export class LongestFirst extends BaseSequencer {
  /** @param {import('vitest/node').TestSpecification[]} files */
  async sort(files) {
    const projects = [...new Set(files.map(({ project }) => project.name))].sort();
    const rank = (/** @type {import('vitest/node').TestSpecification} */ { project, moduleId }) => {
      const index = ORDER.indexOf(relative(ROOT, moduleId));
      return projects.indexOf(project.name) * (ORDER.length + 1) + (index === -1 ? ORDER.length : index);
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
