-- Links that log in once. The version before neither writes nor reads tokens of this purpose.
ALTER TYPE "MailTokenPurpose" ADD VALUE IF NOT EXISTS 'LOG_IN';
