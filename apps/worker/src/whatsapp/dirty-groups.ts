import type { BinaryNode, WASocket } from './baileys.ts';
import { childOf } from './nodes.ts';

type Handler = (node: BinaryNode) => unknown;

export interface DirtyGroupsOptions {
  /** Resolves when every group of the account is stored as one to be read anew. */
  doubt: () => Promise<void>;
  /** Whether the connection may still confirm. */
  isCurrent: () => boolean;
  onFailure: (error: unknown) => void;
}

const EVENT = 'CB:ib,,dirty';
const OF_GROUPS: ReadonlySet<string | undefined> = new Set(['groups', 'communities']);

/**
 * Takes note of it when WhatsApp says that groups have changed while the account was away, and not which. WhatsApp says
 * so at each login until it is confirmed, so it is confirmed when the doubt is stored, and never before. Baileys would
 * ask for all groups with all of their members at once, keep none of them, and confirm it also when nobody has
 * answered: its own handlers get what is not about groups alone. Call it after Baileys has added them.
 */
export function takeDirtyGroups(sock: WASocket, { doubt, isCurrent, onFailure }: DirtyGroupsOptions): void {
  const socket = sock.ws as unknown as {
    listeners(event: string): Handler[];
    removeAllListeners(event: string): void;
    on(event: string, handler: Handler): void;
  };
  const handlers = socket.listeners(EVENT);
  socket.removeAllListeners(EVENT);
  const confirm = async (timestamp: string | undefined): Promise<void> => {
    await doubt();
    // With its time: what becomes dirty in between stays so.
    if (isCurrent()) await sock.cleanDirtyBits('groups', timestamp);
  };
  socket.on(EVENT, (node) => {
    const { type, timestamp } = childOf(node, 'dirty')?.attrs ?? {};
    if (OF_GROUPS.has(type)) confirm(timestamp).catch(onFailure);
    else for (const handle of handlers) void handle(node);
  });
}
