/** How a file is encrypted and where it is uploaded. The words are those of WhatsApp's clients. */
export type MediaType = 'image' | 'sticker' | 'video' | 'gif' | 'ptv' | 'audio' | 'ptt' | 'document';
