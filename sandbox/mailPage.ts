import { readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';

import PostalMime, { type Email } from 'postal-mime';

import { bounce, invoice, letter } from './sampleMails';
import type { Sandbox } from './servers';
import { escapeHtml } from '../mail/escapeHtml';

/**
 * A page for `npm start` on which people see every email in the sandbox's mailboxes, received and sent, as an email program shows it, and let
 * emails arrive. It reads the files of the mailboxes, so looking changes nothing.
 */
export class MailPage {
	readonly #server: Server;

	constructor(private readonly sandbox: Pick<Sandbox, 'messages' | 'deliver'> & { dovecot: Pick<Sandbox['dovecot'], 'mailFolder'> }) {
		this.#server = createServer((request, response) => {
			response.setHeader('content-type', 'text/html; charset=utf-8');
			const asked = new URL(request.url ?? '/', this.url);
			const answer = request.method === 'POST' ? this.#write(request).then(() => this.#answer(asked)) : this.#answer(asked);
			answer
				.then((html) => response.end(html))
				.catch((error: unknown) => {
					response.statusCode = 500;
					response.end(page('Error', `<p>${escapeHtml(error instanceof Error ? error.message : String(error))}</p>`));
				});
		});
	}

	get url(): string {
		const address = this.#server.address();
		return `http://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`;
	}

	async start(): Promise<void> {
		await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async #answer({ searchParams }: URL): Promise<string> {
		const [mailbox, folder, number] = ['mailbox', 'folder', 'number'].map((name) => searchParams.get(name) ?? '');
		if (mailbox === undefined || !(await this.#mailboxes()).includes(mailbox)) return await this.#overview();
		if (folder === undefined || !(await this.#folders(mailbox)).includes(folder)) return await this.#list(mailbox);
		const mail = (await this.sandbox.messages(mailbox, folder))[Number(number)];
		return mail === undefined ? await this.#list(mailbox) : shown(await PostalMime.parse(mail), mailbox);
	}

	async #overview(): Promise<string> {
		const rows = (await this.#mailboxes()).map((mailbox) => `<li><a href="${address({ mailbox })}">${escapeHtml(mailbox)}</a>`);
		return page('Mailboxes of the sandbox', `<ul>${rows.join('')}</ul><p>Others appear here with the first email that they get.</p>`);
	}

	async #list(mailbox: string): Promise<string> {
		const parts = await Promise.all(
			(await this.#folders(mailbox)).map(async (folder) => {
				const mails = await Promise.all((await this.sandbox.messages(mailbox, folder)).map(async (mail) => await PostalMime.parse(mail)));
				const rows = mails.map(
					(mail, number) =>
						`<li><a href="${address({ mailbox, folder, number: String(number) })}">${escapeHtml(mail.subject ?? '(no subject)')}</a> <small>${escapeHtml(who(mail))}</small>`,
				);
				return `<h2>${escapeHtml(folder)}</h2><ol reversed>${rows.reverse().join('') || '<p>empty</p>'}</ol>`;
			}),
		);
		return page(mailbox, `<p><a href="/">All mailboxes</a></p>${WRITE}${parts.join('')}`);
	}

	/** Lets an email arrive as the form on a mailbox's page says. */
	async #write(request: IncomingMessage): Promise<void> {
		// A page of somebody else's must not fill the mailboxes.
		if (request.headers.origin !== undefined && request.headers.origin !== this.url) throw new Error('This form belongs to another page.');
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(Buffer.from(chunk));
		const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
		const to = new URL(request.url ?? '/', this.url).searchParams.get('mailbox') ?? '';
		if (!(await this.#mailboxes()).includes(to)) throw new Error('There is no such mailbox.');
		const field = (name: string): string => form.get(name) ?? '';
		const given = { from: field('from'), to, subject: field('subject'), text: field('text') };
		const kind = field('kind');
		await this.sandbox.deliver(to, kind === 'bounce' ? bounce(given, field('from')) : kind === 'invoice' ? invoice(given) : letter(given));
	}

	async #mailboxes(): Promise<string[]> {
		return (await readdir(this.sandbox.dovecot.mailFolder)).filter((name) => name.includes('@')).sort();
	}

	/** A folder of a Maildir is a subfolder with a dot; levels are divided by dots too. */
	async #folders(mailbox: string): Promise<string[]> {
		const names = (await readdir(`${this.sandbox.dovecot.mailFolder}/${mailbox}`)).filter((name) => name.startsWith('.'));
		return ['INBOX', ...names.map((name) => name.slice(1).replaceAll('.', '/')).sort()];
	}
}

const WRITE = `<details><summary>Let an email arrive here</summary><form method="post">
<label>From <input name="from" value="Bob &#60;bob@example.test&#62;" required></label>
<label>Subject <input name="subject" value="Where is my order?" required></label>
<label>Text <textarea name="text" rows="4">Order 19 has not come yet.</textarea></label>
<label>Kind <select name="kind"><option value="letter">a letter</option><option value="invoice">a letter with a PDF file</option>
<option value="bounce">a report that the address under From does not work</option></select></label>
<button>Deliver</button></form></details>`;

const who = ({ from, date }: Email): string =>
	[from?.name ?? '', from?.address ?? '', date?.slice(0, 16).replace('T', ' ') ?? ''].filter((text) => text !== '').join(' · ');

function shown(mail: Email, mailbox: string): string {
	const files = mail.attachments.map(
		({ filename, mimeType }) => `<li>${escapeHtml(filename ?? '(no name)')} <small>${escapeHtml(mimeType)}</small>`,
	);
	// The frame runs no scripts; its links open in a tab of their own.
	const body =
		mail.html === undefined
			? `<pre>${withLinks(escapeHtml(mail.text ?? ''))}</pre>`
			: `<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="${escapeHtml(`<base target="_blank">${withPictures(mail.html, mail)}`)}"></iframe>`;
	const to = (mail.to ?? []).map(({ address: one }) => one ?? '').join(', ');
	return page(
		mail.subject ?? '(no subject)',
		`<p><a href="${address({ mailbox })}">${escapeHtml(mailbox)}</a></p><p>From: ${escapeHtml(who(mail))}<br>To: ${escapeHtml(to)}</p>${body}${files.length > 0 ? `<h2>Files</h2><ul>${files.join('')}</ul>` : ''}`,
	);
}

/** @param text escaped already; quotes in it end an address */
const withLinks = (text: string): string =>
	text.replaceAll(
		/https?:\/\/(?:(?!&(?:quot|lt|gt|#x27);)[^\s<>"'])+/g,
		(link) => `<a href="${link}" target="_blank" rel="noopener">${link}</a>`,
	);

/** Pictures that came with the email, in place of their Content-IDs. */
function withPictures(html: string, { attachments }: Email): string {
	return attachments.reduce((text, { contentId, content, mimeType }) => {
		if (contentId === undefined || !(content instanceof ArrayBuffer)) return text;
		return text.replaceAll(`cid:${contentId.replace(/[<>]/g, '')}`, `data:${mimeType};base64,${Buffer.from(content).toString('base64')}`);
	}, html);
}

const address = (fields: Record<string, string>): string => `/?${escapeHtml(new URLSearchParams(fields).toString())}`;

const page = (
	title: string,
	body: string,
): string => `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'">
<title>${escapeHtml(title)}</title><style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}iframe{width:100%;height:28rem;border:1px solid #8888;background:#fff}pre{white-space:pre-wrap}small{opacity:.7}label{display:block;margin:.5rem 0}input,textarea,select{font:inherit;width:100%;box-sizing:border-box}</style>
<h1>${escapeHtml(title)}</h1>${body}`;
