import { type Static, type TObject, Type } from 'typebox';
import { MESSAGE_TYPES } from '../message-types.ts';
import { anyObject, oneOf } from '../schema.ts';
import { defineChange } from './change.ts';

/** Answers to an event. */
export const EVENT_RESPONSES = ['going', 'notGoing', 'maybe'] as const;
export type EventResponse = (typeof EVENT_RESPONSES)[number];

/**
 * The changes that the worker reads from a message about an earlier one. It does not compile when one has no reader.
 */
export const CHANGES = {
  edit: defineChange({
    summary: 'The author has replaced what the message says.',
    data: {
      type: oneOf(MESSAGE_TYPES),
      text: Type.Optional(Type.String()),
      content: Type.Optional(anyObject()),
      mentions: Type.Optional(Type.Array(Type.String())),
    },
    example: { type: 'text', text: 'Hello again' },
  }),
  revoke: defineChange({
    summary: 'The author, or an administrator of the group, has deleted the message for everyone.',
    data: {},
    example: {},
  }),
  reaction: defineChange({
    summary: 'Somebody has reacted to the message, or has taken the reaction back.',
    data: { emoji: Type.String({ description: 'Empty: the reaction was taken back.' }) },
    example: { emoji: '👍' },
  }),
  pin: defineChange({
    summary: 'The message was pinned in its chat, or is not pinned any more.',
    data: { isPinned: Type.Boolean(), seconds: Type.Optional(Type.Integer({ minimum: 0 })) },
    example: { isPinned: true, seconds: 86_400 },
  }),
  vote: defineChange({
    summary: 'Somebody has voted in the poll, has changed the vote, or has withdrawn it.',
    data: {
      options: Type.Array(Type.String(), { description: 'What was chosen, as the poll says it. Empty: withdrawn.' }),
      unknownOptions: Type.Optional(
        Type.Array(Type.String(), {
          description: 'SHA-256 (hex) of chosen options that the poll as known here has not.',
        }),
      ),
    },
    example: { options: ['Yes'] },
  }),
  answer: defineChange({
    summary: 'Somebody has answered the event, or has changed the answer.',
    data: {
      response: oneOf(EVENT_RESPONSES),
      extraGuests: Type.Optional(Type.Integer({ minimum: 1, description: 'Guests that come along.' })),
    },
    example: { response: 'going', extraGuests: 1 },
  }),
  keep: defineChange({
    summary: 'The message is kept in a chat of disappearing messages, or is not kept any more.',
    data: { isKept: Type.Boolean() },
    example: { isKept: true },
  }),
};
export type ChangeName = keyof typeof CHANGES;

export const CHANGE_NAMES = Object.keys(CHANGES) as readonly ChangeName[];

export type ChangeData<N extends ChangeName> = Static<TObject<(typeof CHANGES)[N]['data']>>;

/** A change to make, as the outbox stores it. The row says which message it changes. */
export type ChangeRequest = {
  [N in ChangeName]: { type: 'change'; change: N; data: ChangeData<N> };
}[ChangeName];
