import { waitFor } from '../../harness/wait-for.ts';
import type { Proofs, ProofWorld } from './proof.ts';

export const presenceProofs = (world: ProofWorld): Proofs<'presence'> => ({
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
