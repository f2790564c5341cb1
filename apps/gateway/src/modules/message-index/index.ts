export { createMessageIndex, type MessageIndex } from './message-index.ts';
export { gramOfSession, gramOfWriter, readSearch, type SearchTerms } from './search-text.ts';
