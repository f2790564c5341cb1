import { otherSpellings } from '@wa-gate/messaging';
import {
  type BinaryNode,
  isLidUser,
  isPnUser,
  jidDecode,
  jidNormalizedUser,
  S_WHATSAPP_NET,
  type WASocket,
} from './baileys.ts';
import { childOf, childrenOf, nodeOf, textOf } from './nodes.ts';

/** What WhatsApp says about a number. */
export interface NumberAnswer {
  /** Digits, as they were asked for. */
  number: string;
  /** The name of the account: maybe of another spelling of the number. Absent: not on WhatsApp. */
  jid?: string;
  lid?: string;
}

type QuerySocket = Pick<WASocket, 'query' | 'generateMessageTag'>;

/** Numbers of one query. */
const PAGE = 250;

/**
 * Asks WhatsApp about numbers. Baileys asks too, and drops which of the numbers an answer is for.
 *
 * @throws when there is no answer, or a refusal
 */
export async function askNumbers(sock: QuerySocket, numbers: readonly string[]): Promise<NumberAnswer[]> {
  const answers: NumberAnswer[] = [];
  for (let n = 0; n < numbers.length; n += PAGE) answers.push(...(await askPage(sock, numbers.slice(n, n + PAGE))));
  return answers;
}

/**
 * Asks about a number in all its spellings at once. The answer for the given one counts first.
 *
 * @returns `null`: not on WhatsApp
 * @throws when there is no answer
 */
export async function askSpellings(sock: QuerySocket, number: string): Promise<NumberAnswer | null> {
  const answers = await askNumbers(sock, [number, ...otherSpellings(number)]);
  return answers.find(({ jid }) => jid !== undefined) ?? null;
}

async function askPage(sock: QuerySocket, numbers: readonly string[]): Promise<NumberAnswer[]> {
  const users = numbers.map((number) => nodeOf('user', {}, [{ tag: 'contact', attrs: {}, content: `+${number}` }]));
  const asked = nodeOf('query', {}, [nodeOf('contact'), nodeOf('lid')]);
  const attrs = { sid: sock.generateMessageTag(), mode: 'query', last: 'true', index: '0', context: 'interactive' };
  const usync = nodeOf('usync', attrs, [asked, nodeOf('list', {}, users)]);
  const answer: BinaryNode | undefined = await sock.query(
    nodeOf('iq', { to: S_WHATSAPP_NET, type: 'get', xmlns: 'usync' }, [usync]),
  );
  const list = childOf(childOf(answer, 'usync'), 'list');
  if (!list) throw new Error('WhatsApp does not say who has the number.');
  return readAnswers(list, numbers);
}

/** An answer names the number that it is for; where it does not, its jid does. */
export function readAnswers(list: BinaryNode, numbers: readonly string[]): NumberAnswer[] {
  const byNumber = new Map<string, Omit<NumberAnswer, 'number'>>();
  for (const user of childrenOf(list)) {
    const contact = childOf(user, 'contact');
    const jid = user.attrs.jid ? jidNormalizedUser(user.attrs.jid) : '';
    const named =
      textOf(contact).replace(/\D/g, '') || (numbers.length === 1 ? numbers[0]! : (jidDecode(jid)?.user ?? ''));
    if (contact?.attrs.type !== 'in' || !isPnUser(jid)) continue;
    const lid = childOf(user, 'lid')?.attrs.val;
    byNumber.set(named, { jid, ...(lid && isLidUser(lid) ? { lid: jidNormalizedUser(lid) } : {}) });
  }
  return numbers.map((number) => ({ number, ...byNumber.get(number) }));
}
