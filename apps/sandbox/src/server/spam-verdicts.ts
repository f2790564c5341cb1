import type { Account } from '../accounts/account.ts';
import type { FaultRequest } from '../faults/faults.ts';
import type { Verdict } from '../spam/detector.ts';
import type { ServerBase } from './base.ts';
import { cancelFault, injectFault } from './fault-actions.ts';

const seconds = (ms: number): number => Math.ceil(ms / 1_000);

/** Does to an account what the spam detector says, in the way in which faults do it: the companions are told. */
export function applyVerdict(context: ServerBase, { number: phone }: Account, verdict: Verdict): void {
  // Not inside of the reading of the message: a ban ends the connection that it came on.
  context.scheduler.later(0, () => {
    const request = requestOf(phone, verdict);
    const same = context.faults.list().filter((fault) => fault.kind === request.kind && fault.phone === phone);
    for (const { id } of same) cancelFault(context, id);
    injectFault(context, request);
  });
}

function requestOf(phone: string, verdict: Verdict): FaultRequest {
  switch (verdict.kind) {
    case 'warning':
    case 'cap': {
      const { used, total, until } = verdict;
      const status = verdict.kind === 'cap' ? 'CAPPED' : verdict.status;
      return { kind: 'capping', phone, capping: { status, used, total, cycleEnds: seconds(until) } };
    }
    case 'time-lock':
      return { kind: 'time-lock', phone, timeEnforcementEnds: seconds(verdict.until) };
    case 'ban':
      return { kind: 'ban', phone };
  }
}
