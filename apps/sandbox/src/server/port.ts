import type { ServerPort } from '../phone/server-port.ts';
import type { ServerContext } from './context.ts';
import { takeBundle } from './prekeys.ts';
import { sendPhoneReceipt } from './receipts.ts';
import { applyVerdict } from './spam-verdicts.ts';

/** Makes the server as phones use it. */
export function createServerPort(context: ServerContext): ServerPort {
  return {
    route: (envelope, copies) => context.router.route(envelope, copies),
    receipt: (receipt) => sendPhoneReceipt(context, receipt),
    bundle: (companion) => takeBundle(context, companion),
    deliver: (companion, stanza) => context.delivery.deliver(companion, stanza),
    shown(from, to, text) {
      const verdict = context.spam.detector?.wrote(from.number, to.number, text) ?? null;
      if (verdict) applyVerdict(context, from, verdict);
    },
    later: (ms, run) => context.scheduler.later(ms, run),
    failsToRead: (number) => !context.faults.idle && context.faults.take('unreadable', `${number}:0`) !== null,
    refusesFile(device) {
      const fault = context.faults.take('media-retry', device);
      return fault && (fault.answer ?? 'refused');
    },
    get mediaHost() {
      return context.mediaHost;
    },
  };
}
