import type { BinaryNode, WASocket } from './baileys.ts';
import { NoAnswerError, QueryRefusedError } from './errors.ts';

export const nodeOf = (tag: string, attrs: Record<string, string> = {}, content?: BinaryNode[]): BinaryNode => ({
  tag,
  attrs,
  ...(content ? { content } : {}),
});
export const childrenOf = (node: BinaryNode | undefined): BinaryNode[] =>
  Array.isArray(node?.content) ? node.content : [];
export const childOf = (node: BinaryNode | undefined, tag: string) =>
  childrenOf(node).find((child) => child.tag === tag);

export function textOf(node: BinaryNode | undefined): string {
  const { content } = node ?? {};
  if (typeof content === 'string') return content;
  return content instanceof Uint8Array ? Buffer.from(content).toString('utf8') : '';
}

/**
 * Sends a query to WhatsApp and waits for its answer. Baileys resolves a query that nobody answers with nothing, and so
 * do its own functions that return nothing: a change goes through here, so that silence is not taken for success.
 *
 * @throws {NoAnswerError} when WhatsApp has not answered in the time that Baileys waits
 * @throws the error of Baileys, with WhatsApp's code, when it has refused
 */
export const askNode = async (sock: Pick<WASocket, 'query'>, node: BinaryNode): Promise<BinaryNode> =>
  answered(await sock.query(node));

/**
 * Sends a stanza that is no query and waits for the acknowledgement of the server, which carries its id.
 *
 * @throws {NoAnswerError}
 * @throws {QueryRefusedError} the acknowledgement has the code of a refusal
 */
export async function tellNode(sock: Pick<WASocket, 'query'>, stanza: BinaryNode): Promise<void> {
  const { attrs } = await askNode(sock, stanza);
  if (attrs.error !== undefined) throw new QueryRefusedError(Number(attrs.error), 'WhatsApp has refused this.');
}

/** The answer of a query of Baileys, which is nothing when WhatsApp was silent. @throws {NoAnswerError} */
export function answered<T>(answer: T | undefined): T {
  if (answer === undefined) throw new NoAnswerError('WhatsApp has not answered.');
  return answer;
}
