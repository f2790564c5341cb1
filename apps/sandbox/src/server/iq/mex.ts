import { unixSeconds } from '../../clock.ts';
import type { Fault } from '../../faults/faults.ts';
import { child, node } from '../../wire/node.ts';
import { answer, type IqRequest, refuseIq, wordOf } from './answer.ts';
import { channelData, MexRefusal } from './channel-queries.ts';

/** The supported GraphQL queries, by their ids at WhatsApp: whether the account may begin new chats, and how many. */
const REACHOUT_TIMELOCK_QUERY = '23983697327930364';
const MESSAGE_CAPPING_QUERY = '24503548349331633';

export function handleMexIq(request: IqRequest): void {
  const { context, connection, iq, query } = request;
  const queryId = child(iq, 'query')?.attrs.query_id;
  const data = queryId === undefined ? undefined : (dataFor(request, queryId) ?? channelData(request, queryId));
  if (data instanceof MexRefusal) {
    refuse(request, data.code, data.message);
    return;
  }
  if (!data) {
    context.recorder.unknownStanza(`iq w:mex ${queryId ?? query?.tag ?? ''}`);
    refuseIq(connection, iq, 400, 'bad-request');
    return;
  }
  answer(connection, iq, [node('result', {}, Buffer.from(JSON.stringify({ data })))]);
}

/** A refusal is an error of GraphQL. */
export const refuseMexIq = (request: IqRequest, code: number): void => refuse(request, code, wordOf(code));

function refuse({ connection, iq }: IqRequest, code: number, message: string): void {
  const errors = [{ message, extensions: { error_code: code, severity: 'CRITICAL' } }];
  answer(connection, iq, [node('result', {}, Buffer.from(JSON.stringify({ data: null, errors })))]);
}

function dataFor({ context: { faults }, companion }: IqRequest, queryId: string): Record<string, unknown> | undefined {
  switch (queryId) {
    case REACHOUT_TIMELOCK_QUERY: {
      const ends = faults.find('time-lock', companion.key)?.timeEnforcementEnds ?? 0;
      return { xwa2_fetch_account_reachout_timelock: timeLockState(ends) };
    }
    case MESSAGE_CAPPING_QUERY:
      return { xwa2_message_capping_info: cappingState(faults.find('capping', companion.key)) };
    default:
      return undefined;
  }
}

/** The restriction as clients get it. @param ends unix seconds; in the past: no restriction */
export function timeLockState(ends: number) {
  if (ends <= unixSeconds()) return { is_active: false };
  return { is_active: true, time_enforcement_ends: String(ends), enforcement_type: 'DEFAULT' };
}

const A_DAY = 86_400;

/** The cap on new chats as clients get it; without a fault there is none. */
export function cappingState(fault: Fault | null) {
  const now = unixSeconds();
  const { status = 'NONE', total = 0, used = 0, cycleEnds = now + A_DAY } = fault?.capping ?? {};
  return {
    capping_status: status,
    total_quota: total,
    used_quota: used,
    cycle_start_timestamp: String(cycleEnds - A_DAY),
    cycle_end_timestamp: String(cycleEnds),
    server_sent_timestamp: String(now),
  };
}
