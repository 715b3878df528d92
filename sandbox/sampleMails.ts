import { randomBytes } from 'node:crypto';

/** What `npm start` puts into the mailboxes, and what people let arrive from the page of emails. */
interface Letter {
	from: string;
	to: string;
	subject: string;
	text: string;
}

const multipart = (type: string, ...parts: string[]): { head: string[]; body: string } => ({
	head: ['MIME-Version: 1.0', `Content-Type: ${type}; boundary=b`],
	body: [...parts.map((part) => `--b\r\n${part}`), '--b--'].join('\r\n'),
});

const written = (text: string): string => `Content-Type: text/plain; charset=utf-8\r\n\r\n${text.replace(/\r?\n/g, '\r\n')}`;

/** A header has one line. */
const line = (text: string): string => text.replace(/\s+/g, ' ').trim();

function email({ from, to, subject }: Omit<Letter, 'text'>, { head, body }: { head: string[]; body: string }): string {
	return [
		`From: ${line(from)}`,
		`To: ${to}`,
		`Subject: ${line(subject)}`,
		`Date: ${new Date().toUTCString()}`,
		`Message-ID: <${randomBytes(9).toString('hex')}@example.test>`,
		...head,
		'',
		body,
		'',
	].join('\r\n');
}

export function letter(given: Letter): string {
	return email(given, multipart('multipart/mixed', written(given.text)));
}

/** The same with a PDF file. */
export function invoice(given: Letter): string {
	const pdf = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
	const head = 'Content-Disposition: attachment; filename=invoice-17.pdf\r\nContent-Transfer-Encoding: base64';
	return email(
		given,
		multipart('multipart/mixed', written(given.text), `Content-Type: application/pdf; name=invoice-17.pdf\r\n${head}\r\n\r\n${pdf}`),
	);
}

/** The report of a mail server that an email did not reach somebody (RFC 3464). */
export function bounce({ to }: Pick<Letter, 'to'>, address: string): string {
	const [bare = ''] = /[^\s<>]+@[^\s<>]+/.exec(address) ?? [];
	const recipient = `Final-Recipient: rfc822; ${bare}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 No such mailbox`;
	return email(
		{ from: 'Mail Delivery System <postmaster@example.test>', to, subject: 'Undeliverable' },
		multipart(
			'multipart/report; report-type=delivery-status',
			written('Your email was not delivered.'),
			`Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.test\r\n\r\n${recipient}\r\n`,
		),
	);
}
