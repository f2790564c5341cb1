import { randomBytes } from 'node:crypto';
import { createSecretBox } from '@wa-gate/kit';
import { expect, it } from 'vitest';
import { createStreamTickets, TICKET_BOX } from './stream-tickets.ts';

const key = randomBytes(32);
const CREDENTIAL = { kind: 'key', value: 'wag_live_abc', place: 'header' } as const;

it('a ticket stands for its credential until it expires, and says nothing of it (MR-152)', () => {
  let now = 1_000_000;
  const tickets = createStreamTickets(createSecretBox([key], TICKET_BOX), () => now);
  const { ticket, expiresAt } = tickets.issue(CREDENTIAL, { sessionId: 'a' }, 60);
  expect(expiresAt.getTime()).toBe(1_060_000);
  expect(Buffer.from(ticket, 'base64url').includes('wag_live')).toBe(false);
  now += 59_999;
  expect(tickets.open(ticket)).toEqual({ credential: CREDENTIAL, grant: { sessionId: 'a' } });
  now += 1;
  expect(() => tickets.open(ticket)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
});

it('what is no ticket of this installation is refused', () => {
  const tickets = createStreamTickets(createSecretBox([key], TICKET_BOX));
  const foreign = createStreamTickets(createSecretBox([randomBytes(32)], TICKET_BOX)).issue(CREDENTIAL, {}, 60).ticket;
  const sealedForElse = createSecretBox([key], 'webhook-secrets')
    .seal(Buffer.from('{}'), 'ticket')
    .toString('base64url');
  for (const ticket of ['', 'x', foreign, sealedForElse]) {
    expect(() => tickets.open(ticket)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  }
});
