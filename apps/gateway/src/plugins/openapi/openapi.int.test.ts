import { describe, expect, it } from 'vitest';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
const get = (url: string, headers: Record<string, string> = {}) => fixture.app.inject({ method: 'GET', url, headers });

describe('the documentation (MR-055)', () => {
  it('is made for the first who asks, and shows the routes of this gateway', async () => {
    const page = await get('/docs/json');
    expect(page.headers['content-type']).toMatch(/^application\/json/);
    expect(page.json().paths['/api/sessions/{id}/status'].get.operationId).toBe('sessions.status');
    expect(page.json()).toEqual(JSON.parse(JSON.stringify(await fixture.app.describeApi())));
  });

  it('is a page with its own files, under the headers of every answer', async () => {
    const page = await get('/docs');
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers).toMatchObject({ 'x-request-id': expect.any(String) });
    const script = await get('/docs/static/swagger-ui-bundle.js');
    expect([script.statusCode, script.headers['content-type']]).toEqual([200, expect.stringContaining('javascript')]);
    const again = await get('/docs/static/swagger-ui-bundle.js', { 'if-none-match': String(script.headers.etag) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });

  it('has nothing else', async () => {
    for (const url of ['/docs/nothing', '/docs/static/..%2f..%2fpackage.json']) {
      const answer = await get(url);
      expect([answer.statusCode, answer.json().code], url).toEqual([404, 'ROUTE_NOT_FOUND']);
    }
  });
});
