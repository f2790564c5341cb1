import { EventEmitter } from 'node:events';
import type { ClientRequest, Agent as HttpAgent } from 'node:http';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { type buildConnector, Agent as UndiciAgent } from 'undici';
import type { EgressProxy } from './proxy.ts';
import { asProxyError, refusedByProxy } from './proxy-error.ts';
import { isPublicAddress, PrivateAddressError, publicLookup } from './public-address.ts';

/** Connections through one proxy. TLS is spoken with the server behind it, whose certificate is checked as ever. */
export interface Tunnel {
  /** For Node's own clients and `ws`. */
  agent: HttpAgent;
  /** For undici and `fetch`. */
  dispatcher: UndiciAgent;
  close(): Promise<void>;
}

export interface TunnelOptions {
  /** Whether the proxy may have a private address. Its name is looked up at each connection. */
  allowPrivate: boolean;
  /** The authority of the servers behind the proxy, where it is none of the well-known ones. */
  ca?: string;
  /**
   * Resolves names of servers here, so that the proxy gets an address. Otherwise the proxy gets the name: nothing of it
   * is looked up here.
   */
  lookup?: LookupFunction;
  /** Milliseconds for the connection to the proxy. @default 10 000 */
  timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const KEPT_ALIVE_MS = 10_000;

type Connect = (request: ClientRequest, options: never) => Promise<Socket>;

const refusal = (hostname: string) => new PrivateAddressError(`${hostname} is a private address.`);

/** Refuses a proxy with a private address, also one whose name leads there. */
function proxyLookup(): LookupFunction {
  return publicLookup(refusal);
}

/** The HTTP proxy agent takes the refusal of a CONNECT for the answer of the server behind it. This one does not. */
class HttpTunnelAgent extends HttpsProxyAgent<string> {
  override async connect(...[request, options]: Parameters<HttpsProxyAgent<string>['connect']>): Promise<Socket> {
    let status = 200;
    request.once('proxyConnect', (answer: { statusCode: number }) => {
      status = answer.statusCode;
    });
    const socket = await super.connect(request, options).catch((error: unknown) => {
      throw asProxyError(error);
    });
    if (status === 200) return socket as Socket;
    socket.destroy();
    throw refusedByProxy(status);
  }
}

class SocksTunnelAgent extends SocksProxyAgent {
  override async connect(...parameters: Parameters<SocksProxyAgent['connect']>) {
    try {
      return await super.connect(...parameters);
    } catch (error) {
      throw asProxyError(error);
    }
  }
}

/**
 * Makes no connection yet. The agents get no `timeout`: the one for SOCKS would cut connections that are idle for so
 * long, and a connection to WhatsApp is idle for most of its life.
 */
export function createTunnel(proxy: EgressProxy, options: TunnelOptions): Tunnel {
  const { allowPrivate, ca, timeoutMs = TIMEOUT_MS } = options;
  const literal = isIP(proxy.host) !== 0;
  const isBarred = !allowPrivate && literal && !isPublicAddress(proxy.host);
  const guard = allowPrivate || literal ? {} : { lookup: proxyLookup() };
  const host = proxy.host.includes(':') ? `[${proxy.host}]` : proxy.host;
  const credentials = proxy.username
    ? `${encodeURIComponent(proxy.username)}:${encodeURIComponent(proxy.password ?? '')}@`
    : '';
  const tls = ca === undefined ? {} : { ca };
  const agent =
    proxy.protocol === 'http'
      ? new HttpTunnelAgent(`http://${credentials}${host}:${proxy.port}`, guard)
      : new SocksTunnelAgent(`socks5h://${credentials}${host}:${proxy.port}`, {
          ...(guard.lookup && { socketOptions: { lookup: guard.lookup } as never }),
        });
  const connect = agent.connect.bind(agent) as unknown as Connect;
  async function open(request: ClientRequest, target: object): Promise<Socket> {
    if (isBarred) throw asProxyError(refusal(proxy.host));
    return await inTime(connect(request, { ...target, ...tls } as never), timeoutMs);
  }
  agent.connect = open as never;
  const dispatcher = new UndiciAgent({
    connect: dispatcherConnector(open, options),
    keepAliveTimeout: KEPT_ALIVE_MS,
  });
  return {
    agent: agent as unknown as HttpAgent,
    dispatcher,
    async close() {
      agent.destroy();
      await dispatcher.destroy();
    },
  };
}

/** The HTTP proxy agent waits for ever. A socket that comes too late is closed. */
async function inTime(opening: Promise<Socket>, timeoutMs: number): Promise<Socket> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(asProxyError({ code: 'ETIMEDOUT' }));
    }, timeoutMs);
  });
  const socket = opening.then((opened) => {
    if (isLate) opened.destroy();
    return opened;
  });
  try {
    return await Promise.race([socket, late]);
  } finally {
    clearTimeout(timer);
    socket.catch(() => undefined);
  }
}

/** Makes the connections of undici by an agent for Node's clients. */
function dispatcherConnector(
  open: (request: ClientRequest, target: object) => Promise<Socket>,
  { lookup, timeoutMs = TIMEOUT_MS }: TunnelOptions,
): buildConnector.connector {
  return (target, callback) => {
    const isSecure = target.protocol === 'https:';
    const port = Number(target.port) || (isSecure ? 443 : 80);
    const hostname = target.hostname.replace(/^\[|\]$/g, '');
    const servername = target.servername || hostname;
    const connectTo = async (host: string): Promise<Socket> => {
      // The agents listen on the request: for the answer to a CONNECT, and for its socket. They end it with the tunnel.
      const request = Object.assign(new EventEmitter(), { destroy: () => undefined }) as unknown as ClientRequest;
      const socket = await open(request, {
        host,
        port,
        secureEndpoint: isSecure,
        ...(isIP(servername) === 0 && { servername }),
        ALPNProtocols: ['http/1.1'],
      });
      request.emit('socket', socket);
      if (isSecure) await secured(socket, timeoutMs);
      return socket;
    };
    const host = lookup && isIP(hostname) === 0 ? resolved(lookup, hostname) : Promise.resolve(hostname);
    host.then(connectTo).then(
      (socket) => callback(null, socket as never),
      (error: Error) => callback(error, null),
    );
  };
}

const resolved = (lookup: LookupFunction, hostname: string): Promise<string> =>
  new Promise((resolve, reject) => {
    lookup(hostname, { all: false }, (error, address) => (error ? reject(error) : resolve(address as string)));
  });

function secured(socket: Socket, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => socket.destroy(new Error('The server behind the proxy does not answer.')),
      timeoutMs,
    );
    const finish = (end: () => void) => {
      clearTimeout(timer);
      socket.off('secureConnect', onSecured).off('error', onError).off('close', onClose);
      end();
    };
    const onSecured = () => finish(resolve);
    const onError = (error: Error) => finish(() => reject(error));
    const onClose = () => finish(() => reject(new Error('The server behind the proxy has cut the connection.')));
    socket.once('secureConnect', onSecured).once('error', onError).once('close', onClose);
  });
}
