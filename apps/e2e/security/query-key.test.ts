import { expect, test } from 'vitest';
import { registerTenant } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';

const system = useSystem({ workers: 0, logLevel: 'trace', env: { gateway: { ALLOW_QUERY_API_KEY: 'true' } } });

test('a key in the URL is taken where the operator allows it, and stands in no log (MR-144, MR-163)', async () => {
  const { apiKey } = await registerTenant(system());
  expect((await system().gateway.call(`/api/sessions?apiKey=${apiKey}`)).status).toBe(200);
  expect((await system().gateway.call(`/api/sessions?apiKey=${apiKey}x`)).status).toBe(401);
  // A header precedes the query.
  const headers = { 'x-api-key': 'wag_test_abcdefgh_nonsense' };
  expect((await system().gateway.call(`/api/sessions?apiKey=${apiKey}`, { headers })).status).toBe(401);
});

expectSoundSystem(system);
