/** What the address of the page tells: the chat that is open. */
export interface ChatsSearch {
  session?: string;
  chat?: string;
}
