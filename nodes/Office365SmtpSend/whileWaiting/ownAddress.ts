import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** n8n's answer to a call of this node. */
export type OwnAnswer =
	| { state: 'done'; answer: Record<string, unknown> }
	/** n8n no longer has the execution, or the execution has ended. */
	| { state: 'gone' }
	/** n8n is busy with the execution, or cannot be reached. */
	| { state: 'failed'; reason: string };

/** After this time, in ms, a call counts as failed and is repeated later. */
const PATIENCE_MS = 60_000;
/** In bytes. An answer of this node has some hundred. */
const LARGEST = 100_000;
/** Distinguishes this node's answers from n8n's pages. */
export const OWN_TYPE = 'application/vnd.office365-mail.question+json';

/**
 * Calls the webhook of a waiting execution. First at this machine's own port, because many installations cannot reach themselves from
 * outside, then at the address in the link. Workers in queue mode have no port.
 */
export async function callOwn(link: string, body: object): Promise<OwnAnswer> {
	if (!URL.canParse(link)) return { state: 'failed', reason: 'its link cannot be used' };
	let last: OwnAnswer = { state: 'failed', reason: 'no address is known' };
	for (const url of addresses(link)) {
		last = await call(url, new URL(link).host, JSON.stringify(body)).catch((error: unknown): OwnAnswer => {
			return { state: 'failed', reason: error instanceof Error ? error.message || error.name : String(error) };
		});
		if (last.state !== 'failed') return last;
	}
	return last;
}

function addresses(link: string): URL[] {
	const outside = new URL(link);
	if (process.argv.includes('worker')) return [outside];
	const { N8N_PORT: port = '5678', N8N_PROTOCOL: protocol = 'http', N8N_LISTEN_ADDRESS: listens = '' } = process.env;
	const host = listens === '' || listens === '::' || listens === '0.0.0.0' ? 'localhost' : listens.includes(':') ? `[${listens}]` : listens;
	const inside = `${protocol}://${host}:${port}`;
	return URL.canParse(inside) ? [new URL(`${outside.pathname}${outside.search}`, inside), outside] : [outside];
}

/** @param host as the link has it, because n8n before 2.14 includes it in the signature */
async function call(url: URL, host: string, body: string): Promise<OwnAnswer> {
	const request = url.protocol === 'https:' ? requestHttps : requestHttp;
	return await new Promise((resolve, reject) => {
		const sent = request(
			url,
			{
				method: 'POST',
				headers: { host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
				timeout: PATIENCE_MS,
				agent: false,
			},
			(response) => {
				let text = '';
				response.setEncoding('utf8');
				response.on('data', (chunk: string) => {
					if (text.length < LARGEST) text += chunk;
				});
				response.once('error', reject);
				response.once('end', () => resolve(understand(response.statusCode ?? 0, response.headers['content-type'] ?? '', text)));
			},
		);
		sent.once('timeout', () => sent.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
		sent.once('error', reject);
		sent.end(body);
	});
}

/** n8n's own answers, read in 2.41.1 (waiting-webhooks.js): a page if an execution has ended, 404 if it does not exist, otherwise 409. */
function understand(status: number, type: string, text: string): OwnAnswer {
	if (type.startsWith(OWN_TYPE)) {
		const answer = objectIn(text);
		if (answer !== undefined) return { state: 'done', answer };
		return { state: 'failed', reason: `n8n answered with status ${status}, and the answer could not be read` };
	}
	const gone =
		(status === 200 && text.includes('No action required')) ||
		(status === 404 && text.includes('does not exist')) ||
		(status === 409 && text.includes('has finished'));
	return gone ? { state: 'gone' } : { state: 'failed', reason: `n8n answered with status ${status}` };
}

/** Returns undefined if the text was cut or emptied on its way. It is read in an event listener, where an error would end n8n. */
function objectIn(text: string): Record<string, unknown> | undefined {
	try {
		const answer: unknown = JSON.parse(text);
		return typeof answer === 'object' && answer !== null ? { ...answer } : undefined;
	} catch {
		return undefined;
	}
}
