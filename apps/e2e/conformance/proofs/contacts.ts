import { expect } from 'vitest';
import type { Proofs, ProofWorld } from './proof.ts';

export const contactProofs = (world: ProofWorld): Proofs<'contacts'> => ({
  'contacts.check': {
    query: () => ({ numbers: `+${world.friend.number},+15550009999` }),
    seen: async (_input, data) =>
      expect(data).toMatchObject({
        numbers: [
          { number: `+${world.friend.number}`, isOnWhatsApp: true, jid: `${world.friend.number}@s.whatsapp.net` },
          { number: '+15550009999', isOnWhatsApp: false, jid: null },
        ],
      }),
  },
  'contacts.profile': {
    query: () => ({ contact: `+${world.friend.number}` }),
    async seen(_input, data) {
      const person = { phoneNumber: `+${world.friend.number}`, pictureUrl: null, isBusiness: false, business: null };
      expect(data).toMatchObject({ ...person, ageSeconds: 0 });
    },
  },
  'contacts.lid': {
    query: () => ({ phoneNumber: `+${world.friend.number}` }),
    seen: async (_input, data) =>
      expect(data).toMatchObject({ phoneNumber: `+${world.friend.number}`, lid: expect.stringMatching(/^\d+@lid$/) }),
  },
});
