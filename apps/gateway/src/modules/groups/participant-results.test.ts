import type { Identity } from '@wa-gate/contracts';
import { expect, it } from 'vitest';
import { participantResult } from './participant-results.ts';

const ANN = { jid: '15550001@s.whatsapp.net' } as Identity;

it.each([
  [200, 'done'],
  [403, 'invitation_needed'],
  [409, 'already'],
  [421, 'approval_pending'],
  [499, 'refused'],
] as const)('somebody of whom WhatsApp says %i when they are added: %s (MR-014)', (code, result) => {
  const told = participantResult('add', ANN, { jid: ANN.jid!, code });
  expect(told).toMatchObject({ jid: ANN.jid, result, wa: code, invitation: null });
  expect(told.sentence).toMatch(/\.$/);
});
