import type { Readable } from 'node:stream';

import type SMTPConnection from 'nodemailer/lib/smtp-connection';

import type { Account } from '../account';
import { HIDDEN } from '../redact';
import type { AccessToken } from '../signIn/token';
import type { Rejection } from './recipients';

/** Callbacks for the stages of an email on its way. */
export interface Moments {
	/** Awaited when the server asks for the content (`354`). Until this has ended, nothing is sent that anybody could get. */
	beforeContent?: () => Promise<void>;
	/**
	 * Called when the whole email has been sent and the next one may follow before the answer has come. This needs PIPELINING (RFC
	 * 2920, section 3.1).
	 */
	onWritten?: () => void;
}

/**
 * Waits for a step of nodemailer. If the connection breaks meanwhile, nodemailer forgets its callback, so the events of the
 * connection count too.
 * @param withinMs for everything that the server says, in addition to the connection's own deadline for silence
 */
export async function answerOf<T>(
	connection: SMTPConnection,
	begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
	withinMs: number,
): Promise<T> {
	let fail = (_error: Error): void => undefined;
	// The answer that ended the connection (421) is reported shortly after the end.
	const end = (): void => void setImmediate(() => fail(new Error('Connection closed')));
	const timer = setTimeout(() => fail(new Error('Timeout: no answer')), withinMs);
	try {
		return await new Promise<T>((resolve, reject) => {
			fail = reject;
			connection.on('error', reject).on('end', end);
			begin(resolve, reject);
		});
	} finally {
		clearTimeout(timer);
		connection.off('error', fail).off('end', end);
	}
}

/** More lines than answers that can be due at the same time. */
const MOST_LINES = 10_000;

/**
 * Ends the connection of a server that sends empty lines without end. nodemailer (10.6.1) counts them toward no limit and removes them
 * from its queue one at a time: two megabytes of them keep a core busy long after the end of the connection.
 */
export function endAtFlood(connection: SMTPConnection): void {
	const method = (name: string): ((...args: unknown[]) => unknown) | undefined => {
		const found: unknown = Reflect.get(connection, name);
		return typeof found === 'function' ? (...args) => Reflect.apply(found, connection, args) : undefined;
	};
	const [take, refuse] = [method('_onData'), method('_onResponseTooLarge')];
	const takeSome = (chunk: unknown): void => {
		take?.(chunk);
		const queue: unknown = Reflect.get(connection, '_responseQueue');
		if (Array.isArray(queue) && queue.length > MOST_LINES) refuse?.();
	};
	if (take !== undefined) Reflect.set(connection, '_onData', takeSome);
}

/**
 * nodemailer pipes the email after the server has answered 354, through a stream of its own. Only that stream knows when the last
 * byte and the final dot have been written to the socket.
 */
export function followPipe(message: Readable, { beforeContent, onWritten }: Moments): void {
	const pipe = message.pipe.bind(message);
	message.pipe = (destination, options) => {
		if (onWritten !== undefined) destination.once('end', onWritten);
		const begin = (): void => void pipe(destination, options);
		if (beforeContent === undefined) begin();
		else beforeContent().then(begin, () => message.destroy(new Error('hindered')));
		return destination;
	};
}

export function detail(error: unknown, name: string): unknown {
	return error instanceof Error ? Reflect.get(error, name) : undefined;
}

export function commandOf(error: unknown): string | undefined {
	const command = detail(error, 'command');
	return typeof command === 'string' && command !== 'API' && command !== 'CONN' ? command : undefined;
}

export function rejections(info: unknown): Rejection[] {
	if (typeof info !== 'object' || info === null) return [];
	const errors: unknown = Reflect.get(info, 'rejectedErrors');
	if (!Array.isArray(errors)) return [];
	return errors.map((error: unknown) => {
		const text = (name: string): string => {
			const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
			return typeof value === 'string' ? value : '';
		};
		return { recipient: text('recipient'), response: text('response') };
	});
}

/**
 * Passes each protocol line to the listener, if there is one. nodemailer reports commands and answers, and of a sign-in only the
 * command's name.
 */
export function overheard(account: Account, token: AccessToken): SMTPConnection.Options {
	const listen = account.listen?.('smtp');
	if (listen === undefined) return {};
	const hear = (entry: unknown, line: unknown): void => {
		const who: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'tnx') : undefined;
		if ((who === 'client' || who === 'server') && typeof line === 'string')
			listen(who === 'client' ? 'C' : 'S', token.hide(line.replace('/* secret */', HIDDEN)));
	};
	return { transactionLog: true, logger: { debug: hear, info: hear } };
}
