import { loadInParts } from './loadInParts';

/**
 * Libraries are loaded at first use, because requiring them takes long, and the module is kept, because requiring it again takes time too.
 */
function once<T>(load: () => Promise<{ default: T }>): () => Promise<T> {
	let loading: Promise<T> | undefined;
	return async () => await (loading ??= load().then((module) => module.default));
}

export const addressParser = once(async () => await import('nodemailer/lib/addressparser'));
export const mailComposer = once(
	loadInParts(
		async () => await import('nodemailer/lib/mail-composer'),
		[async () => await import('nodemailer/lib/shared'), async () => await import('nodemailer/lib/mime-node')],
	),
);
export const smtpConnection = once(
	loadInParts(async () => await import('nodemailer/lib/smtp-connection'), [async () => await import('nodemailer/lib/shared')]),
);
