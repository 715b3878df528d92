import { describe, expect, it } from 'vitest';

import { readBounce } from '../../../../mail/item/report/bounce';
import { readReceipt } from '../../../../mail/item/report/receipt';
import type { ReportSource } from '../../../../mail/item/report/report';

function source(headers: Record<string, string>, text: string, parts: Partial<ReportSource> = {}): ReportSource {
	const known = new Map(Object.entries(headers));
	return { header: (name) => known.get(name) ?? '', has: (name) => known.has(name), text, decode: (value) => value, ...parts };
}

const DAEMON = {
	from: 'Mail Delivery System <MAILER-DAEMON@mx.example.com>',
	to: 'ada@example.com',
	subject: 'Undelivered Mail Returned to Sender',
};

describe('a report on delivery', () => {
	it('of Exchange Online names recipient, status, reason and the mail that was sent', () => {
		const bounce = readBounce(
			source(
				{ from: 'Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.com>', 'in-reply-to': '<1@example.com>' },
				'',
				{
					deliveryStatus: [
						'Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.exchangelabs.com',
						'Received-From-MTA: dns;DB3PR01MB0002.eurprd01.prod.exchangelabs.com',
						'Arrival-Date: Tue, 3 Nov 2026 09:00:00 +0000',
						'',
						'Final-Recipient: rfc822;bob@example.org',
						'Action: failed',
						'Status: 5.1.10',
						'Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient',
						'  bob@example.org not found by SMTP address lookup',
						'Remote-MTA: dns;mx.example.org',
					].join('\r\n'),
					original: 'Message-ID: <1@example.com>\r\nSubject: Offer\r\nTo: bob@example.org\r\n\r\nText',
				},
			),
		);
		expect(bounce).toEqual({
			kind: 'failed',
			permanent: true,
			recipients: [
				{
					address: 'bob@example.org',
					action: 'failed',
					status: '5.1.10',
					reason: '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient bob@example.org not found by SMTP address lookup',
					remoteServer: 'mx.example.org',
				},
			],
			reportingServer: 'AM0PR01MB0001.eurprd01.prod.exchangelabs.com',
			originalMessageId: '<1@example.com>',
			originalSubject: 'Offer',
			originalTo: 'bob@example.org',
		});
	});

	it('of Postfix with two recipients, of which one is delayed, has both', () => {
		const deliveryStatus =
			'Reporting-MTA: dns; mx.example.com\nX-Postfix-Queue-ID: 4F\n\nFinal-Recipient: rfc822; bob@example.org\nOriginal-Recipient: rfc822;sales@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\nFinal-Recipient: rfc822; carol@example.net\nAction: delayed\nStatus: 4.4.1\n';
		expect(readBounce(source(DAEMON, '', { deliveryStatus }))).toMatchObject({
			kind: 'failed',
			recipients: [
				{ address: 'bob@example.org', originalRecipient: 'sales@example.org', action: 'failed' },
				{ address: 'carol@example.net', action: 'delayed', status: '4.4.1' },
			],
		});
	});

	it.each([
		['delayed', '4.4.7', 'delayed'],
		['delivered', '2.0.0', 'delivered'],
		['relayed', '2.0.0', 'delivered'],
		['expanded', '2.0.0', 'delivered'],
		['failed', '4.4.7', 'failed'],
		['', '4.4.7', 'delayed'],
	])('with action "%s" and status %s is %s, and not permanent', (action, status, kind) => {
		const deliveryStatus = `Reporting-MTA: dns;mx\n\nFinal-Recipient: rfc822;bob@example.org\n${action === '' ? '' : `Action: ${action}\n`}Status: ${status}`;
		expect(readBounce(source(DAEMON, '', { deliveryStatus }))).toMatchObject({ kind, permanent: false });
	});

	it.each([
		['gmail-smtp-in.l.google.com. (192.0.2.1, the server for the domain example.org.)', 'gmail-smtp-in.l.google.com'],
		['mx.example.org [192.0.2.1]', 'mx.example.org'],
		['[192.0.2.1]', '[192.0.2.1]'],
	])('names only the host of the server: %s', (mta, remoteServer) => {
		const deliveryStatus = `Reporting-MTA: dns; ${mta}\n\nFinal-Recipient: rfc822;bob@example.org\nRemote-MTA: dns; ${mta}`;
		expect(readBounce(source(DAEMON, '', { deliveryStatus }))).toMatchObject({
			recipients: [{ remoteServer }],
			reportingServer: remoteServer,
		});
	});

	it('has both recipients where no blank line separates them', () => {
		const deliveryStatus =
			'Reporting-MTA: dns;mx\n\nFinal-Recipient: rfc822;bob@example.org\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822;carol@example.net\nAction: delayed\nStatus: 4.4.1\n';
		expect(readBounce(source(DAEMON, '', { deliveryStatus }))).toMatchObject({
			recipients: [
				{ address: 'bob@example.org', action: 'failed', status: '5.1.1' },
				{ address: 'carol@example.net', action: 'delayed', status: '4.4.1' },
			],
		});
	});

	it('has the address without the comment behind it', () => {
		const deliveryStatus = 'Reporting-MTA: dns;mx\n\nFinal-Recipient: rfc822; <bob@example.org> (Bob)\nAction: failed';
		expect(readBounce(source(DAEMON, '', { deliveryStatus }))).toMatchObject({ recipients: [{ address: 'bob@example.org' }] });
	});

	it('that a person passes on is none', () => {
		const deliveryStatus = 'Reporting-MTA: dns;mx\n\nFinal-Recipient: rfc822;bob@example.org\nAction: failed';
		const bounce = (headers: Record<string, string>): unknown => readBounce(source(headers, '', { deliveryStatus }));
		const from = 'Ada <ada@example.com>';
		expect(bounce({ from, 'content-type': 'multipart/mixed; boundary=x' })).toBeUndefined();
		expect(bounce({ from, 'content-type': 'multipart/report; boundary=x' })).toBeDefined();
		expect(bounce({ from, 'content-type': 'multipart/mixed; boundary=x', 'return-path': '<>' })).toBeDefined();
	});

	it('is read where the status has CR only, capitals and blanks before colons', () => {
		const deliveryStatus =
			'REPORTING-MTA : dns;mx\r\rFINAL-RECIPIENT : RFC822; <bob@example.org>\rACTION : FAILED\rSTATUS : 5.2.2 (mailbox full)';
		expect(readBounce(source(DAEMON, '', { deliveryStatus }))).toMatchObject({
			kind: 'failed',
			recipients: [{ address: 'bob@example.org', status: '5.2.2' }],
		});
	});
});

describe("a report in a mail server's own words", () => {
	it('of Exim is read', () => {
		const text = `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  bob@example.org
    host mx.example.org [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<bob@example.org>:
    550 5.1.1 No such user

------ This is a copy of the message, including all the headers. ------

Return-path: <ada@example.com>
Message-ID: <7@example.com>
Subject: Offer
To: bob@example.org

Hello`;
		expect(readBounce(source({ ...DAEMON, 'x-failed-recipients': 'bob@example.org' }, text))).toEqual({
			kind: 'failed',
			permanent: true,
			recipients: [
				{ address: 'bob@example.org', action: 'failed', status: '5.1.1', reason: '550 5.1.1 No such user', remoteServer: 'mx.example.org' },
			],
			reportingServer: '',
			originalMessageId: '<7@example.com>',
			originalSubject: 'Offer',
			originalTo: 'bob@example.org',
		});
	});

	it('of qmail is read', () => {
		const text = `Hi. This is the qmail-send program at example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<bob@example.org>:
192.0.2.1 does not like recipient.
Remote host said: 550 sorry, no mailbox here by that name
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Return-Path: <ada@example.com>
Subject: Offer
Message-ID: <8@example.com>`;
		expect(readBounce(source(DAEMON, text))).toMatchObject({
			kind: 'failed',
			recipients: [
				{
					address: 'bob@example.org',
					status: '5.0.0',
					reason: 'Remote host said: 550 sorry, no mailbox here by that name',
					remoteServer: '',
				},
			],
			originalMessageId: '<8@example.com>',
			originalSubject: 'Offer',
		});
	});

	it.each([
		['English', 'Delivery has failed to these recipients or groups:', 'Original message headers:'],
		['German', 'Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:', 'Ursprüngliche Nachrichtenkopfzeilen:'],
	])('of Exchange is read, in %s', (_language, begin, headers) => {
		const text = `${begin}\n\nbob@example.org (bob@example.org)\nYour message couldn't be delivered.\n\nDiagnostic information for administrators:\n\nGenerating server: AM0PR01.eurprd01.prod.outlook.com\n\nbob@example.org\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found'\n\n${headers}\n\nReceived: from x by y\nMessage-ID: <9@example.com>\nSubject: Offer`;
		expect(
			readBounce(
				source({ 'x-ms-exchange-message-is-ndr': '', from: 'Microsoft Outlook <outlook@example.com>', to: 'ada@example.com' }, text),
			),
		).toMatchObject({
			kind: 'failed',
			recipients: [
				{
					address: 'bob@example.org',
					status: '5.1.10',
					reason: "Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found'",
				},
			],
			originalMessageId: '<9@example.com>',
		});
	});

	it('of Gmail is read', () => {
		const text =
			'Delivery to the following recipient failed permanently:\n\n     bob@example.org\n\nTechnical details of permanent failure:\nGoogle tried to deliver your message, but it was rejected by the server.\n\nThe error that the other server returned was:\n550 5.1.1 The email account that you tried to reach does not exist.\n\n----- Original message -----\n\nMessage-ID: <10@example.com>\nSubject: Offer';
		expect(readBounce(source(DAEMON, text))).toMatchObject({
			recipients: [{ address: 'bob@example.org', status: '5.1.1' }],
			originalMessageId: '<10@example.com>',
		});
	});

	it('of GMX and WEB.DE is read', () => {
		const text = `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of
its recipients. This is a permanent error. The following address
failed:

bob@example.org:
SMTP error from remote server for RCPT TO command, host: mx.example.org (192.0.2.1) reason: 552 5.2.2 Mailbox full

--- The header of the original message is following. ---

Received: from [192.0.2.7] by 3c-app.example.com
Message-ID: <trinity-1@example.com>
To: bob@example.org
Subject: Offer`;
		expect(readBounce(source(DAEMON, text))).toMatchObject({
			recipients: [{ address: 'bob@example.org', status: '5.2.2', remoteServer: 'mx.example.org' }],
			originalMessageId: '<trinity-1@example.com>',
			originalSubject: 'Offer',
			originalTo: 'bob@example.org',
		});
	});

	it('of T-Online is read, with the frame around the beginning of the copy', () => {
		const text = `|------------------------- Message log follows: -------------------------|
 no valid recipients were found for this message
|------------------------- Failed addresses follow: ---------------------|
 <bob@example.org> ... unknown user
|------------------------- Message text follows: ------------------------|

Received: from mx.example.com by fwd.example.com
Message-ID: <11@example.com>
To: bob@example.org
Subject: Offer`;
		expect(readBounce(source(DAEMON, text))).toMatchObject({
			recipients: [{ address: 'bob@example.org', reason: expect.not.stringContaining('|--') }],
			originalMessageId: '<11@example.com>',
			originalSubject: 'Offer',
		});
	});

	it.each([
		['host mx.example.org. said: 550 5.1.1 no', 'mx.example.org'],
		['host store[192.0.2.1] said: 550 5.1.1 no', 'store'],
		['The remote host said: 550 5.1.1 no', ''],
	])('names the server of: %s', (line, remoteServer) => {
		expect(readBounce(source(DAEMON, `<bob@example.org>:\n${line}`))).toMatchObject({ recipients: [{ remoteServer }] });
	});

	it.each(['headers', 'contents'])('of MailEnable is read, with the %s of the copy', (copy) => {
		const text = `MailEnable: Message could not be delivered to some recipients.
The following recipient(s) could not be reached:

	Recipient: [SMTP:bob@example.org]
	Reason: Remote SMTP Server Returned: 550 No such user


Message ${copy} follow:

Message-ID: <1@example.com>
Subject: Offer`;
		const headers = { from: 'Postmaster <postmaster@example.net>', to: 'ada@example.com', subject: 'Message Delivery Failure' };
		expect(readBounce(source(headers, text))).toMatchObject({
			kind: 'failed',
			recipients: [{ address: 'bob@example.org', status: '5.0.0', reason: 'Reason: Remote SMTP Server Returned: 550 No such user' }],
			originalMessageId: '<1@example.com>',
			originalSubject: 'Offer',
		});
	});

	it('names an address without the quotes around it', () => {
		expect(readBounce(source(DAEMON, "Failed to deliver to 'bob@example.org'\n550 5.1.1 no"))).toMatchObject({
			recipients: [{ address: 'bob@example.org' }],
		});
	});

	it('that a mail is late is no failure', () => {
		const text =
			'This is an automatically generated Delivery Status Notification.\n\nTHIS IS A WARNING MESSAGE ONLY.\n\nDelivery to the following recipients has been delayed.\n\n       bob@example.org\n';
		expect(readBounce(source({ ...DAEMON, subject: 'Delivery delayed' }, text))).toMatchObject({
			kind: 'delayed',
			permanent: false,
			recipients: [{ action: 'delayed' }],
		});
	});

	const EXCHANGE = 'Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.com>';

	it.each([
		['in English', 'Undeliverable: Offer', ''],
		['in English, without its subject', 'Offer', 'Your message couldn’t be delivered.'],
		['in German', 'Unzustellbar: Angebot', ''],
		['in German, without its subject', 'Angebot', 'Ihre Nachricht konnte nicht zugestellt werden.'],
		['in French', 'Non remis : Offre', ''],
		['in French, without its subject', 'Offre', "Votre message n'a pas pu être remis."],
		['in Spanish', 'No se puede entregar: Oferta', ''],
		['in Portuguese', 'Não é possível entregar: Oferta', ''],
		['in Italian', 'Non recapitabile: Offerta', ''],
		['in Dutch', 'Onbestelbaar: Offerte', ''],
		['in Swedish', 'Det går inte att leverera: Offert', ''],
		['in Danish', 'Kan ikke leveres: Tilbud', ''],
		['in Finnish', 'Ei voida toimittaa: Tarjous', ''],
		['in Polish', 'Niedostarczone: Oferta', ''],
		['in Czech', 'Nedoručitelné: Nabídka', ''],
		['in Hungarian', 'Kézbesíthetetlen: Ajánlat', ''],
		['in Russian', 'Недоставлено: Offer', ''],
		['in Turkish', 'Teslim Edilemedi: Offer', ''],
		['in Japanese', '配信不能: Offer', ''],
		['in Chinese', '无法传递: Offer', ''],
		['in Korean', '배달되지 않음: Offer', ''],
		['with nothing but a code', 'Offer', 'Remote Server returned 550 5.1.1'],
		['with nothing but a reply', 'Offer', "Remote Server returned '550 no such user'"],
	])('counts if it comes from the address of a postmaster: %s', (_how, subject, text) => {
		for (const from of ['postmaster@example.org', EXCHANGE])
			expect(readBounce(source({ from, to: 'ada@example.com', subject }, `bob@example.org\n${text}`))).toMatchObject({
				kind: 'failed',
				recipients: [{ address: 'bob@example.org' }],
			});
	});

	it('of a delay counts if it comes from the address of a postmaster', () => {
		const headers = { from: EXCHANGE, to: 'ada@example.com', subject: 'Delivery delayed: Offer' };
		expect(readBounce(source(headers, 'bob@example.org\nThis message has not yet been delivered.'))).toMatchObject({ kind: 'delayed' });
	});

	it.each([
		[
			'a list of emails in quarantine',
			'Your quarantine digest',
			'Sender:\nbob@example.org\nSubject: Undeliverable: Offer\nNo action is required.',
		],
		['a mailbox that is nearly full', 'Your mailbox is almost full', '480 MB of 500 MB\nPlease write to helpdesk@example.org.'],
		['a moderator who has to decide', 'Message waiting for approval', 'Your message to sales@example.org waits for its moderator.'],
		['a report on DMARC', 'Report domain: example.com', 'For questions write to dmarc@example.org. Made by version 4.1.2.'],
		['a person', 'Re: Your question', 'Our answer is delayed. Please write to bob@example.org, who is here until 17:00.'],
	])('is not taken from what a postmaster writes of %s', (_what, subject, text) => {
		for (const from of ['Bob <postmaster@example.org>', EXCHANGE])
			expect(readBounce(source({ from, to: 'ada@example.com', subject }, text))).toBeUndefined();
	});

	it.each([
		['postmaster@example.org', 'Automatic reply: Undeliverable mail'],
		['postmaster@example.org', 'Automatische Antwort: Angebot'],
		['MAILER-DAEMON@example.org', 'Out of Office: Offer'],
	])('is not taken from an automatic answer of %s with the subject "%s"', (from, subject) => {
		const headers = { from, to: 'ada@example.com', subject, 'auto-submitted': 'auto-replied' };
		expect(readBounce(source(headers, 'I am away. Mail that could not be delivered goes to bob@example.org.'))).toBeUndefined();
		expect(readBounce(source({ ...headers, subject: 'Undeliverable: Offer' }, 'bob@example.org'))).toBeDefined();
	});

	it.each([
		[
			'of Domino',
			'Your message\n\n  Subject: Offer\n\nwas not delivered to:\n\n  bob@example.org\n\nbecause:\n\n  User bob (bob@example.org) not listed in Domino Directory',
			{ address: 'bob@example.org', reason: 'User bob (bob@example.org) not listed in Domino Directory' },
		],
		[
			'of Yahoo',
			"<bob@example.org>:\n554: delivery error: dd This user doesn't have an account (bob@example.org)",
			{ status: '5.0.0', reason: "554: delivery error: dd This user doesn't have an account (bob@example.org)" },
		],
		['in the line of the address', '<bob@example.org> ... unknown user', { reason: '<bob@example.org> ... unknown user' }],
	])('has the reason %s', (_whose, text, recipient) => {
		expect(readBounce(source(DAEMON, text))).toMatchObject({ recipients: [recipient] });
	});

	it.each([
		[
			'a person who writes of one',
			{ from: 'Bob <bob@example.org>', to: 'ada@example.com' },
			'Your mail to carol@example.org failed: 550 5.1.1 User unknown',
		],
		[
			'an answer of an absent postmaster',
			{ from: 'postmaster@example.org', to: 'ada@example.com' },
			'I am away until Monday. Write to ada@example.com.',
		],
	])('is not taken from %s', (_name, headers, text) => {
		expect(readBounce(source(headers, text))).toBeUndefined();
	});
});

describe('a read receipt', () => {
	it.each([
		['automatic-action/MDN-sent-automatically; displayed', 'read', true],
		['manual-action/MDN-sent-manually; displayed', 'read', false],
		['automatic-action/MDN-sent-automatically; deleted', 'deleted', true],
		['manual-action/MDN-sent-manually;deleted/error', 'deleted', false],
		['automatic-action/MDN-sent-automatically; processed', 'processed', true],
		['automatic-action/MDN-sent-automatically; denied', 'other', true],
	])('"%s" is %s', (disposition, kind, automatic) => {
		const text = `Reporting-UA: example\r\nFinal-Recipient: rfc822;bob@example.org\r\nOriginal-Message-ID: <1@example.com>\r\nDisposition: ${disposition}\r\n`;
		expect(readReceipt(source({}, '', { disposition: text }))).toMatchObject({
			kind,
			automatic,
			recipient: 'bob@example.org',
			originalMessageId: '<1@example.com>',
		});
	});

	it('names the email by its Message-ID, also without brackets', () => {
		const disposition = 'Final-Recipient: rfc822;bob@example.org\nOriginal-Message-ID: 1@example.com\nDisposition: x; displayed';
		expect(readReceipt(source({}, '', { disposition }))).toMatchObject({ originalMessageId: '<1@example.com>' });
	});

	it('is none without its part', () => {
		expect(readReceipt(source({ subject: 'Read: Offer' }, 'Your message was read'))).toBeUndefined();
	});
});

describe('hostile reports', () => {
	it.each([
		['a million recipients', { deliveryStatus: 'Final-Recipient: rfc822;a@example.org\n\n'.repeat(300_000) }, ''],
		['a field folded for ever', { deliveryStatus: `Final-Recipient: rfc822;a@b.c\nDiagnostic-Code: x${'\n y'.repeat(500_000)}` }, ''],
		['addresses without end', {}, 'a@b.c '.repeat(300_000)],
		['what is nearly an address', {}, `${`${'a.'.repeat(400)}\n`.repeat(2_000)}`],
		['signs of addresses', {}, `${'@'.repeat(900)}\n`.repeat(2_000)],
		['dots behind an at', {}, `${'a@b.'.repeat(220)}\n`.repeat(2_000)],
		['markers', {}, `${'-'.repeat(900)}\n`.repeat(2_000)],
	])('of %s take no time', (_name, parts, text) => {
		const begin = performance.now();
		const bounce = readBounce(source(DAEMON, text, parts));
		expect(performance.now() - begin).toBeLessThan(60_000);
		expect(JSON.stringify(bounce ?? {}).length).toBeLessThan(400_000);
	});
});
