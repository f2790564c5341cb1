import type { CommandContext, Register } from '../command-context.ts';
import type { Finding } from '../doctor/check.ts';
import { checkDatabase } from '../doctor/database.ts';
import { checkDisk, checkNode, checkPermissions, checkPort, checkTools } from '../doctor/machine.ts';
import { checkGateway, checkMail, checkRedis } from '../doctor/services.ts';
import { type JsonOption, jsonOption, present } from './json-option.ts';

interface DoctorOptions extends JsonOption {
  strict?: boolean;
}

const DEFAULT_PORT = 8000;
const SIGNS: Record<Finding['state'], string> = { ok: 'ok', warning: 'WARN', problem: 'FAIL', skipped: '-' };

export const doctorCommand: Register = (program, run) => {
  program
    .command('doctor')
    .description(
      'look at every dependency, clock, version, permission, port and address, and say what to do. Exit code 1 when something is a problem',
    )
    .option('--strict', 'exit code 1 for warnings too')
    .addOption(jsonOption())
    .action((options: DoctorOptions) => run((context) => doctor(context, options)));
};

async function doctor(context: CommandContext, options: DoctorOptions): Promise<number> {
  const { env } = context;
  const [database, redis, gateway] = await Promise.all([
    checkDatabase(env),
    checkRedis(env.REDIS_URL),
    checkGateway(context),
  ]);
  const findings: Finding[] = [
    checkNode(),
    ...database.findings,
    ...redis,
    ...gateway.findings,
    // With an address the gateway is elsewhere, or behind something.
    ...(env.WAG_API_URL ? [] : [await checkPort(Number(env.PORT || DEFAULT_PORT), gateway.answers)]),
    await checkMail(env),
    checkPermissions(env),
    await checkDisk(env.DATA_DIR || process.cwd()),
    await checkTools(env, database.major),
  ];
  const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length;
  present(context, options, { problems: count('problem'), warnings: count('warning'), findings }, () =>
    [...findings.map(line), '', `${count('problem')} problems, ${count('warning')} warnings.`].join('\n'),
  );
  return count('problem') > 0 || (options.strict === true && count('warning') > 0) ? 1 : 0;
}

const line = ({ check, state, found, advice }: Finding): string =>
  `${SIGNS[state].padEnd(5)} ${check.padEnd(15)} ${found}${advice ? `\n${' '.repeat(22)}-> ${advice}` : ''}`;
