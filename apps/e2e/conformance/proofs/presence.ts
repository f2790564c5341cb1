import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import type { Proofs, ProofWorld } from './proof.ts';

export const presenceProofs = (world: ProofWorld): Proofs<'presence'> => ({
  'presence.subscribe': {
    async on() {
      await world.system.sandbox.setPresence(world.friend.number, 'available');
      return world.session.sessionId;
    },
    body: async () => ({ contact: `+${world.friend.number}` }),
    seen: async (_input, data) =>
      expect(data).toMatchObject({ phoneNumber: `+${world.friend.number}`, state: 'online' }),
  },
  'presence.get': {
    query: () => ({ contact: `+${world.friend.number}` }),
    async seen(_input, data) {
      expect(data).toMatchObject({ state: 'online', lastSeenAt: null });
      await world.system.sandbox.setPresence(world.friend.number, 'unavailable');
      const { sessionId } = world.session;
      await waitFor(
        async () => {
          const url = `/api/sessions/${sessionId}/presence?contact=%2B${world.friend.number}`;
          const { state, lastSeenAt } = await world.tenant.api.data<Record<string, string | null>>(url);
          return state === 'offline' && lastSeenAt !== null;
        },
        { what: 'the friend to be offline' },
      );
    },
  },
  'presence.set': {
    seen: ({ state }) =>
      waitFor(
        async () => {
          const seen = await world.system.sandbox.seenPresence(world.friend.number);
          return seen.some((shown) => shown.state === state && shown.from.startsWith(world.session.phone.number));
        },
        { what: `the phone of the other side to show ${state}` },
      ),
  },
});
