import type { Worker } from '@wa-gate/contracts';
import { createLogger, createRedis } from '@wa-gate/kit';
import { apiUrlOf, type CommandContext } from '../command-context.ts';
import { CommandError } from '../errors.ts';
import { type Finding, ok, problem, skipped, warning } from './check.ts';
import { checkReachable } from './machine.ts';

const OLDEST_REDIS = [6, 2] as const;
const CLOCK_WARN_MS = 5_000;

export async function checkRedis(url: string | undefined): Promise<Finding[]> {
  if (!url) return [skipped('Redis', 'no REDIS_URL')];
  if (!URL.canParse(url)) return [problem('Redis', 'REDIS_URL is not a URL', 'It looks like redis://host:6379.')];
  const redis = createRedis({ url, logger: createLogger({ service: 'wag', level: 'silent' }), name: 'wag-cli' });
  try {
    await redis.connect();
    const began = performance.now();
    await redis.ping();
    const tookMs = performance.now() - began;
    const info = await redis.info();
    const version = /redis_version:(\S+)/.exec(info)?.[1] ?? '?';
    const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1] ?? 'noeviction';
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const isOld = major < OLDEST_REDIS[0] || (major === OLDEST_REDIS[0] && minor < OLDEST_REDIS[1]);
    const found = `version ${version} answers in ${tookMs.toFixed(1)} ms`;
    const findings = [
      isOld ? problem('Redis', found, `Upgrade to ${OLDEST_REDIS.join('.')} or newer.`) : ok('Redis', found),
    ];
    if (policy !== 'noeviction') {
      findings.push(
        warning(
          'Redis memory',
          `maxmemory-policy = ${policy}`,
          'Set it to noeviction: it would drop counters of limits and doorbells.',
        ),
      );
    }
    return findings;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return [
      problem(
        'Redis',
        `no answer at ${new URL(url).host} (${reason})`,
        'Check REDIS_URL and that it runs. Without it everything works, slower.',
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

interface Health {
  status: string;
  version: string;
}

/** The gateway, and what it says of the workers. `answers`: something of ours listens there. */
export async function checkGateway(context: CommandContext): Promise<{ findings: Finding[]; answers: boolean }> {
  const url = apiUrlOf(context.env);
  const began = Date.now();
  let answer: { body: Health; date: Date | null };
  try {
    const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(10_000) });
    const date = response.headers.get('date');
    answer = { body: (await response.json()) as Health, date: date === null ? null : new Date(date) };
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    const found = `no answer at ${url} (${cause?.code ?? message})`;
    return {
      findings: [problem('gateway', found, 'Start it, or name another address in WAG_API_URL.')],
      answers: false,
    };
  }
  const { status, version } = answer.body;
  const found = `${status}, version ${version} at ${url}`;
  const findings = [
    status === 'healthy'
      ? ok('gateway', found)
      : (status === 'degraded' ? warning : problem)(
          'gateway',
          found,
          'GET /api/health says which dependency it misses.',
        ),
  ];
  const offMs = answer.date ? answer.date.getTime() - (began + Date.now()) / 2 : 0;
  if (Math.abs(offMs) > CLOCK_WARN_MS) {
    findings.push(
      warning('gateway clock', `${Math.round(offMs / 1000)} s off this machine`, 'Run an NTP client on both.'),
    );
  }
  return { findings: [...findings, ...(await checkWorkers(context))], answers: true };
}

async function checkWorkers(context: CommandContext): Promise<Finding[]> {
  try {
    const { workers } = await (await context.api()).get<{ workers: Worker[] }>('/api/admin/workers');
    if (workers.length === 0) {
      return [
        problem('workers', 'none is registered', 'Start one with GATEWAY_URL and WORKER_AUTH_TOKEN of this gateway.'),
      ];
    }
    const offline = workers.filter(({ status }) => status === 'offline');
    const online = workers.filter(({ status }) => status === 'online');
    const full = online.every(({ sessionCount, maxSessions }) => sessionCount >= maxSessions);
    const findings = [
      offline.length > 0
        ? problem(
            'workers',
            `${offline.map(({ id }) => id).join(', ')} offline`,
            'Start them again, or remove them: DELETE /api/admin/workers/{id}.',
          )
        : ok('workers', `${online.length} of ${workers.length} online`),
    ];
    if (online.length > 0 && full) {
      findings.push(warning('room', 'every worker is full', 'Add a worker, or raise MAX_SESSIONS: new sessions wait.'));
    }
    const isLive = workers.some(({ network }) => network === 'live');
    if (isLive) {
      findings.push(
        await checkReachable(
          'WhatsApp',
          'web.whatsapp.com',
          443,
          'Workers of the network live need to reach it: open the firewall, or set a proxy.',
        ),
      );
    }
    return findings;
  } catch (error) {
    // Without the database no key can be made; its own finding says what is wrong.
    if (!(error instanceof CommandError)) return [skipped('workers', `no API key (${(error as Error).message})`)];
    return [problem('API key', error.message, 'wag keys create --scope admin makes one.')];
  }
}

export async function checkMail({ SMTP_HOST, SMTP_PORT }: NodeJS.ProcessEnv): Promise<Finding> {
  if (!SMTP_HOST) return skipped('mail', 'no SMTP_HOST');
  return checkReachable(
    'mail',
    SMTP_HOST,
    Number(SMTP_PORT || 587),
    'Check SMTP_HOST and SMTP_PORT: mails wait until then.',
  );
}
