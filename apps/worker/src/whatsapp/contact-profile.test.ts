import { expect, it } from 'vitest';
import type { BinaryNode } from './baileys.ts';
import { askProfile, readBusiness } from './contact-profile.ts';
import { whatsAppCodeOf } from './errors.ts';

const JID = '15550001@s.whatsapp.net';
const node = (tag: string, content: NonNullable<BinaryNode['content']> = []): BinaryNode => ({
  tag,
  attrs: {},
  content,
});
const leaf = (tag: string, text: string) => node(tag, Buffer.from(text));
const answerOf = (...parts: BinaryNode[]) => node('iq', [node('business_profile', parts)]);

it('a business says what it is, with all its websites (MR-052)', () => {
  const profile = node('profile', [
    leaf('description', 'Flowers'),
    node('categories', [leaf('category', 'Shop')]),
    leaf('website', 'https://one.example'),
    leaf('website', 'https://two.example'),
    leaf('email', 'shop@example.test'),
  ]);
  expect(readBusiness(answerOf(profile))).toEqual({
    description: 'Flowers',
    category: 'Shop',
    email: 'shop@example.test',
    address: null,
    websites: ['https://one.example', 'https://two.example'],
  });
  expect(readBusiness(answerOf())).toBeNull();
});

/** As Baileys throws what WhatsApp has refused with. */
const refusal = (code: number) => Object.assign(new Error('refused'), { data: code, output: { statusCode: 500 } });
const socket = (picture: () => Promise<string | undefined>, business: BinaryNode | undefined = answerOf()) =>
  ({ profilePictureUrl: picture, query: async () => business }) as never;

it.each([401, 403, 404])('an account without a picture that it shows (%i) has none (MR-052)', async (code) => {
  const asked = askProfile(
    socket(() => Promise.reject(refusal(code))),
    JID,
  );
  expect(await asked).toEqual({ pictureUrl: null, business: null });
});

it('no answer is no "none": it is said, and nothing is stored (MR-052)', async () => {
  const silent = await askProfile(
    socket(async () => undefined),
    JID,
  ).catch((error: unknown) => error);
  expect(whatsAppCodeOf(silent)).toBe(408);
  const silentBusiness = { profilePictureUrl: async () => 'https://x', query: async () => undefined } as never;
  await expect(askProfile(silentBusiness, JID)).rejects.toThrow('business');
  await expect(
    askProfile(
      socket(() => Promise.reject(refusal(429))),
      JID,
    ),
  ).rejects.toThrow('refused');
});
