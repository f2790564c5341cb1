import { parseArgs } from 'node:util';

export interface UpgradeOptions {
  /** The commit of the version at the beginning. */
  from: string;
  /** A built checkout of that version. @default one is made of `from` */
  folder: string | undefined;
  sessions: number;
  workers: number;
  gateways: number;
  /** The target of accepted sends per second. */
  sendRate: number;
  /** Messages per second that phones send to the sessions. */
  receiveRate: number;
  /** Seconds between two steps. */
  calmSeconds: number;
  /** Folder that the output of the processes is copied to. */
  logs: string | undefined;
}

/** The version before: the last commit before the migration `message_storage`. */
const VERSION_BEFORE = '73024b0';

export function readOptions(args: readonly string[]): UpgradeOptions {
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== '--'),
    options: {
      from: { type: 'string', default: VERSION_BEFORE },
      folder: { type: 'string' },
      sessions: { type: 'string', default: '12' },
      workers: { type: 'string', default: '2' },
      gateways: { type: 'string', default: '2' },
      'send-rate': { type: 'string', default: '10' },
      'receive-rate': { type: 'string', default: '10' },
      calm: { type: 'string', default: '5' },
      logs: { type: 'string' },
    },
  });
  return {
    from: values.from,
    folder: values.folder,
    sessions: Number(values.sessions),
    workers: Number(values.workers),
    gateways: Number(values.gateways),
    sendRate: Number(values['send-rate']),
    receiveRate: Number(values['receive-rate']),
    calmSeconds: Number(values.calm),
    logs: values.logs,
  };
}
