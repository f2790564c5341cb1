import { unixSeconds } from '../../clock.ts';
import { child, node } from '../../wire/node.ts';
import { answer, type IqRequest, refuseIq } from './iq.ts';

/** The only GraphQL query that the sandbox knows: whether the account may write to new people. */
const REACHOUT_TIMELOCK_QUERY = '23983697327930364';

export function handleMexIq({ context, connection, companion, iq, query }: IqRequest): void {
  const queryId = child(iq, 'query')?.attrs.query_id;
  if (queryId !== REACHOUT_TIMELOCK_QUERY) {
    context.recorder.unknownStanza(`iq w:mex ${queryId ?? query?.tag ?? ''}`);
    refuseIq(connection, iq, 400, 'bad-request');
    return;
  }
  const ends = context.faults.find('time-lock', companion.key)?.timeEnforcementEnds ?? 0;
  const state = timeLockState(ends);
  const body = JSON.stringify({ data: { xwa2_fetch_account_reachout_timelock: state } });
  answer(connection, iq, [node('result', {}, Buffer.from(body))]);
}

/** The restriction as clients are told about it. @param ends unix seconds; in the past: no restriction */
export function timeLockState(ends: number) {
  if (ends <= unixSeconds()) return { is_active: false };
  return { is_active: true, time_enforcement_ends: String(ends), enforcement_type: 'DEFAULT' };
}
