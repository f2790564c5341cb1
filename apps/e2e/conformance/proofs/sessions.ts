import type { SessionStatusReport } from '@wa-gate/contracts';
import { expect } from 'vitest';
import { addPhone, pairSession, readQr, uniqueName, waitForStatus } from '../../harness/pair-session.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { Proofs, ProofWorld } from './proof.ts';

export function sessionProofs(world: ProofWorld): Proofs<'sessions'> {
  async function newSession(): Promise<string> {
    const sessionId = uniqueName('fresh');
    await world.tenant.api.createSession({ sessionId });
    await readQr(world.system, world.tenant.api, sessionId);
    return sessionId;
  }
  const newlyPaired = async (): Promise<string> => (await pairSession(world.system, world.tenant)).sessionId;

  return {
    'sessions.qr': {
      on: newSession,
      async seen(_input, data, sessionId) {
        const phone = await addPhone(world.system);
        await world.system.sandbox.scan(phone.number, (data as { qr: string }).qr);
        await waitForStatus(world.tenant.api, sessionId, 'connected');
      },
    },
    'sessions.status': {
      seen: async (_input, data) =>
        expect(data).toMatchObject({ status: 'connected', phoneNumber: `+${world.session.phone.number}` }),
    },
    'sessions.health': { seen: async (_input, data) => expect(data).toMatchObject({ state: 'connected' }) },
    'sessions.pairingCode': {
      on: newSession,
      seen: async (_input, data) => expect(data).toMatchObject({ pairingCode: expect.stringMatching(/^\w{8}$/) }),
    },
    'sessions.testProxy': {
      // Nothing listens there, and a session here has no proxy.
      async seen({ url }, data) {
        expect(data).toMatchObject({ ok: false, url: url ? 'socks5://proxy.example.com:1080' : null, latencyMs: null });
        expect(JSON.stringify(data)).not.toContain('secret');
      },
    },
    'sessions.restart': {
      on: newlyPaired,
      seen: (_input, _data, sessionId) => waitForStatus(world.tenant.api, sessionId, 'connected'),
    },
    'sessions.logout': {
      on: newlyPaired,
      seen: async (_input, _data, sessionId) =>
        waitFor(
          async () => {
            const status = await world.tenant.api.data<SessionStatusReport>(`/api/sessions/${sessionId}/status`);
            return status.state === 'logged_out';
          },
          { what: 'the session to be logged out' },
        ),
    },
    'sessions.delete': {
      on: newlyPaired,
      async seen(_input, data, sessionId) {
        expect(data).toMatchObject({ deleted: true, unlinked: true });
        expect((await world.tenant.api.call(`/api/sessions/${sessionId}`)).status).toBe(404);
      },
    },
  };
}
