import type { Channel } from '../../accounts/channel.ts';
import { child, text } from '../../wire/node.ts';
import type { ChannelChange } from '../channel-actions.ts';
import type { IqRequest } from './answer.ts';

/** A refusal in a GraphQL answer. */
export class MexRefusal {
  readonly code: number;
  readonly message: string;

  constructor(code: number, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** What a query may hold. It comes from a client. */
interface Variables {
  newsletter_id?: string;
  updates?: { name?: string; description?: string; picture?: string };
  input?: {
    name?: string;
    description?: string | null;
    picture?: string | null;
    key?: string;
    type?: string;
    search_text?: string;
    limit?: number;
    start_cursor?: string | null;
  };
}

type Answer = Record<string, unknown> | MexRefusal;
type Query = (request: IqRequest, variables: Variables) => Answer;

const NOT_FOUND = new MexRefusal(404, 'Not Found');
const FORBIDDEN = new MexRefusal(403, 'Forbidden');

/** The GraphQL queries about channels, by their ids at WhatsApp. */
const QUERIES: Readonly<Record<string, Query>> = {
  '8823471724422422': ({ context, companion }, { input }) => {
    if (!input?.name) return new MexRefusal(400, 'Bad Request');
    const { name, description, picture } = input;
    const channel = context.channelActions.create(companion.account, {
      name,
      description: description ?? '',
      picture: picture ?? null,
    });
    return { xwa2_newsletter_create: context.channelActions.viewOf(channel, companion.account) };
  },
  '24250201037901610': ofOwn((request, channel, { updates = {} }) => {
    const change: ChannelChange = {};
    if (updates.name !== undefined) change.name = updates.name;
    if (updates.description !== undefined) change.description = updates.description;
    if (updates.picture !== undefined) change.picture = updates.picture || null;
    request.context.channelActions.update(channel, change);
    return { xwa2_newsletter_update: view(request, channel) };
  }),
  '6563316087068696': (request, { input }) => {
    const { channels } = request.context;
    const channel = input?.type === 'INVITE' ? channels.byInvite(input.key ?? '') : channels.find(input?.key ?? '');
    return channel ? { xwa2_newsletter: view(request, channel) } : NOT_FOUND;
  },
  '6388546374527196': (request) => ({
    xwa2_newsletter_subscribed: request.context.channels
      .of(request.companion.account.number)
      .map((channel) => view(request, channel)),
  }),
  '6802402206520139': (request, { input }) => {
    const words = (input?.search_text ?? '').toLowerCase();
    const found = request.context.channels.all().filter(({ name }) => name.toLowerCase().includes(words));
    const from = Number(input?.start_cursor ?? 0);
    const end = from + (input?.limit ?? 20);
    const hasNextPage = end < found.length;
    return {
      xwa2_newsletters_directory_search: {
        page_info: { hasNextPage, hasPreviousPage: from > 0, endCursor: hasNextPage ? String(end) : null },
        result: found.slice(from, end).map((channel) => view(request, channel)),
      },
    };
  },
  '24404358912487870': ofAny(({ context, companion }, channel) => {
    context.channelActions.follow(channel, companion.account);
    return { xwa2_newsletter_join_v2: { id: channel.jid, state: { type: 'ACTIVE' } } };
  }),
  '9767147403369991': ofAny(({ context, companion }, channel) => {
    if (!context.channelActions.unfollow(channel, companion.account)) return FORBIDDEN;
    return { xwa2_newsletter_leave_v2: { id: channel.jid, state: { type: 'ACTIVE' } } };
  }),
  '29766401636284406': muting(true),
  '9864994326891137': muting(false),
  '30062808666639665': ofAny(({ context, companion }, channel) => {
    if (channel.roles.get(companion.account.number) !== 'owner') return FORBIDDEN;
    context.channelActions.remove(channel);
    return { xwa2_newsletter_delete_v2: { id: channel.jid, state: { type: 'DELETED' } } };
  }),
};

/** The answer to a query about channels; undefined: the query is none. */
export function channelData(request: IqRequest, queryId: string): Answer | undefined {
  const query = QUERIES[queryId];
  if (!query) return undefined;
  const given = JSON.parse(text(child(request.iq, 'query')) ?? '{}') as { variables?: Variables };
  return query(request, given.variables ?? {});
}

const view = ({ context, companion }: IqRequest, channel: Channel) =>
  context.channelActions.viewOf(channel, companion.account);

type OnChannel = (request: IqRequest, channel: Channel, variables: Variables) => Answer;

function ofAny(run: OnChannel): Query {
  return (request, variables) => {
    const channel = request.context.channels.find(variables.newsletter_id ?? '');
    return channel ? run(request, channel, variables) : NOT_FOUND;
  };
}

/** For the owner and admins. */
function ofOwn(run: OnChannel): Query {
  return ofAny((request, channel, variables) =>
    channel.mayPost(request.companion.account.number) ? run(request, channel, variables) : FORBIDDEN,
  );
}

function muting(isMuted: boolean): Query {
  return ofAny(({ context, companion }, channel) => {
    if (!channel.roles.has(companion.account.number)) return FORBIDDEN;
    context.channelActions.mute(channel, companion.account, isMuted);
    return { [isMuted ? 'xwa2_newsletter_mute_v2' : 'xwa2_newsletter_unmute_v2']: { id: channel.jid } };
  });
}
