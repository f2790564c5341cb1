import type { Business } from '../../accounts/account.ts';
import { type BinaryNode, child, node } from '../../wire/node.ts';
import { answer, type IqRequest } from './answer.ts';

/** The profile of a business; of other accounts nothing. */
export function handleBusinessIq({ context, connection, iq, query }: IqRequest): void {
  const jid = child(query, 'profile')?.attrs.jid;
  const business = context.directory.resolve(jid)?.account.business;
  const profile = business && jid ? [node('profile', { jid }, partsOf(business))] : [];
  answer(connection, iq, [node('business_profile', { v: query?.attrs.v }, profile)]);
}

function partsOf({ description, category, email, websites = [] }: Business): BinaryNode[] {
  const leaf = (tag: string, text: string | undefined) =>
    text === undefined ? [] : [node(tag, {}, Buffer.from(text))];
  return [
    ...leaf('description', description),
    ...(category === undefined ? [] : [node('categories', {}, leaf('category', category))]),
    ...leaf('email', email),
    ...websites.flatMap((website) => leaf('website', website)),
  ];
}
