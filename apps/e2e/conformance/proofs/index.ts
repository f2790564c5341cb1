import type { OperationName } from '@wa-gate/contracts';
import { channelProofs } from './channels.ts';
import { contactProofs } from './contacts.ts';
import { messageProofs } from './messages.ts';
import { peopleProofs } from './people.ts';
import { presenceProofs } from './presence.ts';
import type { Proof, ProofWorld } from './proof.ts';
import { sessionProofs } from './sessions.ts';

/** Does not compile while an operation has no proof. */
export const proofsOf = (world: ProofWorld): { [N in OperationName]: Proof<N> } => ({
  ...sessionProofs(world),
  ...channelProofs(world),
  ...contactProofs(world),
  ...messageProofs(world),
  ...peopleProofs(world),
  ...presenceProofs(world),
});

export type { Proof, ProofWorld } from './proof.ts';
