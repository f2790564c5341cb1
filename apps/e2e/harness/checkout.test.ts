import { expect, test } from 'vitest';
import { openCheckout, ownCheckout, programOf, runFrom } from './checkout.ts';

const SPEC = { main: programOf('sandbox'), env: {}, url: '', readyPath: '' };
const mainOf = async (name: string, unbundled: boolean) => {
  const { main } = await runFrom('/another/', { unbundled })({ ...SPEC, name });
  return main.replace(ownCheckout, 'own/');
};

test('gateways and workers run from another checkout, the sandbox from this one', async () => {
  expect(await mainOf('gateway-2', true)).toBe('/another/apps/gateway/dist/main.js');
  expect(await mainOf('worker-1', true)).toBe('/another/apps/worker/dist/main.js');
  expect(await mainOf('sandbox', false)).toBe('own/apps/sandbox/bundle/main.js');
});

test('what tells libraries from code runs nothing that is bundled, the sandbox neither', async () => {
  expect(await mainOf('sandbox', true)).toBe('own/apps/sandbox/dist/main.js');
});

test('a folder without a build is named with what to do', () => {
  expect(() => openCheckout('/another')).toThrow(/there is no apps\/gateway\/dist\/main\.js.*turbo run build/);
});
