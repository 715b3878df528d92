import { Readable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { readHeaders } from '../../mail/collect/mailHead';
import { textOfHtml } from '../../mail/compose/textFromHtml';
import { quotableHtml } from '../../mail/compose/quotableHtml';
import { answer } from '../../mail/compose/reply';
import { diagnose } from '../../mail/diagnosis';
import { toItem } from '../../mail/item/item';
import { newText } from '../../mail/item/newText/newText';
import { redact, Secrets } from '../../mail/redact';
import { restorePem } from '../../mail/signIn/certificate';
import { AccessToken } from '../../mail/signIn/token';
import { figuresOf } from './figures';

/** In characters; the longer one is four times the shorter, so what grows with the square takes sixteen times as long. */
const [SHORT, LONG] = [100_000, 400_000];
/** A shorter time says nothing about growth: the machine has other things to do as well. */
const NO_TIME_MS = 400;

/** CPU time in ms: what others do on the machine does not count. */
async function cpuOf(work: () => unknown): Promise<number> {
	const before = process.cpuUsage();
	await work();
	const { user, system } = process.cpuUsage(before);
	return (user + system) / 1_000;
}

const token = new AccessToken(`EwB${'aB3dE5gH7j'.repeat(80)}`, 0);
const said = (text: string): Error => Object.assign(new Error(text), { response: text, responseText: text });

async function answered(html: string, original: string): Promise<string> {
	const { html: made } = await answer(
		{
			...{ messageId: '<a@example.test>', references: [], subject: original, date: '', threadIndex: '', threadTopic: original },
			...{ from: [{ name: original, address: 'grace@example.test' }], replyTo: [], to: [], cc: [] },
			...{ text: original, html: original, hasBody: true, hasFiles: false, headersOnly: false },
		},
		{ kind: 'reply', own: ['ada@example.test'], quote: true, timeZone: 'UTC', html },
	);
	return made ?? '';
}

/** Each takes a text that somebody else wrote. */
const JUDGES: Record<string, (text: string) => unknown> = {
	redact,
	'secrets by their parts': (text) => token.hide(text),
	'short secrets': (text) => new Secrets(['hunter2']).hide(text),
	'an answer of SMTP': (text) => diagnose(said(`550 ${text}`), { speaker: 'smtp', command: 'DATA', token }),
	'an answer of IMAP': (text) => diagnose(said(`NO ${text}`), { speaker: 'imap', command: 'SELECT', token }),
	'an answer of POP': (text) => diagnose(said(`-ERR ${text}`), { speaker: 'pop', command: 'RETR 1', token }),
	'words of Microsoft': (text) => diagnose(said(`AADSTS50034: ${text}`), { speaker: 'identity', secrets: ['a secret of some length'] }),
	'a private key': restorePem,
	'headers over POP': async (text) =>
		await readHeaders(Buffer.from(`Received: by x; ${text}\r\nDate: ${text}\r\nFrom: ${text}\r\nSubject: ${text}\r\n\r\n`)),
	'text from HTML': async (text) => await textOfHtml(text),
	'HTML that is quoted': async (text) => await quotableHtml(text),
	'an answer written by others': async (text) => await answered(text, 'a'),
	'an answer to an email of others': async (text) => await answered('<p>a</p>', text),
	'the new text of an answer': (text) => newText(text, true),
};

const PUMPS = [
	'a-',
	'(',
	'eyJ',
	'eyJhbGciOiJ.',
	'dXNlcj',
	'Bearer ',
	'"password":"\\',
	'code = ',
	'-----BEGIN PRIVATE KEY-----',
	'5.2.0 ',
	'4.3.2 ',
	'<div>',
	'<table><tr><td>',
	'</body>',
	'> ',
	'\n',
	'\r\n\r\n',
	'On 1/1/2026 a@b.c wrote:\n',
	'=?UTF-8?Q?=41?= ',
	'=?a?q?x',
	'aB3dE5gH7j',
	'. ',
	';',
];

describe.each(Object.entries(JUDGES))('text of strangers: %s', (name, judge) => {
	it('takes time in proportion to its length', async () => {
		const slow: string[] = [];
		await figuresOf(`text of ${LONG} characters: ${name}`, async () => {
			for (const pump of PUMPS) {
				const text = (length: number): string => pump.repeat(Math.ceil(length / pump.length));
				const long = await cpuOf(async () => await judge(text(LONG)));
				if (long < NO_TIME_MS) continue;
				const short = await cpuOf(async () => await judge(text(SHORT)));
				if (long > 9 * Math.max(short, NO_TIME_MS / 8))
					slow.push(`${JSON.stringify(pump)}: ${Math.round(short)} ms, then ${Math.round(long)} ms`);
			}
		});
		expect(slow).toEqual([]);
	});
});

describe('HTML of strangers that is quoted', () => {
	it('stands below each of 80,000 ends of a body, as late as can be', async () => {
		const html = `<p>new</p>${'</body>'.repeat(80_000)}`;
		const figures = await figuresOf('an answer with 80,000 ends of a body', async () => {
			expect(await answered(html, '<p>old</p>')).toMatch(/new<\/p>(?:<\/body>){79999}<br>.*<p>old<\/p><\/blockquote><\/body>$/s);
		});
		expect(figures.tookMs).toBeLessThan(30_000);
	});

	it.each([
		['longer than 1 MB', '<p>a</p>'.repeat(1_000_000)],
		['deeper than 500 elements', '<div>'.repeat(150_000)],
		['deeper than 500 elements in a table', '<table><tr><td>'.repeat(60_000)],
	])('goes as text where it is %s', async (name, html) => {
		const figures = await figuresOf(`quoted HTML ${name}`, async () => expect(await quotableHtml(html)).toBeUndefined());
		expect(figures.tookMs).toBeLessThan(30_000);
		expect(figures.memoryMb).toBeLessThan(300);
	});

	it('takes time in proportion to its length within these bounds', async () => {
		const html = (length: number): string =>
			`${'<div style="a:b;position:fixed">'.repeat(490)}${'<b title=x>a</b>'.repeat(Math.floor(length / 16))}`;
		const short = await cpuOf(async () => expect(await quotableHtml(html(200_000))).toBeDefined());
		const long = await cpuOf(async () => expect(await quotableHtml(html(800_000))).toBeDefined());
		expect(long).toBeLessThan(9 * Math.max(short, NO_TIME_MS / 4));
	});
});

describe('a file name of a stranger', () => {
	it('names no folder and holds no control character', async () => {
		const mail = [
			'Content-Type: multipart/mixed; boundary=b',
			'',
			'--b',
			'Content-Type: text/plain',
			'',
			'hello',
			'--b',
			'Content-Type: application/pdf',
			"Content-Disposition: attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpass%0D%0Awd%00.pdf",
			'',
			'x',
			'--b--',
			'',
		].join('\r\n');
		const names: Array<string | undefined> = [];
		const { json } = await toItem(
			Buffer.from(mail),
			{ uid: 1, uidValidity: '1', folder: 'INBOX', size: mail.length },
			{
				format: 'resolved',
				downloadAttachments: true,
				prefix: 'attachment_',
				store: async (content: Buffer | Readable, fileName: string | undefined) => {
					names.push(fileName);
					for await (const _chunk of typeof content === 'object' && content instanceof Buffer ? [] : content);
					return fileName;
				},
			},
		);
		expect(names).toHaveLength(1);
		expect(JSON.stringify(json)).not.toContain('../');
		for (const name of names) expect(name ?? '').not.toMatch(/[\0-\x1f/\\]/);
	});
});
