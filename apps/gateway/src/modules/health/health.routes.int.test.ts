import { beforeAll, describe, expect, it } from 'vitest';
import type { TestSession } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let sessions: TestSession[];
beforeAll(async () => {
  const user = await fixture.register();
  await fixture.startWorker('worker-1');
  sessions = [];
  for (let count = 0; count < 3; count += 1) sessions.push(await fixture.createSession(user));
});

const health = async () => {
  const { status, body } = await fixture.call('GET', '/api/health');
  expect(status).toBe(200);
  return body;
};

describe('GET /api/health (MR-049)', () => {
  it("has the brief's shape, and no envelope", async () => {
    expect(await health()).toEqual({
      status: 'healthy',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      version: '0.0.0-test',
      services: { whatsapp: 'disconnected', database: 'connected', redis: 'connected', queue: 'running' },
      metrics: {
        uptime: expect.any(Number),
        memory: { used: expect.any(Number), total: expect.any(Number) },
        cpu: expect.any(Number),
      },
      details: { whatsapp: null },
    });
  });

  it('tells which part of the linked sessions is connected, and nothing of anybody', async () => {
    await fixture.setState(sessions[0]!, 'CONNECTED');
    await fixture.setState(sessions[1]!, 'RECONNECTING');
    await fixture.setState(sessions[2]!, 'QR_REQUIRED', false);
    const report = await health();
    expect([report.services.whatsapp, report.details.whatsapp]).toEqual(['connected', 0.5]);
    expect(JSON.stringify(report)).not.toContain(sessions[0]!.slug);
  });

  it('GET /health is the same (MR-050)', async () => {
    const { status, body } = await fixture.call('GET', '/health');
    expect([status, Object.keys(body)]).toEqual([200, Object.keys(await health())]);
  });
});
