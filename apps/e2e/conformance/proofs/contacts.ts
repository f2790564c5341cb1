import { expect } from 'vitest';
import { PIXEL } from './people.ts';
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
  'contacts.about': {
    query: () => ({ contact: `+${world.friend.number}` }),
    seen: async (_input, data) =>
      expect(data).toMatchObject({
        phoneNumber: `+${world.friend.number}`,
        about: 'Hey there! I am using WhatsApp.',
        setAt: null,
      }),
  },
  'contacts.picture': {
    async on() {
      await world.system.sandbox.updatePhone(world.friend.number, { picture: PIXEL });
      return world.session.sessionId;
    },
    query: ({ size }) => ({ contact: `+${world.friend.number}`, size }),
    async seen({ size }, data) {
      expect(data).toMatchObject({
        phoneNumber: `+${world.friend.number}`,
        size,
        url: expect.stringMatching(/^https:/),
      });
      await world.system.sandbox.updatePhone(world.friend.number, { picture: null });
    },
  },
  'contacts.saveName': {
    body: async ({ name }) => ({ contact: `+${world.friend.number}`, name }),
    async seen({ name }) {
      const { addressBook } = await world.system.sandbox.profile(world.session.phone.number);
      expect(addressBook[world.friend.number] ?? null).toBe(name);
    },
  },
  'contacts.lid': {
    query: () => ({ phoneNumber: `+${world.friend.number}` }),
    seen: async (_input, data) =>
      expect(data).toMatchObject({ phoneNumber: `+${world.friend.number}`, lid: expect.stringMatching(/^\d+@lid$/) }),
  },
});
