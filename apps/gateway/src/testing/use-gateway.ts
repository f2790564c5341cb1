import { afterAll, beforeAll } from 'vitest';
import { createGatewayFixture, type FixtureOptions, type GatewayFixture } from './gateway-fixture.ts';

/**
 * A gateway for the tests of a file, started before them and closed after them. What is returned stands for the
 * fixture, which exists only inside hooks and tests: read it there. Several of one file are closed in reverse order.
 */
export function useGateway(env: Record<string, string> = {}, options: FixtureOptions = {}): GatewayFixture {
  let fixture: GatewayFixture | undefined;
  beforeAll(async () => {
    fixture = await createGatewayFixture(env, options);
  });
  afterAll(async () => {
    await fixture?.close();
  });
  return new Proxy({} as GatewayFixture, {
    get(_target, name) {
      if (!fixture) throw new Error('The gateway of useGateway() is there in hooks and tests, not before.');
      return Reflect.get(fixture, name);
    },
  });
}
