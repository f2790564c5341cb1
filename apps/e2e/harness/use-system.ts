import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { leaksIn } from './leaks.ts';
import { type System, type SystemOptions, startSystem } from './system.ts';

/**
 * One system for the tests of a file, which are its guarantees in reading order. When a test fails, the last lines of every
 * process are printed. Returns a getter, because the system exists only inside hooks and tests.
 */
export function useSystem(options: SystemOptions = {}): () => System {
  let system: System | undefined;
  const get = () => {
    if (!system) throw new Error('The system is not running');
    return system;
  };

  beforeAll(async () => {
    system = await startSystem(options);
  });
  beforeEach((context) => {
    context.onTestFailed(() => {
      if (system) console.error(system.tails());
    });
  });
  afterAll(async () => {
    await system?.stop();
  });
  return get;
}

/** The last test of every file: what the sandbox, an independent judge, saw on the wire while the tests before ran; and what was logged. */
export function expectSoundSystem(get: () => System): void {
  test('the sandbox saw no message key twice, no overlapping streams and no violation of the protocol', async () => {
    const { keysUsedTwice, overlappingStreams, violations } = await get().sandbox.summary();
    const detail = violations > 0 ? await get().sandbox.violations() : [];
    expect({ keysUsedTwice, overlappingStreams, violations, detail }).toEqual({
      keysUsedTwice: 0,
      overlappingStreams: 0,
      violations: 0,
      detail: [],
    });
  });

  test('no key material and no secret in the output of any process', async () => {
    const system = get();
    for (const { name, log } of system.processes) {
      expect(leaksIn(await log.everything(), system.secrets), `output of ${name}`).toEqual([]);
    }
  });
}
