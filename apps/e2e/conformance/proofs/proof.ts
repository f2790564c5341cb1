import type { InputOf, OperationName } from '@wa-gate/contracts';
import type { PairedSession, Tenant } from '../../harness/pair-session.ts';
import type { Phone } from '../../harness/sandbox-client.ts';
import type { System } from '../../harness/system.ts';

/** How the effect of an operation is checked, and on which session it is called. */
export interface Proof<N extends OperationName> {
  /** @default the linked one */
  on?: () => Promise<string>;
  /** Parameters of the path after the session, where they are not the input. */
  params?: (input: InputOf<N>) => Promise<Record<string, string>>;
  /** The query, where it is not the input. */
  query?: (input: InputOf<N>) => Record<string, string>;
  /** The body, where it is not the input. */
  body?: (input: InputOf<N>) => Promise<Record<string, unknown>>;
  seen(input: InputOf<N>, data: unknown, sessionId: string): Promise<unknown>;
}

/** The proofs of one area, such as `presence`. */
export type Proofs<Area extends string> = { [N in Extract<OperationName, `${Area}.${string}`>]: Proof<N> };

/** What the proofs act on. It is there when the tests begin. */
export interface ProofWorld {
  readonly system: System;
  readonly tenant: Tenant;
  /** Linked to `session.phone`. */
  readonly session: PairedSession;
  /** The phone of somebody else. */
  readonly friend: Phone;
}
