import { DEFAULT_TIMING } from '@wa-gate/cluster';
import { hintsOf, publishDeliveries, publishHints } from '@wa-gate/messaging';
import { type Config, durationSeconds } from '../config.ts';
import { createNoticeLoop } from '../jobs/notices/index.ts';
import type { MailQueue } from '../modules/mail/index.ts';
import { createNoticesService, type NoticesService } from '../modules/notices/index.ts';
import type { Background, Resources } from './resources.ts';

/** What people read and set about notices. */
export function composeNotices({ pool }: Resources, config: Config, mail: MailQueue): { notices: NoticesService } {
  return {
    notices: createNoticesService({
      pool,
      isMailOn: mail.isOn,
      defaultDelaySeconds: durationSeconds(config.NOTICE_DELAY),
      publicUrl: config.PUBLIC_URL,
    }),
  };
}

/** The observation of incidents, in a process that runs jobs. */
export function composeNoticeLoop(
  { pool, redis, clock, logger }: Resources,
  config: Config,
  mail: MailQueue,
): { background: Background } {
  return {
    background: createNoticeLoop({
      pool,
      mail,
      clock,
      logger,
      announce(appended) {
        const hints = hintsOf(appended);
        publishHints(redis, hints);
        publishDeliveries(redis, hints);
      },
      delaySeconds: durationSeconds(config.NOTICE_DELAY),
      publicUrl: config.PUBLIC_URL,
      takeoverGraceMs: DEFAULT_TIMING.takeoverGraceMs,
    }),
  };
}
