/**
 * What each folder may import besides itself and n8n's types, imports of types included. `mail/*` are the files that lie in `mail/` itself.
 * `docs/architecture.md` draws it; `test/architecture.test.ts` holds the imports to it.
 */
export const ARROWS: ReadonlyMap<string, readonly string[]> = new Map([
	['mail/*', ['mail/causes', 'mail/signIn']],
	['mail/causes', ['mail/*', 'mail/signIn']],
	['mail/signIn', ['mail/*']],
	['mail/item', ['mail/*', 'mail/compose']],
	['mail/compose', ['mail/*', 'mail/item']],
	['mail/imap', ['mail/*', 'mail/signIn', 'mail/item']],
	['mail/pop3', ['mail/*', 'mail/signIn']],
	['mail/smtp', ['mail/*', 'mail/signIn', 'mail/compose']],
	['mail/watch', ['mail/*', 'mail/signIn', 'mail/imap', 'mail/item']],
	['mail/collect', ['mail/*', 'mail/pop3', 'mail/item']],
	['mail/mailbox', ['mail/*', 'mail/imap', 'mail/item', 'mail/compose', 'mail/smtp']],
	['mail/questions', ['mail/*', 'mail/compose', 'mail/item']],
	['mail/connectionTest', ['mail/*', 'mail/signIn', 'mail/imap', 'mail/pop3', 'mail/smtp']],
	['credentials', ['mail/*']],
]);
