import type { OperationName } from '@wa-gate/contracts';
import { channelProofs } from './channels.ts';
import { chatProofs } from './chats.ts';
import { contactProofs } from './contacts.ts';
import { groupProofs } from './groups.ts';
import { labelProofs } from './labels.ts';
import { messageProofs } from './messages.ts';
import { peopleProofs } from './people.ts';
import { presenceProofs } from './presence.ts';
import type { Proof, ProofWorld } from './proof.ts';
import { sessionProofs } from './sessions.ts';

/** Does not compile while an operation has no proof. */
export const proofsOf = (world: ProofWorld): { [N in OperationName]: Proof<N> } => ({
  ...sessionProofs(world),
  ...channelProofs(world),
  ...chatProofs(world),
  ...contactProofs(world),
  ...groupProofs(world),
  ...labelProofs(world),
  ...messageProofs(world),
  ...peopleProofs(world),
  ...presenceProofs(world),
});

export type { Proof, ProofWorld } from './proof.ts';
