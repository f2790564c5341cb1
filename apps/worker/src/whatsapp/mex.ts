import { S_WHATSAPP_NET, type WASocket } from './baileys.ts';
import { QueryRefusedError } from './errors.ts';
import { askNode, childOf, nodeOf, textOf } from './nodes.ts';

/** One of WhatsApp's own GraphQL queries: it keeps their texts and knows them by a number. */
export interface MexQuery {
  id: string;
  /** The member of `data` with the answer. */
  path: string;
}

interface MexAnswer {
  data?: Record<string, unknown> | null;
  errors?: { message?: string; extensions?: { error_code?: number } }[];
}

/** The code of a refusal that names none. */
const BAD_REQUEST = 400;

/**
 * Asks one of WhatsApp's GraphQL queries.
 *
 * @throws {NoAnswerError} WhatsApp is silent
 * @throws {QueryRefusedError} it refuses, or its answer has another form
 */
export async function askMex(
  sock: Pick<WASocket, 'query'>,
  { id, path }: MexQuery,
  variables: Record<string, unknown>,
): Promise<unknown> {
  const query = {
    ...nodeOf('query', { query_id: id }),
    content: Buffer.from(JSON.stringify({ variables })),
  };
  const answer = await askNode(sock, nodeOf('iq', { to: S_WHATSAPP_NET, type: 'get', xmlns: 'w:mex' }, [query]));
  const { data, errors } = read(textOf(childOf(answer, 'result')));
  const [refusal] = errors ?? [];
  if (refusal) {
    throw new QueryRefusedError(refusal.extensions?.error_code ?? BAD_REQUEST, refusal.message ?? 'WhatsApp refused.');
  }
  if (data?.[path] === undefined) throw new QueryRefusedError(BAD_REQUEST, 'WhatsApp has answered in another form.');
  return data[path];
}

function read(text: string): MexAnswer {
  try {
    return JSON.parse(text) as MexAnswer;
  } catch {
    return {};
  }
}
