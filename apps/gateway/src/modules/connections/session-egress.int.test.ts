import { randomBytes } from 'node:crypto';
import { createFleetProxies, PROXY_BOX, parseProxy, sealProxy } from '@wa-gate/egress';
import { createLogger, createSecretBox } from '@wa-gate/kit';
import { createTestDatabase, seedSession, startTestProxy, type TestDatabase, type TestProxy } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLinkPreviews, createPageClient } from '../messages/index.ts';
import { createSessionEgress } from './session-egress.ts';

const logger = createLogger({ service: 'gateway', level: 'silent' });
const masterKeys = [randomBytes(32)];
/** An address that answers nobody. */
const PAGE = 'http://203.0.113.9/page';

let database: TestDatabase;
let own: TestProxy;
let ofFleet: TestProxy;
beforeAll(async () => {
  database = await createTestDatabase();
  own = await startTestProxy({ protocol: 'http', credentials: { username: 'ann', password: 'secret' } });
  ofFleet = await startTestProxy({ protocol: 'socks5' });
});
afterAll(async () => {
  await Promise.all([own?.stop(), ofFleet?.stop()]);
  await database?.drop();
});

it('previews of links are read by the proxy of the session, and of private addresses there are none', async () => {
  const [{ sessionId: one }, { sessionId: other }] = [
    await seedSession(database.pool),
    await seedSession(database.pool),
  ];
  await database.pool.query('INSERT INTO session_connections (session_id, proxy) VALUES ($1, $2)', [
    one,
    sealProxy(createSecretBox(masterKeys, PROXY_BOX), one, parseProxy(own.url)),
  ]);
  const egress = createSessionEgress({
    pool: database.pool,
    masterKeys,
    fleet: createFleetProxies(ofFleet.url),
    allowPrivate: true,
  });
  const client = createPageClient(() => true);
  const previews = () => createLinkPreviews({ client, logger, egress: (sessionId) => egress.dispatcherOf(sessionId) });
  await previews().of(`http://localhost:${new URL(own.url).port}/`, true, one);
  expect(own.asked).toEqual([]);
  await previews().of(PAGE, true, one);
  expect([own.asked, ofFleet.asked]).toEqual([['203.0.113.9:80'], []]);
  await previews().of(PAGE, true, other);
  expect([own.asked.length, ofFleet.asked]).toEqual([1, ['203.0.113.9:80']]);
  await Promise.all([egress.close(), client.close()]);
}, 30_000);
