import { DEFAULT_TIMING } from '@wa-gate/cluster';
import { type Config, durationSeconds } from '../config.ts';
import { createNoticeLoop } from '../jobs/notices/index.ts';
import type { MailQueue } from '../modules/mail/index.ts';
import { createNoticesService, type NoticesService } from '../modules/notices/index.ts';
import { announcerOf } from './announcer.ts';
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
export function composeNoticeLoop(resources: Resources, config: Config, mail: MailQueue): { background: Background } {
  const { pool, clock, logger } = resources;
  return {
    background: createNoticeLoop({
      pool,
      mail,
      clock,
      logger,
      announce: announcerOf(resources),
      delaySeconds: durationSeconds(config.NOTICE_DELAY),
      publicUrl: config.PUBLIC_URL,
      takeoverGraceMs: DEFAULT_TIMING.takeoverGraceMs,
    }),
  };
}
