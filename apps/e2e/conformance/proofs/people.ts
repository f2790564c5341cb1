import type { ListCallsResult } from '@wa-gate/contracts';
import { expect } from 'vitest';
import type { PhoneProfile } from '../../harness/sandbox-client.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { Proofs, ProofWorld } from './proof.ts';

/** A JPEG of one pixel. */
export const PIXEL =
  '/9j/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=';

type Areas = Proofs<'blocklist'> & Proofs<'calls'> & Proofs<'privacy'> & Proofs<'profile'>;

/** Blocked people, calls, privacy and profile: the phone of the account shows what the API has changed. */
export function peopleProofs(world: ProofWorld): Areas {
  const own = () => world.system.sandbox.profile(world.session.phone.number);
  const shows = (what: string, fits: (profile: PhoneProfile) => boolean) =>
    waitFor(async () => fits(await own()), { what: `the phone to show ${what}` });
  let ringing = '';
  const theFriend = async () => ({ contact: `+${world.friend.number}` });

  return {
    'blocklist.get': {
      async on() {
        await world.system.sandbox.block(world.session.phone.number, world.friend.number);
        return world.session.sessionId;
      },
      async seen(_input, data) {
        expect(data).toMatchObject({ contacts: [{ lid: `${world.friend.lid}@lid` }] });
        await world.system.sandbox.block(world.session.phone.number, world.friend.number, false);
      },
    },
    'blocklist.block': {
      body: theFriend,
      async seen(_input, data) {
        expect(data).toMatchObject({ phoneNumber: `+${world.friend.number}`, isBlocked: true });
        expect((await own()).blocked).toEqual([world.friend.number]);
      },
    },
    'blocklist.unblock': {
      body: theFriend,
      async seen(_input, data) {
        expect(data).toMatchObject({ isBlocked: false });
        expect((await own()).blocked).toEqual([]);
      },
    },
    'calls.reject': {
      async params() {
        const { system, tenant, session, friend } = world;
        ringing = (await system.sandbox.call(friend.number, session.phone.number)).id;
        await waitFor(
          async () => {
            const { calls } = await tenant.api.data<ListCallsResult>(`/api/sessions/${session.sessionId}/calls`);
            return calls.some(({ callId, status }) => callId === ringing && status === 'ringing');
          },
          { what: 'the call to ring' },
        );
        return { call: ringing };
      },
      body: async () => ({}),
      async seen(_input, data) {
        expect(data).toMatchObject({ callId: ringing, caller: { phoneNumber: `+${world.friend.number}` } });
        await waitFor(async () => (await world.system.sandbox.callStatus(ringing)) === 'rejected', {
          what: 'the caller to see it',
        });
      },
    },
    'privacy.get': {
      seen: async (_input, data) =>
        expect(data).toEqual({
          lastSeen: 'everyone',
          online: 'everyone',
          picture: 'everyone',
          about: 'everyone',
          groups: 'everyone',
          calls: 'everyone',
          messages: 'everyone',
          readReceipts: true,
          disappearingSeconds: 0,
        }),
    },
    'privacy.set': {
      async seen(input, data) {
        expect(data).toMatchObject(input);
        const { privacy, disappearingSeconds } = await own();
        expect([privacy.readreceipts, disappearingSeconds]).toEqual([
          input.readReceipts ? 'all' : 'none',
          input.disappearingSeconds,
        ]);
      },
    },
    'profile.get': {
      seen: async (_input, data) =>
        expect(data).toMatchObject({
          phoneNumber: `+${world.session.phone.number}`,
          name: world.session.phone.name,
          about: 'Hey there! I am using WhatsApp.',
          pictureUrl: null,
          isBusiness: false,
        }),
    },
    'profile.setName': { seen: ({ name }) => shows(name, (profile) => profile.name === name) },
    'profile.setAbout': { seen: ({ about }) => shows(about, (profile) => profile.about === about) },
    'profile.setPicture': {
      body: async () => ({ media: { base64: PIXEL } }),
      async seen(_input, data) {
        const { pictureId } = await own();
        expect(pictureId).not.toBeNull();
        expect(data).toEqual({ pictureId });
      },
    },
    'profile.removePicture': { seen: () => shows('no picture', ({ pictureId }) => pictureId === null) },
    'profile.setBusiness': {
      async on() {
        await world.system.sandbox.updatePhone(world.session.phone.number, { business: { verifiedName: 'Shop' } });
        return world.session.sessionId;
      },
      async seen(input, data) {
        expect(data).toMatchObject({ business: input });
        expect((await own()).business).toMatchObject({ ...input, verifiedName: 'Shop' });
        await world.system.sandbox.updatePhone(world.session.phone.number, { business: null });
      },
    },
  };
}
