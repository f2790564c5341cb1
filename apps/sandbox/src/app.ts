import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, type Logger } from '@wa-gate/kit';
import { Channels } from './accounts/channel.ts';
import { Directory } from './accounts/directory.ts';
import { type Addressing, Groups } from './accounts/group.ts';
import { ControlServer, reachable } from './control/server.ts';
import { Faults } from './faults/faults.ts';
import { Phones } from './phone/phones.ts';
import { DEFAULT_RECORDER_LIMITS, Recorder, type RecorderLimits } from './recorder/recorder.ts';
import type { ServerBase } from './server/base.ts';
import { Calls } from './server/calls.ts';
import { covers, createTlsIdentity, issueServerCertificate, type TlsIdentity } from './server/certificate-authority.ts';
import { ChannelActions } from './server/channel-actions.ts';
import { ClientVersions } from './server/client-versions.ts';
import type { Connection } from './server/connection.ts';
import type { ServerContext } from './server/context.ts';
import { Delivery } from './server/delivery.ts';
import { GroupActions } from './server/group-actions.ts';
import { TlsListener } from './server/listener.ts';
import type { ServerOptions } from './server/options.ts';
import { Pairing } from './server/pairing.ts';
import { createServerPort } from './server/port.ts';
import { Presence } from './server/presence.ts';
import { Router } from './server/router.ts';
import { Scheduler } from './server/scheduler.ts';
import { generateKeyPair, type KeyPair, keyPairFromPrivate } from './signal/curve.ts';
import { lockDirectory } from './store/directory-lock.ts';
import { FileJournal, type Journal, MemoryJournal } from './store/journal.ts';
import { MediaStore } from './store/media-store.ts';
import { makeCertChain } from './wire/certificate.ts';

export interface SandboxOptions {
  /** Address both listeners bind to. @default 127.0.0.1 */
  host?: string;
  /**
   * The names or addresses in the certificate. The first one is in the URLs; clients that connect to another one are
   * told that as the media host. @default that of `host`
   */
  publicHosts?: readonly string[] | undefined;
  /** Port of the control API. @default 0, a free one */
  port?: number;
  /** Port of the TLS listener. @default 0, a free one */
  wsPort?: number;
  /** The directory of stored state. @default none: `stop` drops everything */
  dataDir?: string | undefined;
  /** Bearer token of the control API. @default none */
  token?: string | undefined;
  /** Whether new phones decrypt messages. @default true */
  decrypt?: boolean;
  /** Messages kept per phone. @default 10000 */
  inboxLimit?: number;
  /** Addressing of groups that companions create. @default lid */
  groupAddressing?: Addressing;
  /** Creates a phone for every number that a client looks up. @default false: it is not on WhatsApp */
  autoCreatePhones?: boolean;
  /** Let a new companion upload 5 one-time prekeys instead of 812: linking takes a third of the time. @default false */
  fewPreKeys?: boolean;
  /** Milliseconds that each stanza takes in each direction. @default 0 */
  latencyMs?: number;
  /** Send backlogs in batches, as the real server does. @default false */
  offlineBatches?: boolean;
  /** Compile all schemas of the control API before it answers, not each at its first use. @default false */
  compileAtStart?: boolean;
  recorder?: Partial<RecorderLimits>;
  log?: Logger;
}

/** A WhatsApp server in this process. Start it, connect Baileys to `wsUrl` with `caPem`, and drive phones at `url`. */
export interface Sandbox {
  readonly url: string;
  readonly wsUrl: string;
  /** `host:port` of the media host. */
  readonly mediaHost: string;
  /** The private CA that clients must trust. */
  readonly caPem: string;
  /** Noise root that clients should pin (`WA_CERT_DETAILS.PUBLIC_KEY`). */
  readonly noiseRoot: Buffer;
  readonly context: ServerContext;
  stop(): Promise<void>;
}

/** Starts a sandbox in this process. The error for a port in use names the port. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', dataDir, log = createLogger({ service: 'sandbox', level: 'silent' }) } = options;
  const unlock = dataDir === undefined ? () => {} : lockDirectory(dataDir);
  try {
    return await openSandbox(options, host, log, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function openSandbox(options: SandboxOptions, host: string, log: Logger, unlock: () => void): Promise<Sandbox> {
  const { dataDir, publicHosts = [reachable(host)] } = options;
  const journal: Journal = dataDir === undefined ? new MemoryJournal() : new FileJournal(dataDir);
  const noise = loadNoiseKeys(journal);
  const identity = await loadTlsIdentity(journal, publicHosts);
  if (dataDir !== undefined) writeFileSync(join(dataDir, 'ca.pem'), identity.caPem);
  const media = await MediaStore.open(dataDir ?? null);
  const context = buildContext({ options, journal, media, log, noise });
  context.directory.load();
  context.groups.load();
  context.channels.load();

  const listener = new TlsListener(context, identity);
  const control = new ControlServer(context, {
    token: options.token,
    caPem: identity.caPem,
    noiseRoot: noise.root.publicKey,
    compileAtStart: options.compileAtStart ?? false,
  });
  try {
    const wsPort = await named('TLS listener', host, options.wsPort ?? 0, (port) => listener.listen(host, port));
    context.mediaHost = `${publicHosts[0]}:${wsPort}`;
    const url = await named('control API', host, options.port ?? 0, (port) => control.listen(host, port));
    context.phones.resume();
    let stopped: Promise<void> | null = null;
    const stop = async () => {
      context.scheduler.clear({ stop: true });
      await Promise.all([control.close(), listener.close()]);
      journal.close();
      media.close();
      unlock();
    };
    return {
      url,
      wsUrl: `wss://${context.mediaHost}/ws/chat`,
      mediaHost: context.mediaHost,
      caPem: identity.caPem,
      noiseRoot: noise.root.publicKey,
      context,
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    await Promise.allSettled([control.close(), listener.close()]);
    journal.close();
    media.close();
    throw error;
  }
}

interface ServerKeys {
  root: KeyPair;
  staticKey: KeyPair;
}

function buildContext(parts: {
  options: SandboxOptions;
  journal: Journal;
  media: MediaStore;
  log: Logger;
  noise: ServerKeys;
}): ServerContext {
  const { options, journal, media, log, noise } = parts;
  const recorder = new Recorder({ ...DEFAULT_RECORDER_LIMITS, ...options.recorder });
  const serverOptions: ServerOptions = {
    historyDelayMs: 20,
    offlineBatches: options.offlineBatches ?? false,
    groupAddressing: options.groupAddressing ?? 'lid',
    autoCreatePhones: options.autoCreatePhones ?? false,
    fewPreKeys: options.fewPreKeys ?? false,
    latencyMs: options.latencyMs ?? 0,
  };
  const directory = new Directory(journal);
  const groups = new Groups(journal, directory);
  const channels = new Channels(journal);
  const phones = new Phones({
    journal,
    recorder,
    log,
    media,
    directory,
    groups,
    inboxLimit: options.inboxLimit ?? 10_000,
    decrypt: options.decrypt ?? true,
    server: () => port,
  });
  const faults = new Faults();
  const scheduler = new Scheduler(recorder.cpu, log);
  const delivery = new Delivery({ recorder, faults, scheduler, phones, options: serverOptions });
  const base: ServerBase = {
    log,
    journal,
    directory,
    groups,
    channels,
    phones,
    media,
    recorder,
    faults,
    scheduler,
    delivery,
    spam: { detector: null },
    options: serverOptions,
    mediaHost: '',
  };
  const context: ServerContext = Object.assign(base, {
    router: new Router(base),
    clientVersions: new ClientVersions(),
    pairing: new Pairing(base),
    presence: new Presence(base),
    calls: new Calls(base),
    groupActions: new GroupActions(base),
    channelActions: new ChannelActions(base),
    connections: new Set<Connection>(),
    noise: { staticKey: noise.staticKey, certChain: makeCertChain(noise.root, noise.staticKey.publicKey) },
  });
  const port = createServerPort(context);
  return context;
}

/**
 * Loads or makes the root and static key of the handshake. They are stored, so that clients that pin the root survive a
 * restart.
 */
function loadNoiseKeys(journal: Journal): ServerKeys {
  const stored = journal.read('server/noise');
  const root = stored ? keyPairFromPrivate(stored.subarray(0, 32)) : generateKeyPair();
  const staticKey = stored ? keyPairFromPrivate(stored.subarray(32, 64)) : generateKeyPair();
  if (!stored) journal.touch('server/noise', () => Buffer.concat([root.privateKey, staticKey.privateKey]));
  return { root, staticKey };
}

/** Loads or makes the CA. The server certificate is made anew when it does not fit the host. */
async function loadTlsIdentity(journal: Journal, hosts: readonly string[]): Promise<TlsIdentity> {
  const stored = journal.read('server/tls');
  const known = stored ? (JSON.parse(stored.toString('utf8')) as TlsIdentity) : null;
  if (known && covers(known, hosts)) return known;
  const identity = known ? await issueServerCertificate(known, hosts) : await createTlsIdentity(hosts);
  journal.touch('server/tls', () => Buffer.from(JSON.stringify(identity)));
  journal.flush();
  return identity;
}

/** Names the listener in the error for a port in use. */
async function named<T>(what: string, host: string, port: number, listen: (port: number) => Promise<T>): Promise<T> {
  try {
    return await listen(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(
      `The ${what} cannot listen on ${host}:${port}: the port is taken. Choose another or 0 for a free one.`,
      {
        cause: error,
      },
    );
  }
}
