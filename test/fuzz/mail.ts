import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import { toItem, type ItemOptions } from '../../mail/item/item';
import type { More } from '../../mail/item/readMore/readMore';
import type { Random } from '../support/random';
import type { Target } from './drive';
import { damaged, nonsense } from './nonsense';

const CASES = join(__dirname, '..', 'cases', 'mail');
const MORE: readonly More[] = ['calendar', 'bounces', 'outlookFiles', 'nestedMails', 'markdown'];

const INVITATION = `From: bob@example.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:W. Europe\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=W. Europe:20261127T100000\r\nDTEND;TZID=W. Europe:20261127T110000\r\nRRULE:FREQ=DAILY;COUNT=3\r\nSUMMARY:talk\r\nORGANIZER;CN=Bob:mailto:bob@example.test\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgEBCIACAAQAAAAAAAEAAQABB5AGAAgAAADkBAAAAAAAAOg=\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: text/html\r\n\r\n<p>inner <table><tr><td>a</table>\r\n--b--\r\n`;
const BOUNCE = `From: MAILER-DAEMON@example.test\r\nSubject: Undelivered\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n--r\r\nContent-Type: text/plain\r\n\r\nno\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; nobody@example.test\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n\r\n--r\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <a@example.test>\r\n\r\n--r--\r\n`;

const PIECES = [
	...[
		'\r',
		'\n',
		'\r\n',
		'\r\n\r\n',
		'--b\r\n',
		'--b--\r\n',
		'--r\r\n',
		'\0',
		'\xff',
		'=',
		'==\r\n',
		'=3D',
		'=?utf-8?q?a?=',
		'=?x?b?%?=',
		'\t',
	],
	...[
		'Content-Type: multipart/mixed; boundary=b\r\n',
		'Content-Type: multipart/mixed; boundary=""\r\n',
		'Content-Type: message/rfc822\r\n',
	],
	...['Content-Transfer-Encoding: base64\r\n', 'Content-Transfer-Encoding: x-uuencode\r\n', 'Content-Type: text/html; charset=utf-16\r\n'],
	...["Content-Disposition: attachment; filename*0*=a''%00; filename*1=../b\r\n", 'Content-Type: application/ms-tnef\r\n\r\n', 'name="\\"'],
	...[
		'Date: Fri, 99 Foo 99999 99:99:99 +9999\r\n',
		'From: <<a@b>>, "x\r\n',
		'To: group: a@b, c;\r\n',
		'X: '.repeat(50),
		'<div>',
		'<!--',
		'&#x0;',
	],
	...['<table><tr><td>', '<style>', '<![if', 'BEGIN:VEVENT\r\n', 'RRULE:FREQ=SECONDLY;COUNT=999999999\r\n', 'DTSTART:99999999T999999Z\r\n'],
];

/** Any email: right ones with damage, or nonsense from the first byte on. */
export const mail: Target = {
	cpuMs: 10_000,
	open: async () => {
		const right = [
			...readdirSync(CASES)
				.filter((name) => name.endsWith('.eml'))
				.map((name) => readFileSync(join(CASES, name))),
			Buffer.from(INVITATION),
			Buffer.from(BOUNCE),
		];
		return {
			round: async (random) => {
				const bytes = random.chance(0.05) ? Buffer.from(nonsense(random, 200)) : damaged(random.pick(right), random, PIECES);
				return await taken(bytes, random);
			},
			close: async () => await Promise.resolve(),
		};
	},
};

/** An item comes of whatever comes; its texts can be stored, and its files have been read to their ends. */
async function taken(bytes: Buffer, random: Random): Promise<string> {
	let begun = 0;
	let ended = 0;
	const options: ItemOptions<string> = {
		format: random.pick(['simple', 'resolved', 'raw'] as const),
		downloadAttachments: random.chance(0.7),
		prefix: 'attachment_',
		headersOnly: random.chance(0.05),
		readMore: MORE.filter(() => random.chance(0.5)),
		store: async (content: Buffer | Readable, name: string | undefined) => {
			begun += 1;
			if (!Buffer.isBuffer(content)) for await (const _chunk of content);
			ended += 1;
			if (/[\0-\x1f/\\]/.test(name ?? '')) throw new Error(`A file is called ${JSON.stringify(name)}.`);
			return name ?? '';
		},
	};
	const { json } = await toItem(bytes, { uid: 1, uidValidity: '1', folder: 'INBOX', size: bytes.length }, options);
	if (begun !== ended) throw new Error(`${begun - ended} files were not read to their ends.`);
	if (JSON.stringify(json).length > 50 * bytes.length + 100_000) throw new Error('The item is many times larger than the email.');
	return json.parseError === undefined ? options.format : 'parseError';
}
