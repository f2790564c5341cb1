import { describe, expect, it } from 'vitest';
import { useSystem } from '../../harness/use-system.ts';
import { readOptions } from './options.ts';
import { runDelete } from './run-delete.ts';

describe('load:delete, small', () => {
  const system = useSystem({ env: { sandbox: { SANDBOX_DECRYPT: 'false' } } });

  it('a session with a past is gone in less than a second, and soon nothing of it is left (MR-009)', async () => {
    const options = readOptions(['--messages', '4000', '--deliveries', '3', '--before', '1']);
    const report = await runDelete(system(), system().services.pool, options);
    expect(report.rows).toBeGreaterThan(4_000 * 9);
    expect([report.unlinked, report.left]).toEqual([true, {}]);
    expect(report.answerMs).toBeLessThan(1_000);
  }, 120_000);
});
