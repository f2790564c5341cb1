import { findViolations } from '@wa-gate/messaging';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { leaksIn } from './leaks.ts';
import { type System, type SystemOptions, startSystem } from './system.ts';
import { waitFor } from './wait-for.ts';
import { takeUnpromisedBodies } from './webhook-receiver.ts';

/**
 * One system for the tests of a file. After each test the SQL invariants are checked, and the bodies of webhooks that
 * came. When a test fails, the last lines of every process are printed. Returns a getter, because the system exists
 * only inside hooks and tests.
 */
export function useSystem(options: SystemOptions = {}): () => System {
  let system: System | undefined;
  const get = () => {
    if (!system) throw new Error('The system is not running');
    return system;
  };

  beforeAll(async () => {
    // Uploading all prekeys of Baileys takes a third of the time of linking.
    const sandbox = { SANDBOX_FEW_PREKEYS: 'true', ...options.env?.sandbox };
    system = await startSystem({ ...options, env: { ...options.env, sandbox } });
  });
  beforeEach((context) => {
    context.onTestFailed(() => {
      if (system) console.error(system.tails());
    });
  });
  afterEach(async () => {
    const violated = system ? await findViolations(system.services.pool) : [];
    expect(violated, `SQL invariants: ${JSON.stringify(violated)}`).toEqual([]);
    expect(takeUnpromisedBodies(), 'bodies of webhooks that are not as the registry promises').toEqual([]);
  });
  afterAll(async () => {
    await system?.stop();
  });
  return get;
}

/**
 * Checks the counts of the recorder. Call it before a restart of the sandbox, which clears them. Messages that phones
 * have requested again may still be in transit; the other counts are final.
 */
export async function expectSoundWire(system: System): Promise<void> {
  const areRead = async () => (await system.sandbox.misdeeds()).unreadMessages === 0;
  await waitFor(areRead, { what: 'the phones to have read everything' }).catch(() => undefined);
  const misdeeds = await system.sandbox.misdeeds();
  const sound = { keysReused: 0, overlappingStreams: 0, unreadMessages: 0, violations: {} };
  const report =
    JSON.stringify(misdeeds) === JSON.stringify(sound) ? '' : JSON.stringify(await system.sandbox.evidence());
  expect(misdeeds, report).toEqual(sound);
}

/** The last tests of every file: the recorder of the wire, and the logs. */
export function expectSoundSystem(get: () => System): void {
  test('the sandbox saw no message key twice, no overlapping streams, no violation, and phones could read everything', async () => {
    await expectSoundWire(get());
  });

  test('no key material and no secret in the output of any process', async () => {
    const system = get();
    for (const { name, log } of system.processes) {
      expect(leaksIn(await log.everything(), system.secrets), `output of ${name}`).toEqual([]);
    }
  });
}
