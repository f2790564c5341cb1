import type { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext } from 'node:tls';
import { createTunnel, type EgressProxy, type Tunnel } from '@wa-gate/egress';
import { type Dispatcher, fetch, Agent as UndiciAgent } from 'undici';

/** The proxy of a session. */
export interface ProxyChoice {
  proxy: EgressProxy;
  /** Whether it may have a private address: those of the operator may. */
  allowPrivate: boolean;
}

/**
 * The address and agents for the sockets of this worker. All sessions without a proxy share one object, and so the
 * agents; so do those with the same proxy.
 */
export interface NetworkEndpoint {
  wsUrl: string;
  /** The agent for the WebSocket. */
  agent: HttpAgent;
  /** The agent for media uploads. Absent on the live network without a proxy. */
  fetchAgent?: HttpAgent;
  /** The dispatcher for media downloads, which use `fetch`. */
  dispatcher?: UndiciAgent;
  media: MediaAccess;
}

/** How files are fetched from WhatsApp. */
export interface MediaAccess {
  /** The host of files whose message names no other one, with its port if that is not 443. */
  host: string;
  /** Whether a host that a message names is one of WhatsApp's. */
  isMediaHost: (host: string) => boolean;
  dispatcher: Dispatcher;
}

export interface WhatsAppNetwork {
  /** Returns the address, as it is reached through the proxy; called before each connection. */
  endpoint(through?: ProxyChoice): Promise<NetworkEndpoint>;
  close(): Promise<void>;
}

/**
 * The real WhatsApp. Only TLS authenticates its servers to Baileys, whose own signature checks accept anything. So
 * nothing here can be configured, neither address nor certificates.
 */
export function liveNetwork(): WhatsAppNetwork {
  const dispatcher = new UndiciAgent();
  const media: MediaAccess = { host: 'mmg.whatsapp.net', isMediaHost: isOfWhatsApp, dispatcher };
  const endpoint: NetworkEndpoint = { wsUrl: 'wss://web.whatsapp.com/ws/chat', agent: agentForAll(), media };
  const tunnels = createTunnels();
  return {
    endpoint: async (through) => (through ? tunnels.through(endpoint, through) : endpoint),
    close: async () => void (await Promise.all([dispatcher.destroy(), tunnels.close()])),
  };
}

/**
 * Its connections share one context of TLS, which is 22 to 28 kB and 0.3 ms for each connection else. They resume no
 * session of TLS: each account has its own connection.
 *
 * @param ca trusted instead of the authorities that Node trusts
 */
function agentForAll(ca?: string): HttpsAgent {
  return new HttpsAgent({ secureContext: createSecureContext({ ca }), maxCachedSessions: 0 });
}

/**
 * Tunnels that no connection has begun with for long are forgotten beyond this many. They are not closed: sessions may
 * still send files through them, and what is idle closes by itself.
 */
const MAX_TUNNELS = 1_000;

/** The tunnels of this worker, one for each proxy, by all that it is reached with. */
function createTunnels() {
  const tunnels = new Map<string, Tunnel>();
  return {
    through(endpoint: NetworkEndpoint, choice: ProxyChoice, ca?: string): NetworkEndpoint {
      const key = JSON.stringify([choice, ca]);
      const tunnel = tunnels.get(key) ?? createTunnel(choice.proxy, { ...choice, ...(ca !== undefined && { ca }) });
      // The map is in the order of use.
      tunnels.delete(key);
      tunnels.set(key, tunnel);
      const [oldest] = tunnels.keys();
      if (tunnels.size > MAX_TUNNELS && oldest !== undefined) tunnels.delete(oldest);
      const { agent, dispatcher } = tunnel;
      return { ...endpoint, agent, fetchAgent: agent, dispatcher, media: { ...endpoint.media, dispatcher } };
    },
    close: () => Promise.all([...tunnels.values()].map((tunnel) => tunnel.close())),
  };
}

/** Media hosts are names below this one; a port other than that of HTTPS is none of theirs. */
const isOfWhatsApp = (host: string): boolean => host.endsWith('.whatsapp.net');

/** The sandbox did not return its address. */
export class SandboxUnreachableError extends Error {
  override name = 'SandboxUnreachableError';
}

const ASK_TIMEOUT_MS = 5_000;

interface SandboxInfo {
  wsUrl: string;
  mediaHost: string;
  caPem: string;
}

/**
 * A sandbox, whose address is read before each connection, because a restart may change it. Its certificate is checked
 * against its own authority, never accepted blindly.
 */
export function sandboxNetwork(sandboxUrl: string): WhatsAppNetwork {
  let known: { info: SandboxInfo; endpoint: NetworkEndpoint } | undefined;
  let asking: Promise<NetworkEndpoint> | undefined;
  const tunnels = createTunnels();

  async function ask(): Promise<NetworkEndpoint> {
    const info = await readSandboxInfo(sandboxUrl);
    const { wsUrl, mediaHost, caPem } = info;
    if (known && known.info.wsUrl === wsUrl && known.info.mediaHost === mediaHost && known.info.caPem === caPem)
      return known.endpoint;
    const agent = agentForAll(caPem);
    const dispatcher = new UndiciAgent({ connect: { ca: caPem } });
    const media: MediaAccess = { host: mediaHost, isMediaHost: (host) => host === mediaHost, dispatcher };
    known = { info, endpoint: { wsUrl, agent, fetchAgent: agent, dispatcher, media } };
    return known.endpoint;
  }

  return {
    async endpoint(through) {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      const endpoint = await asking;
      return through ? tunnels.through(endpoint, through, known?.info.caPem) : endpoint;
    },
    async close() {
      await tunnels.close();
      known?.endpoint.agent.destroy();
      // Not `close`, which waits for every request: a silent host would hold up the end of the process.
      await known?.endpoint.dispatcher?.destroy();
    },
  };
}

async function readSandboxInfo(sandboxUrl: string): Promise<SandboxInfo> {
  try {
    const response = await fetch(sandboxUrl, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const info = (await response.json()) as Partial<SandboxInfo>;
    const { wsUrl, mediaHost, caPem } = info;
    if (!response.ok || !wsUrl || !mediaHost || !caPem) throw new Error(`It answered ${response.status}.`);
    return { wsUrl, mediaHost, caPem };
  } catch (cause) {
    throw new SandboxUnreachableError(`The sandbox at ${sandboxUrl} does not answer.`, { cause });
  }
}
