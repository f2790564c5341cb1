import type { AdminSession, Overview, Worker } from '@wa-gate/contracts';
import type { CommandContext, Register } from '../command-context.ts';
import { CommandError, UsageError } from '../errors.ts';
import { age, fields, table } from '../output.ts';
import { type JsonOption, jsonOption, present } from './json-option.ts';

interface Health {
  status: string;
  version: string;
  services: Record<string, string>;
  metrics: { uptime: number };
}

interface SessionOptions extends JsonOption {
  status?: string;
  worker?: string;
  search?: string;
}

interface DrainOptions extends JsonOption {
  wait?: string;
}

const PAGE = 100;
const POLL_MS = 1_000;
const percent = (value: number) => `${Math.round(value)} %`;

export const fleetCommands: Register = (program, run) => {
  program
    .command('status')
    .description('the installation at a glance; exit code 1 when it is not healthy')
    .addOption(jsonOption())
    .action((options: JsonOption) => run((context) => status(context, options)));
  program
    .command('workers')
    .description('all workers, with their load')
    .addOption(jsonOption())
    .action((options: JsonOption) =>
      run(async (context) => {
        const { workers } = await (await context.api()).get<{ workers: Worker[] }>('/api/admin/workers');
        present(context, options, workers, () => workersTable(workers));
      }),
    );
  program
    .command('sessions')
    .description('sessions of all workspaces')
    .option('--status <status>', 'only these, such as connected')
    .option('--worker <id>', 'only those of this worker')
    .option('--search <text>', 'part of the id, the name, the number or the address of the owner')
    .addOption(jsonOption())
    .action((options: SessionOptions) =>
      run(async (context) => {
        const sessions = await readSessions(context, options);
        present(context, options, sessions, () => sessionsTable(sessions));
      }),
    );
  program
    .command('drain <worker>')
    .description('hand the sessions of a worker over to the others, and place nothing new on it')
    .option('--wait <seconds>', 'wait until it has none left; exit code 1 when it still has some')
    .addOption(jsonOption())
    .action((worker: string, options: DrainOptions) => run((context) => drain(context, worker, options)));
  program
    .command('uncordon <worker>')
    .description('use a worker again, after drain')
    .addOption(jsonOption())
    .action((worker: string, options: JsonOption) =>
      run(async (context) => {
        const changed = await act(context, worker, 'uncordon');
        present(context, options, changed, () => `Worker ${worker} takes sessions again.`);
      }),
    );
};

async function status(context: CommandContext, options: JsonOption): Promise<number> {
  const api = await context.api();
  const health = await api.plain<Health>('/api/health');
  const overview = await api.get<Overview>('/api/admin/analytics');
  const { services, version, metrics } = health.body;
  present(context, options, { gateway: api.baseUrl, health: health.body, ...overview }, () =>
    fields([
      [
        'gateway',
        `${api.baseUrl}, ${health.body.status}, version ${version}, up ${age(new Date(Date.now() - metrics.uptime * 1000))}`,
      ],
      [
        'services',
        Object.entries(services)
          .map(([name, state]) => `${name} ${state}`)
          .join(', '),
      ],
      ['workers', counted(overview.workers, ['online', 'offline', 'maintenance', 'pending'])],
      ['load', `CPU ${percent(overview.workers.avgCpuUsage)}, memory ${percent(overview.workers.avgMemoryUsage)}`],
      ['sessions', counted(overview.sessions, ['connected', 'disconnected'])],
      ['messages', overview.overview.totalMessages],
      ['users', overview.overview.totalUsers],
    ]),
  );
  return health.body.status === 'unhealthy' ? 1 : 0;
}

const counted = <Name extends string>(counts: Record<Name, number>, names: readonly Name[]): string =>
  names.map((name) => `${counts[name]} ${name}`).join(', ');

const workersTable = (workers: readonly Worker[]): string =>
  workers.length === 0
    ? 'There is no worker.'
    : table<Worker>(
        [
          { title: 'worker', value: ({ id }) => id },
          { title: 'status', value: ({ status, state }) => (status === state ? status : `${status} (${state})`) },
          { title: 'network', value: ({ network }) => network },
          {
            title: 'sessions',
            value: ({ sessionCount, maxSessions }) => `${sessionCount}/${maxSessions}`,
            align: 'right',
          },
          { title: 'cpu', value: ({ cpuUsage }) => percent(cpuUsage), align: 'right' },
          { title: 'memory', value: ({ memoryUsage }) => percent(memoryUsage), align: 'right' },
          { title: 'heartbeat', value: ({ lastHeartbeat }) => age(lastHeartbeat), align: 'right' },
          { title: 'endpoint', value: ({ endpoint }) => endpoint },
        ],
        workers,
      );

const sessionsTable = (sessions: readonly AdminSession[]): string =>
  sessions.length === 0
    ? 'There is no such session.'
    : table<AdminSession>(
        [
          { title: 'session', value: ({ sessionId }) => sessionId },
          { title: 'status', value: ({ status, state }) => (status === state ? status : `${status} (${state})`) },
          { title: 'number', value: ({ phoneNumber }) => phoneNumber },
          { title: 'worker', value: ({ workerId }) => workerId },
          { title: 'owner', value: ({ owner }) => owner.email },
          { title: 'seen', value: ({ lastSeenAt }) => age(lastSeenAt), align: 'right' },
          { title: 'id', value: ({ id }) => id },
        ],
        sessions,
      );

async function readSessions(context: CommandContext, { status: wanted, worker, search }: SessionOptions) {
  const api = await context.api();
  const sessions: AdminSession[] = [];
  for (let page = 1; ; page += 1) {
    const query = new URLSearchParams({
      page: String(page),
      limit: String(PAGE),
      ...(wanted && { status: wanted }),
      ...(worker && { worker }),
      ...(search && { search }),
    });
    const found = await api.get<{ sessions: AdminSession[] }>(`/api/admin/sessions?${query.toString()}`);
    sessions.push(...found.sessions);
    if (found.sessions.length < PAGE) return sessions;
  }
}

async function act(context: CommandContext, worker: string, action: 'drain' | 'uncordon'): Promise<Worker> {
  const path = `/api/admin/workers/${encodeURIComponent(worker)}/${action}`;
  return (await context.api()).post<Worker>(path);
}

async function findWorker(context: CommandContext, id: string): Promise<Worker> {
  const { workers } = await (await context.api()).get<{ workers: Worker[] }>('/api/admin/workers');
  const worker = workers.find((one) => one.id === id);
  if (!worker) throw new CommandError(`There is no worker ${id}. \`wag workers\` lists them.`);
  return worker;
}

async function drain(context: CommandContext, id: string, options: DrainOptions): Promise<number> {
  const waitMs = Number(options.wait ?? 0) * 1000;
  if (!(waitMs >= 0)) throw new UsageError('--wait takes a number of seconds.');
  await act(context, id, 'drain');
  const deadline = performance.now() + waitMs;
  let worker = await findWorker(context, id);
  while (worker.sessionCount > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    worker = await findWorker(context, id);
  }
  const left = worker.sessionCount;
  present(context, options, worker, () =>
    left === 0
      ? `Worker ${id} is drained: it has no session, and gets none.`
      : `Worker ${id} drains: ${left} sessions are left. They leave while other workers have room.`,
  );
  return options.wait !== undefined && left > 0 ? 1 : 0;
}
