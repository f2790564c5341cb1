import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@wa-gate/testkit';
import { guardOrphan } from '../harness/orphan-guard.ts';
import { repositoryFile } from '../harness/repository.ts';
import { waitFor } from '../harness/wait-for.ts';
import { debianCopy } from './private-copy.ts';

export interface NginxOptions {
  /** A template of `deploy/nginx`, or `defaults`: `proxy_pass` and nothing else. */
  form: 'plain' | 'tls' | 'defaults';
  /** URLs of the gateways. */
  upstreams: readonly string[];
  basePath?: string;
  /** A folder with `fullchain.pem` and `privkey.pem`. */
  certificates?: string;
  /** @default 110m, as in compose.yaml */
  maxBody?: string;
}

export interface Nginx {
  url: string;
  tlsUrl: string;
  /** The folder below which challenges of certificate authorities are answered. */
  acme: string;
  log(): string;
  stop(): Promise<void>;
}

/** What nginx needs of its main file, when it runs as anybody and beside others. */
const main = (folder: string): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events { worker_connections 512; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  include conf.d/*.conf;
}
`;

const DEFAULTS = `
upstream wag_gateways { \${WAG_UPSTREAMS} }
server {
  listen \${WAG_LISTEN};
  location / { proxy_pass http://wag_gateways; }
}
`;

/** Fills a template as the nginx image does: names in `\${…}` that are among the variables. */
export const filled = (template: string, variables: Readonly<Record<string, string>>): string =>
  template.replace(/\$\{(\w+)\}/g, (text, name: string) => variables[name] ?? text);

/** The variables of a template. */
export const variablesOf = (template: string): string[] => [
  ...new Set([...template.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!)),
];

export const readTemplate = (name: string): Promise<string> =>
  readFile(repositoryFile(`deploy/nginx/${name}.template`), 'utf8');

/** Debian's nginx with the templates of `deploy/nginx`, on free ports. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { form, upstreams, basePath = '', certificates = '/nowhere', maxBody = '110m' } = options;
  const copy = await debianCopy('nginx', ['nginx-light']);
  const folder = await mkdtemp(join(tmpdir(), 'wa-gate-nginx-'));
  const acme = join(folder, 'acme');
  const [port, tlsPort] = [await freePort(), await freePort()];
  const variables = {
    WAG_LISTEN: `127.0.0.1:${port}`,
    WAG_LISTEN_TLS: `127.0.0.1:${tlsPort}`,
    WAG_SERVER_NAME: '_',
    WAG_UPSTREAMS: upstreams.map((url) => `server ${new URL(url).host} max_fails=2 fail_timeout=1s;`).join(' '),
    WAG_BASE_PATH: basePath,
    WAG_MAX_BODY: maxBody,
    WAG_CERTIFICATES: certificates,
    WAG_ACME: acme,
  };
  await mkdir(join(folder, 'conf.d'));
  await mkdir(join(acme, '.well-known/acme-challenge'), { recursive: true });
  await writeFile(join(folder, 'nginx.conf'), main(folder));
  const write = (name: string, template: string) =>
    writeFile(join(folder, 'conf.d', name), filled(template, variables));
  if (form === 'defaults') {
    await write('wa-gate.conf', DEFAULTS);
  } else {
    await write('wa-gate.conf', await readTemplate(`${form}.conf`));
    await write('locations.inc', await readTemplate('locations.inc'));
  }
  const child: ChildProcess = spawn(
    join(copy.home, 'usr/sbin/nginx'),
    ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')],
    { env: { LD_LIBRARY_PATH: copy.libraries }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  guardOrphan(child);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(`nginx ended:\n${log}`);
        await (await fetch(url)).arrayBuffer();
        return true;
      },
      { what: 'nginx', timeoutMs: 20_000 },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, tlsUrl: `https://127.0.0.1:${tlsPort}`, acme, log: () => log, stop };
}
