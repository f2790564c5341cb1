import { parseArgs } from 'node:util';

export interface UploadOptions {
  files: number;
  /** Bytes of each. */
  size: number;
  rounds: number;
  /** Sessions of the worker that send the files. */
  senders: number;
  /** Sessions that send texts, alone and meanwhile. */
  writers: number;
  /** Seconds for which texts are sent alone. */
  seconds: number;
}

const MB = 1_048_576;

/** @throws for numbers that measure nothing */
export function readOptions(args: readonly string[]): UploadOptions {
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== '--'),
    options: {
      files: { type: 'string', default: '50' },
      mb: { type: 'string', default: '16' },
      rounds: { type: 'string', default: '2' },
      senders: { type: 'string', default: '4' },
      writers: { type: 'string', default: '4' },
      seconds: { type: 'string', default: '10' },
    },
  });
  const [files, mb, rounds, senders, writers, seconds] = [
    values.files,
    values.mb,
    values.rounds,
    values.senders,
    values.writers,
    values.seconds,
  ].map(Number) as [number, number, number, number, number, number];
  if (!(files >= 1 && mb > 0 && rounds >= 1 && senders >= 1 && writers >= 1 && seconds >= 1))
    throw new Error('--files, --mb, --rounds, --senders, --writers and --seconds must be positive');
  return { files, size: Math.round(mb * MB), rounds, senders, writers, seconds };
}
