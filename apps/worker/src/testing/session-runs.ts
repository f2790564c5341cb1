import type { Ownership } from '@wa-gate/cluster';
import { createLogger, newId, systemClock } from '@wa-gate/kit';
import { createTestDatabase, type TestDatabase, waitFor } from '@wa-gate/testkit';
import { ChatTimers } from '../chats/chat-timers.ts';
import { ContactFeed } from '../contacts/contact-feed.ts';
import { createProjector, type Projector } from '../inbox/projector.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { Acceptance } from '../whatsapp/acceptance.ts';
import { type AuthStore, openAuthStore } from '../whatsapp/auth-store.ts';
import { DEFAULT_CONNECTION_CONFIG, makeWASocket, proto, type WASocket } from '../whatsapp/baileys.ts';
import { createSocketCaches } from '../whatsapp/baileys-caches.ts';
import type { Connection, ConnectionHandlers } from '../whatsapp/connection.ts';
import { DEFAULT_CLIENT_VERSION } from '../whatsapp/default-version.ts';
import { createKeyWriter } from '../whatsapp/key-writer.ts';
import { type NetworkEndpoint, sandboxNetwork } from '../whatsapp/network.ts';
import { connect } from '../whatsapp/socket.ts';
import type { WithheldStep } from '../whatsapp/withheld-step.ts';
import { Gate, gatedPool, gatedWriter } from './gate.ts';
import { RatchetJudge } from './ratchet-judge.ts';
import { startTestSandbox, type TestSandbox } from './sandbox.ts';
import { ownedSession, testBox } from './signal-parties.ts';

/**
 * PostgreSQL and sandbox for sessions whose every step is watched. Nothing runs by itself: a test starts runs and ends
 * them.
 */
export interface RunWorld {
  database: TestDatabase;
  sandbox: TestSandbox;
  /** A session that this process owns, linked to a new phone. */
  link(): Promise<LinkedSession>;
  stop(): Promise<void>;
}

export interface LinkedSession {
  owner: Ownership;
  number: string;
  /** The device as the sandbox names it. */
  device: string;
  open(options?: RunOptions): Promise<SessionRun>;
}

export interface RunOptions {
  /** `stock`: the repository of Baileys, for comparison. @default 'ours' */
  repository?: 'ours' | 'stock';
  /** Statements take some milliseconds longer, each another time. @default false */
  isSlow?: boolean;
}

/** One run of a session, as one process would host it: its keys, its connection and its projector. */
export interface SessionRun {
  gate: Gate;
  ratchets: RatchetJudge;
  sock: WASocket;
  store: AuthStore;
  connection: Connection;
  /** The error that the store reported before it cut the connection. */
  failure(): Error | undefined;
  /** Sends as the outbox does: under this id, and under the same one again after a crash. */
  send(chatJid: string, waMessageId: string, text: string): Promise<void>;
  /**
   * As an offer of a gateway: the commit of the first ratchet step accepts it.
   *
   * @throws whatever the connection throws
   */
  offer(chatJid: string, waMessageId: string, text: string): Promise<void>;
  /** Ends it as a kill does. */
  kill(): void;
}

const silent = createLogger({ service: 'test', level: 'silent' });
const nothing = () => undefined;

export async function startRunWorld(): Promise<RunWorld> {
  const database = await createTestDatabase({ max: 12 });
  // Every step of the keys is watched here: they are as many as in production.
  const sandbox = await startTestSandbox({ fewPreKeys: false });
  const network = sandboxNetwork(sandbox.url);
  const runs = new Set<SessionRun>();

  async function link(): Promise<LinkedSession> {
    const owner = await ownedSession(database.pool);
    const number = await sandbox.createPhone();
    const messages = new Map<string, proto.IMessage>();
    const start = async (options: RunOptions, onQr: (qr: string) => void) => {
      const endpoint = await network.endpoint();
      const started = await startRun({ database, endpoint, owner, messages, onQr, ...options });
      runs.add(started.run);
      return started;
    };
    const pairing = await start({}, (qr) => void sandbox.scan(number, qr));
    await pairing.closed;
    await pairing.run.store.flush();
    pairing.run.kill();
    const device = (await waitFor(async () => (await sandbox.devices(number))[0], { what: 'the linked device' }))
      .device;
    const session: LinkedSession = {
      owner,
      number,
      device,
      async open(options = {}) {
        const { run, opened } = await start(options, () => {
          throw new Error('A session that is linked was shown a QR code.');
        });
        await opened;
        // Writes of Baileys after the opening must not come between the steps of a test.
        await waitFor(() => run.gate.steps.includes('after commit of device-list'), { what: 'the own device list' });
        await run.store.flush();
        return run;
      },
    };
    const first = await session.open();
    // The first messages of the phone, keys and history, must not come between the steps of a test.
    await sandbox.greeted(number);
    first.kill();
    return session;
  }

  return {
    database,
    sandbox,
    link,
    async stop() {
      for (const run of runs) run.kill();
      await network.close();
      await sandbox.stop();
      await database.drop();
    },
  };
}

interface RunContext extends RunOptions {
  database: TestDatabase;
  endpoint: NetworkEndpoint;
  owner: Ownership;
  messages: Map<string, proto.IMessage>;
  onQr: (qr: string) => void;
}

async function startRun(context: RunContext) {
  const { database, endpoint, owner, messages, repository = 'ours', isSlow, onQr } = context;
  const gate = new Gate();
  const ratchets = new RatchetJudge();
  const pool = gatedPool(database.pool, gate, isSlow);
  let withheld: WithheldStep | undefined;
  const writer = gatedWriter(createKeyWriter({ pool, clock: systemClock }), gate, (step) => {
    withheld = step;
  });
  let failure: Error | undefined;
  let connection: Connection | undefined;
  const inner = await openAuthStore({
    pool,
    writer,
    box: testBox,
    recordForm: 'split',
    clock: systemClock,
    owner,
    onFailure(error) {
      failure = error;
      gate.pass('store failed');
      connection?.terminate();
    },
  });
  const { creds, keys } = inner.state;
  const watched = {
    ...keys,
    async set(data: Parameters<typeof keys.set>[0]) {
      withheld = undefined;
      const set = keys.set(data);
      const step = withheld as WithheldStep | undefined;
      await set;
      if (step) step.settled.then(() => ratchets.stored(data), nothing);
      else ratchets.stored(data);
    },
  };
  const store: AuthStore = { ...inner, state: { creds, keys: watched } };
  const projector = beginProjector(pool);

  let resolveOpened = nothing as () => void;
  let resolveClosed = nothing as () => void;
  const opened = new Promise<void>((resolve) => {
    resolveOpened = resolve;
  });
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve;
  });
  const handled: Partial<ConnectionHandlers> = {
    qr: onQr,
    open: () => resolveOpened(),
    closed: () => resolveClosed(),
    // As in the actor, events after a refused write are dropped.
    told: nothing,
    met: async () => undefined,
    arrived: (arrived, identity) => {
      if (gate.isDead || failure || !gate.pass(`event ${arrived.message?.key.id ?? 'for Baileys'}`)) return;
      projector.accept(owner, arrived, identity);
    },
    sentMessage: async (id) => messages.get(id),
  };
  const handlers = new Proxy(handled, {
    get: (target, name) => target[name as keyof ConnectionHandlers] ?? nothing,
  }) as ConnectionHandlers;

  let sock: WASocket | undefined;
  const { sessionId } = owner;
  connection = connect({
    sessionId,
    route: { endpoint, version: DEFAULT_CLIENT_VERSION, device: { name: 'Mac OS', browser: 'Chrome' } },
    store,
    caches: createSocketCaches(),
    logger: silent,
    handlers,
    makeSocket(config) {
      const make =
        repository === 'stock' ? DEFAULT_CONNECTION_CONFIG.makeSignalRepository : config.makeSignalRepository;
      // Frames leave in the order in which they are made, some of them later. Those of the handshake have no name.
      const names: string[] = [];
      const logger = stanzaLogger((name) => void names.push(name));
      sock = makeWASocket({ ...config, logger, makeSignalRepository: ratchets.watch(make!) });
      watchSends(sock, () => {
        const stanza = names.shift() ?? 'handshake';
        if (stanza.startsWith('message ')) ratchets.left();
        return gate.pass(`before ${stanza} leaves`);
      });
      return sock;
    },
  });
  const current = connection;
  function messageOf(waMessageId: string, text: string): proto.IMessage {
    const message = { extendedTextMessage: { text } };
    messages.set(waMessageId, message);
    return message;
  }
  const run: SessionRun = {
    gate,
    ratchets,
    sock: sock!,
    store,
    connection: current,
    failure: () => failure,
    async send(chatJid, waMessageId, text) {
      await current.reach(chatJid);
      await current.send({ chatJid, waMessageId, message: messageOf(waMessageId, text) });
    },
    async offer(chatJid, waMessageId, text) {
      const message = messageOf(waMessageId, text);
      const request = { type: 'text' as const, text };
      const offered = { messageId: newId(), sessionId, waMessageId, chatJid, request };
      const payload = Buffer.from(proto.Message.encode(message).finish());
      await current.reach(chatJid);
      const acceptance = new Acceptance({ owner, message: offered, payload });
      await current.send({ chatJid, waMessageId, message, acceptance });
    },
    kill() {
      gate.kill();
      current.terminate();
    },
  };
  void gate.killed.then(() => current.terminate());
  return { run, opened, closed };
}

function beginProjector(pool: TestDatabase['pool']): Projector {
  const shared = {
    pool,
    writeLock: new KeyedLock(),
    clock: systemClock,
    logger: silent,
    messageKey: Buffer.alloc(32, 7),
    timers: new ChatTimers(pool),
    announce: nothing,
    onStale: nothing,
  };
  const contacts = new ContactFeed({ ...shared, owners: () => [] });
  return createProjector({ ...shared, contacts, onStored: nothing });
}

/**
 * At level `trace` Baileys logs each stanza in the turn in which it makes its frame. The name is made of tag, type
 * `retry` and id.
 */
function stanzaLogger(onStanza: (name: string) => void) {
  const logger = {
    level: 'trace',
    child: () => logger,
    trace(object: unknown) {
      const { msg, xml } = object as { msg?: string; xml?: string };
      const [opening = ''] = msg === 'xml send' && xml ? xml.split('>', 1) : [];
      if (!opening) return;
      const [tag = '?'] = opening.slice(1).split(' ');
      const retry = opening.includes("type='retry'") ? ['retry'] : [];
      const error = /error='(\d+)'/.exec(opening)?.[1];
      onStanza(
        [tag, ...retry, ...(error ? [`error ${error}`] : []), /id='([^']*)'/.exec(opening)?.[1] ?? ''].join(' '),
      );
    },
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
  };
  return logger;
}

/** Calls `mayLeave` for every frame when it is written to the raw socket. */
function watchSends(sock: WASocket, mayLeave: () => boolean): void {
  const { socket } = sock.ws as unknown as { socket: { send(...args: unknown[]): void; terminate(): void } };
  const send = socket.send.bind(socket);
  socket.send = (...args) => {
    if (mayLeave()) send(...args);
    else socket.terminate();
  };
}
