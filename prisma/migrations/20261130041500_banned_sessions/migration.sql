-- WhatsApp has banned the account of the session, for a while or for good.
ALTER TYPE "SessionState" ADD VALUE IF NOT EXISTS 'BANNED' BEFORE 'LOGGED_OUT';
