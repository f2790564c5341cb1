import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Installation } from './installation.ts';
import { useInstallations } from './use-installation.ts';

const install = useInstallations();

/** An installation that has run before, with this stored state. */
async function withState(state: object, env: Record<string, string> = {}): Promise<Installation> {
  const installation = install();
  await (await installation.started({ env })).stop();
  writeFileSync(installation.path('stored-state.json'), JSON.stringify(state));
  return installation;
}

const workersOf = (installation: Installation) =>
  installation.runFile().processes.flatMap(({ name }) => (name.startsWith('worker-') ? [name] : []));

describe('workers that an administrator has removed', () => {
  test('are not started; the others are, and it is said how they come back', async () => {
    const installation = await withState({ removedWorkers: ['worker-2'] });
    const run = await installation.started();
    expect(workersOf(installation)).toEqual(['worker-1']);
    expect(run.output).toContain('worker-2 is not started: an administrator has removed it.');
    expect(run.output).toContain(`curl -X POST ${installation.runFile().gateway}/api/admin/workers`);
    expect(run.output).toMatch(
      /-d '\{"workerId":"worker-2","endpoint":"http:\/\/127\.0\.0\.1:\d+","network":"sandbox"}'/,
    );
    expect(run.output).not.toContain('No worker is left');
  });

  test('all of them: the gateway runs, so that they can be added again', async () => {
    const installation = await withState({ removedWorkers: ['worker-1', 'worker-2'] });
    const run = await installation.started();
    expect(workersOf(installation)).toEqual([]);
    expect(run.output).toContain('worker-1, worker-2 are not started: an administrator has removed them.');
    expect(run.output).toContain('No worker is left: no session runs.');
    expect((await fetch(`${installation.runFile().gateway}/health`)).ok).toBe(true);
  });
});

test('ADMIN_EMAIL and ADMIN_PASSWORD count at the first start alone, and run.json names the administrator that there is', async () => {
  const first = { ADMIN_EMAIL: 'first@wa-gate.test', ADMIN_PASSWORD: 'correct horse battery' };
  const installation = await withState({ administrators: [first.ADMIN_EMAIL] }, first);
  const run = await installation.started({ env: { ...first, ADMIN_PASSWORD: 'another horse battery' } });
  expect(installation.runFile().admin).toEqual({ email: first.ADMIN_EMAIL, password: first.ADMIN_PASSWORD });
  expect(run.output).toContain('ADMIN_PASSWORD is not used: there is an administrator already.');
  expect(run.output).not.toContain('another horse battery');
});
