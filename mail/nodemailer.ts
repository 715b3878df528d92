/** Libraries, loaded when first used, since requiring them takes long, and only once, since asking again takes time too. */
function once<T>(load: () => Promise<{ default: T }>): () => Promise<T> {
	let loading: Promise<T> | undefined;
	return async () => await (loading ??= load().then((module) => module.default));
}

export const addressParser = once(async () => await import('nodemailer/lib/addressparser'));
export const mailComposer = once(async () => await import('nodemailer/lib/mail-composer'));
export const smtpConnection = once(async () => await import('nodemailer/lib/smtp-connection'));
