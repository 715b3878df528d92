import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A failure of the identity platform, as Microsoft words it. */
export interface Failure {
	error: string;
	/** Number after AADSTS. */
	aadsts: number;
	description: string;
	/** Default 400. */
	status?: number;
	retryAfterSeconds?: number;
	/** The trace ids come on lines of their own, as in Microsoft's documents, or behind the sentence, as mostly seen. */
	idsOnLines?: boolean;
}

/** Microsoft's error body: https://learn.microsoft.com/entra/identity-platform/reference-error-codes#handling-error-codes-in-your-application */
export function refuse(response: ServerResponse, failure: Failure): void {
	const trace = randomUUID();
	const correlation = randomUUID();
	const timestamp = new Date().toISOString().replace('T', ' ').replace(/\.\d+/, '');
	if (failure.retryAfterSeconds !== undefined) response.setHeader('retry-after', String(failure.retryAfterSeconds));
	const ids = [`Trace ID: ${trace}`, `Correlation ID: ${correlation}`, `Timestamp: ${timestamp}`];
	json(response, failure.status ?? 400, {
		error: failure.error,
		error_description: [`AADSTS${failure.aadsts}: ${failure.description}`, ...ids].join(failure.idsOnLines === true ? '\r\n' : ' '),
		error_codes: [failure.aadsts],
		timestamp,
		trace_id: trace,
		correlation_id: correlation,
		error_uri: `https://login.microsoftonline.com/error?code=${failure.aadsts}`,
	});
}

export function json(response: ServerResponse, status: number, body: object): void {
	response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}

/** A page of the sign-in; `html` is put in as it is. */
export function page(response: ServerResponse, status: number, html: string): void {
	const style =
		':root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:3em auto;padding:0 1em}' +
		'button{display:block;margin:.5em 0;padding:.7em 1em;width:100%;font:inherit}';
	response
		.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
		.end(
			`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Sign in</title><style>${style}</style>${html}`,
		);
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(Buffer.from(chunk));
	return Buffer.concat(chunks).toString('utf8');
}
