import { expect, test } from 'vitest';
import { partsOf, StatusParts } from './status-parts.ts';

test('an audience is cut into parts that have everybody once, in order', () => {
  const audience = Array.from({ length: 1_201 }, (_, index) => `${index}@s.whatsapp.net`);
  const parts = partsOf(audience);
  expect(parts.map(({ length }) => length)).toEqual([500, 500, 201]);
  expect(parts.flat()).toEqual(audience);
});

const ID = 'ID1';
const LISTS = [['own', 'a', 'b'], ['c', 'd'], ['e']];

/** Sends in parts, and answers each part as WhatsApp does. Resolves with the parts that left and what was told. */
async function sendInParts(answers: readonly (string | undefined)[]) {
  const parts = new StatusParts();
  const sent: string[][] = [];
  const told: unknown[] = [];
  await parts.send(ID, LISTS, async (people) => {
    const error = answers[sent.length];
    sent.push(people);
    // It can come before the relay resolves.
    told.push(parts.read(error === undefined ? { waMessageId: ID } : { waMessageId: ID, error }));
  });
  return { sent, told: told.filter((ack) => ack !== null) };
}

test('a message whose parts are all accepted is accepted once, with the last of them', async () => {
  expect(await sendInParts([undefined, undefined, undefined])).toEqual({ sent: LISTS, told: [{ waMessageId: ID }] });
});

test('of a message whose first part is refused nothing else leaves, and it is refused (MR-011)', async () => {
  expect(await sendInParts(['403'])).toEqual({ sent: LISTS.slice(0, 1), told: [{ waMessageId: ID, error: '403' }] });
});

test('a message whose later part is refused is sent to those of the parts before, and to nobody else', async () => {
  expect(await sendInParts([undefined, '403'])).toEqual({
    sent: LISTS.slice(0, 2),
    told: [{ waMessageId: ID, recipients: 2 }],
  });
});

test('a part waits for the answer to the one before, and no longer than the connection lasts', async () => {
  const parts = new StatusParts();
  let sent = 0;
  const sending = parts.send(ID, LISTS, async () => {
    sent += 1;
  });
  const failed = expect(sending).rejects.toThrow('The connection has ended.');
  await Promise.resolve();
  expect(sent).toBe(1);
  parts.close();
  await failed;
  expect(sent).toBe(1);
});

test('a message that goes out in one stanza has one acknowledgement', () => {
  expect(new StatusParts().read({ waMessageId: ID })).toEqual({ waMessageId: ID });
});
