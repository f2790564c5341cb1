import type { Register } from '../command-context.ts';
import { describeReencryption, reencrypt } from '../secrets/reencrypt.ts';

export const secretCommands: Register = (program, run) => {
  program
    .command('secrets')
    .description('the master key')
    .command('reencrypt')
    .description(
      'seal everything that is stored under the first key of WAG_MASTER_KEY, while everything runs; afterwards the other keys can be removed. To rotate: put the new key in front (new,old) everywhere, restart, run this',
    )
    .action(() =>
      run(async ({ database, masterKeys, say }) => {
        const keys = masterKeys();
        const report = await reencrypt(database(), keys);
        say(describeReencryption(report, keys.length));
        return report.left === 0 ? 0 : 1;
      }),
    );
};
