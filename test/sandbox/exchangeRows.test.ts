import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type { MailFault } from '../../sandbox/servers/exchange/mailFaults';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers/index';
import { dial, dialSmtp, xoauth2, type Conversation } from './conversation';

/**
 * What Exchange Online is known to do, row by row, each done by the sandbox itself; exchange.test.ts has the longer stories.
 * No server can show these, so no test is here: hosts and ports of the clouds (everything is on loopback; test/mail has the table),
 * what admins do in portals and PowerShell, the 90 days of refresh tokens as time that passes (`revoke` ends them), dates at
 * which Microsoft changes something, limits of a whole tenant, and High Volume Email, of which nobody has shown a transcript.
 */
let sandbox: Sandbox;
const ADA = 'ada@example.test';
const SHARED = 'shared@example.test';
const open: Conversation[] = [];
let count = 0;

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 });

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => {
	for (const one of open.splice(0)) one.end();
	sandbox.exchange.reset();
	sandbox.exchange.drop();
	sandbox.identity.recover();
});
afterAll(async () => await sandbox.stop());

const token = async (claims: Parameters<Sandbox['identity']['accessToken']>[0] = {}): Promise<string> =>
	await sandbox.identity.accessToken({ ...(claims.roles === undefined && { mailbox: ADA }), ...claims });

function kept<T extends Conversation>(one: T): T {
	open.push(one);
	return one;
}

/** The answers to a sign-in of each protocol, whatever it is that stands in place of the response. */
async function answers(response: string): Promise<{ imap: string; pop: string; smtp: string }> {
	const imap = kept(await dial(sandbox.exchange.imap));
	const pop = kept(await dial(sandbox.exchange.pop));
	const smtp = kept(await dialSmtp(sandbox.exchange.smtp));
	await imap.line();
	await pop.line();
	await pop.say('AUTH XOAUTH2');
	return {
		imap: (await imap.say(`a AUTHENTICATE XOAUTH2 ${response}`)) ?? '',
		pop: (await pop.say(response)) ?? '',
		smtp: (await smtp.say(`AUTH XOAUTH2 ${response}`)) ?? '',
	};
}

const REFUSED = {
	imap: 'a NO AUTHENTICATE failed.',
	pop: '-ERR Authentication failure: unknown user name or bad password.',
	smtp: '535 5.7.3 Authentication unsuccessful',
};
const ACCEPTED = {
	imap: 'a OK AUTHENTICATE completed.',
	pop: '+OK User successfully logged on.',
	smtp: '235 2.7.0 Authentication successful',
};

/** A signed-in SMTP session; `send` gives the last answer of a mail to so many recipients. */
async function submitter(
	user = ADA,
	claims: Parameters<typeof token>[0] = {},
): Promise<Conversation & { send: (from?: string, recipients?: number, content?: string) => Promise<string> }> {
	const smtp = kept(await dialSmtp(sandbox.exchange.smtp));
	expect(await smtp.say(`AUTH XOAUTH2 ${xoauth2(user, await token(claims))}`)).toBe(ACCEPTED.smtp);
	const send = async (from = user, recipients = 1, content = 'Subject: row\r\n\r\nhello\r\n.'): Promise<string> => {
		const taken = (await smtp.say(`MAIL FROM:<${from}>`)) ?? '';
		if (!taken.startsWith('250')) return taken;
		for (let i = 0; i < recipients; i += 1) expect(await smtp.say(`RCPT TO:<r${i}@example.test>`)).toMatch(/^250/);
		expect(await smtp.say('DATA')).toMatch(/^354/);
		return (await smtp.say(content)) ?? '';
	};
	return { ...smtp, send };
}

/** A mailbox of its own with three mails, opened; `ask` gives an answer's lines up to the tagged one. */
async function reader(): Promise<{ mailbox: string; ask: (command: string) => Promise<string[]> }> {
	const mailbox = `row${(count += 1)}@example.test`;
	await sandbox.deliver(mailbox, ...['one', 'two', 'three'].map((name) => `Subject: ${name}\r\n\r\n${'body '.repeat(20)}\r\n`));
	const imap = kept(await dial(sandbox.exchange.imap));
	await imap.line();
	const ask = async (command: string): Promise<string[]> => {
		const lines: string[] = [];
		for (let line = await imap.say(`q ${command}`); line !== undefined; line = await imap.line()) {
			lines.push(line);
			if (line.startsWith('q ')) break;
		}
		return lines;
	};
	await ask(`AUTHENTICATE XOAUTH2 ${xoauth2(mailbox, await token({ mailbox }))}`);
	await ask('SELECT INBOX');
	return { mailbox, ask };
}

describe('sign-in', () => {
	it('XOAUTH2 parts are ended by the byte 0x01; as text, \\1 or ^A, they are refused', async () => {
		const good = await token();
		expect(await answers(xoauth2(ADA, good))).toEqual(ACCEPTED);
		for (const wrong of ['\\1', '^A', '\\x01', ''])
			expect(await answers(Buffer.from(`user=${ADA}${wrong}auth=Bearer ${good}${wrong}${wrong}`).toString('base64'))).toEqual(REFUSED);
	});

	it("a shared mailbox with a person's token: IMAP and POP take its address, SMTP the person's own alone", async () => {
		sandbox.exchange.fullAccess.set(ADA, new Set([SHARED]));
		sandbox.exchange.sendAs.set(ADA, new Set([SHARED]));
		expect(await answers(xoauth2(SHARED, await token()))).toEqual({ ...ACCEPTED, smtp: REFUSED.smtp });
		expect(await (await submitter()).send(SHARED)).toMatch(/^250/);
	});

	it('IMAP and SMTP take the response on the same line or after a continuation', async () => {
		const imap = kept(await dial(sandbox.exchange.imap));
		await imap.line();
		expect(await imap.say('a AUTHENTICATE XOAUTH2')).toBe('+ ');
		expect(await imap.say(xoauth2(ADA, await token()))).toBe(ACCEPTED.imap);
		const smtp = kept(await dialSmtp(sandbox.exchange.smtp));
		expect(await smtp.say('AUTH XOAUTH2')).toBe('334 ');
		expect(await smtp.say(xoauth2(ADA, await token()))).toBe(ACCEPTED.smtp);
	});

	it.each<[string, Parameters<Sandbox['identity']['accessToken']>[0]]>([
		['for Graph', { mailbox: ADA, aud: 'https://graph.microsoft.com' }],
		['that has ended', { mailbox: ADA, lifetimeSeconds: -10 }],
		['without any mail permission', { mailbox: ADA, scp: 'User.Read' }],
		['of an app without any mail permission', { roles: ['Mail.Read'] }],
	])('a token %s is refused directly by all three, without the JSON challenge of other servers', async (_name, claims) => {
		expect(await answers(xoauth2(ADA, await token(claims)))).toEqual(REFUSED);
	});

	it.each([
		['IMAP.AccessAsUser.All', 'imap'],
		['POP.AccessAsUser.All', 'pop'],
		['SMTP.Send', 'smtp'],
	] as const)('the delegated permission %s opens %s alone', async (scp, protocol) => {
		expect(await answers(xoauth2(ADA, await token({ scp })))).toEqual({ ...REFUSED, [protocol]: ACCEPTED[protocol] });
	});

	it.each([
		['IMAP.AccessAsApp', 'imap'],
		['POP.AccessAsApp', 'pop'],
		['SMTP.SendAsApp', 'smtp'],
	] as const)('the application permission %s opens %s alone', async (role, protocol) => {
		expect(await answers(xoauth2(SHARED, await token({ roles: [role] })))).toEqual({ ...REFUSED, [protocol]: ACCEPTED[protocol] });
	});

	it('an app without FullAccess, and a mailbox whose protocol is turned off: authenticated but not connected', async () => {
		const words = { imap: 'a BAD User is authenticated but not connected.', pop: '-ERR User is authenticated but not connected.' };
		sandbox.exchange.fullAccess.set('app', new Set([ADA]));
		const roles = ['IMAP.AccessAsApp', 'POP.AccessAsApp', 'SMTP.SendAsApp'];
		expect(await answers(xoauth2(SHARED, await token({ roles })))).toEqual({ ...REFUSED, ...words });
		sandbox.exchange.closedMailboxes.add(ADA);
		expect(await answers(xoauth2(ADA, await token()))).toMatchObject(words);
	});

	it('passwords are taken by none of the three', async () => {
		const imap = kept(await dial(sandbox.exchange.imap));
		await imap.line();
		expect(await imap.say(`a LOGIN ${ADA} word`)).toBe('a NO LOGIN failed.');
		const pop = kept(await dial(sandbox.exchange.pop));
		await pop.line();
		await pop.say(`USER ${ADA}`);
		expect(await pop.say('PASS word')).toBe('-ERR Logon failure: unknown user name or bad password.');
		const smtp = kept(await dialSmtp(sandbox.exchange.smtp));
		expect([await smtp.say('AUTH LOGIN'), await smtp.say('YWRh')]).toEqual(['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6']);
		expect(await smtp.say('d29yZA==')).toMatch(/^550 5\.7\.30 /);
	});

	it('SMTP AUTH that is turned off is told of, also to a good token', async () => {
		sandbox.exchange.smtpAuthDisabled = true;
		expect((await answers(xoauth2(ADA, await token()))).smtp).toMatch(/^535 5\.7\.139 .*SmtpClientAuthentication is disabled/);
	});

	it('a session over SMTP ends with its token, too', async () => {
		const smtp = await submitter(ADA, { lifetimeSeconds: 2 });
		expect(await smtp.line()).toBe('421 4.7.0 Session invalidated - AccessTokenExpired');
		expect(await smtp.line()).toBeUndefined();
	});
});

describe('the identity platform', () => {
	it.each([
		['invalid_client', 7000215],
		['invalid_client', 7000222],
		['unauthorized_client', 700016],
		['invalid_request', 90002],
		['invalid_request', 50194],
		['invalid_request', 9001023],
		['invalid_grant', 65001],
		['invalid_grant', 650056],
		['invalid_resource', 650057],
		['interaction_required', 50076],
		['interaction_required', 50079],
		['interaction_required', 53003],
		['invalid_grant', 530035],
		['invalid_grant', 700082],
		['invalid_grant', 70008],
		['invalid_grant', 50173],
		['invalid_grant', 700084],
	])('answers %s with AADSTS%i', async (error, aadsts) => {
		sandbox.identity.failNext({ error, aadsts, description: 'Refused.' });
		const answer = await fetch(`${sandbox.identity.url}/${sandbox.identity.tenant}/oauth2/v2.0/token`, {
			method: 'POST',
			body: new URLSearchParams({ grant_type: 'client_credentials' }),
		});
		expect(await answer.json()).toMatchObject({
			error,
			error_codes: [aadsts],
			error_description: expect.stringContaining(`AADSTS${aadsts}`),
		});
	});
});

describe('SMTP', () => {
	it('offers after STARTTLS what Exchange offers, in its order', async () => {
		expect(kept(await dialSmtp(sandbox.exchange.smtp)).features).toEqual([
			'localhost Hello [127.0.0.1]',
			'SIZE 157286400',
			'PIPELINING',
			'DSN',
			'ENHANCEDSTATUSCODES',
			'AUTH LOGIN XOAUTH2',
			'8BITMIME',
			'BINARYMIME',
			'CHUNKING',
			'SMTPUTF8',
		]);
	});

	it('takes a mail in chunks, as it says', async () => {
		const smtp = await submitter();
		const recipient = `chunks${process.pid}@example.test`;
		await smtp.say(`MAIL FROM:<${ADA}> BODY=BINARYMIME`);
		await smtp.say(`RCPT TO:<${recipient}>`);
		const chunks = ['Subject: in chunks\r\n\r\nfirst\r\n', '.second\r\n'];
		expect(await smtp.say(`BDAT ${chunks[0]?.length}\r\n${chunks[0]?.slice(0, -2)}`)).toMatch(/^250/);
		expect(await smtp.say(`BDAT ${chunks[1]?.length} LAST\r\n${chunks[1]?.slice(0, -2)}`)).toMatch(/^250/);
		const stored = await sandbox.arrival(recipient, () => true);
		expect(stored.toString().replaceAll('\r\n', '\n')).toMatch(/\nSubject: in chunks\n(?:[^]*\n)?\nfirst\n\.second\n$/);
		expect(await smtp.send()).toMatch(/^250/);
	});

	it('takes an own address as From and no other, unless Send As is given', async () => {
		const smtp = await submitter();
		const refusal = '550 5.7.60 SMTP; Client does not have permissions to send as this sender';
		expect(await smtp.send(SHARED)).toBe(refusal);
		sandbox.exchange.sendAs.set(ADA, new Set([SHARED]));
		expect(await smtp.send(SHARED)).toMatch(/^250/);
		expect(await (await submitter(SHARED, { roles: ['SMTP.SendAsApp'] })).send('grace@example.test')).toBe(refusal);
	});

	it('delays what is beyond the messages a minute, and refuses none', async () => {
		sandbox.exchange.messagesPerMinute = 2;
		sandbox.exchange.minuteMs = 600;
		const smtp = await submitter('pace@example.test', { mailbox: 'pace@example.test' });
		const begin = performance.now();
		for (let i = 0; i < 3; i += 1) expect(await smtp.send()).toMatch(/^250/);
		// The third may only be answered a whole minute after the first, less the rounding of clocks.
		expect(performance.now() - begin).toBeGreaterThan(590);
	});

	it('refuses after the mail has come what is beyond the recipients a day, by DATA and by chunks', async () => {
		sandbox.exchange.recipientsPerDay = 3;
		const smtp = await submitter();
		expect(await smtp.send(ADA, 2)).toMatch(/^250/);
		expect(await smtp.send(ADA, 2)).toMatch(/^554 5\.2\.0 .*SubmissionQuotaExceeded/);
		expect(await smtp.send(ADA, 1)).toMatch(/^250/);
		await smtp.say(`MAIL FROM:<${ADA}>`);
		await smtp.say('RCPT TO:<r@example.test>');
		expect(await smtp.say('BDAT 12 LAST\r\nSubject: x\r\n')).toMatch(/^554 5\.2\.0 /);
	});

	it("saves what is sent to Sent Items of who signed in, and to the shared mailbox's only where an admin has set that", async () => {
		sandbox.exchange.savesSentItems = true;
		const [own, shared] = [`own${process.pid}@example.test`, `other${process.pid}@example.test`];
		sandbox.exchange.sendAs.set(own, new Set([shared]));
		const smtp = await submitter(own, { mailbox: own });
		expect(await smtp.send(shared, 1, 'Subject: kept\r\n\r\nfirst\r\n..dot\r\n.')).toMatch(/^250/);
		const copies = async (mailbox: string): Promise<string[]> =>
			(await sandbox.messages(mailbox, 'Sent Items')).map((mail) => mail.toString().replaceAll('\r\n', '\n'));
		expect([await copies(own), await copies(shared)]).toEqual([['Subject: kept\n\nfirst\n.dot\n'], []]);
		sandbox.exchange.copiesForSentAs = true;
		await smtp.send(shared);
		expect([(await copies(own)).length, (await copies(shared)).length]).toEqual([2, 1]);
	});

	it('names the mail anew, as Outlook.com does', async () => {
		const reply = '250 2.0.0 OK <X1@AM0PR01.prod.outlook.com> [Hostname=AM0PR01.prod.outlook.com]';
		sandbox.exchange.plan('smtp', 'END', { reply });
		expect(await (await submitter()).send()).toBe(reply);
	});

	it.each(['432 4.3.2 Concurrent connections limit exceeded', '421 4.3.2 Service not available', '451 4.7.0 Temporary server error'])(
		'answers for a while only: %s',
		async (reply) => {
			sandbox.exchange.plan('smtp', 'MAIL', { reply });
			const smtp = await submitter();
			expect([await smtp.send(), (await smtp.send()).slice(0, 3)]).toEqual([reply, '250']);
		},
	);
});

describe('IMAP', () => {
	it('compares FROM and TO with names, and with addresses only in HEADER', async () => {
		const { mailbox, ask } = await reader();
		await sandbox.deliver(mailbox, 'From: Eve <eve@example.test>\r\nTo: Ada <ada@example.test>\r\nSubject: four\r\n\r\nhello\r\n');
		await ask('NOOP');
		const found = async (criteria: string): Promise<string | undefined> => (await ask(`UID SEARCH ${criteria}`))[0]?.trim();
		expect(await found('UID 1:* FROM Eve')).toBe('* SEARCH 4');
		expect(await found('FROM "eve@example.test"')).toBe('* SEARCH');
		expect(await found('OR TO ada@example.test CC "example.test"')).toBe('* SEARCH');
		expect(await found('NOT FROM example.test')).toBe('* SEARCH 1 2 3 4');
		expect(await found('HEADER FROM "eve@example.test"')).toBe('* SEARCH 4');
	});

	type Fault = MailFault extends infer One ? (One extends MailFault ? Omit<One, 'mailbox' | 'uid'> : never) : never;

	it.each<[string, Fault, string, RegExp]>([
		['a bare OK for BODY.PEEK[]', { kind: 'withheld', sections: [''] }, 'BODY.PEEK[]', /^q OK FETCH completed\.$/],
		[
			'the text of the same mail all the same',
			{ kind: 'withheld', sections: [''] },
			'BODY.PEEK[TEXT]',
			/^\* \d+ FETCH \(UID 2 BODY\[TEXT\] \{\d+\}\nbody /,
		],
		[
			'a note in place of the mail',
			{ kind: 'placeholder' },
			'BODY.PEEK[]',
			/Subject: Retrieval using the IMAP4 protocol failed for the following message/,
		],
		['NIL as BODYSTRUCTURE', { kind: 'structure', as: 'NIL' }, 'BODYSTRUCTURE', /BODYSTRUCTURE NIL\)\n/],
		['a torn BODYSTRUCTURE', { kind: 'structure', as: 'broken' }, 'BODYSTRUCTURE', /BODYSTRUCTURE \("text" "plain" \("charset" NIL/],
		['a short piece in the middle', { kind: 'short', at: 20, bytes: 5 }, 'BODY.PEEK[]<20.40>', /BODY\[\]<20> \{5\}\n.{5}\)\n/],
		['an empty piece in the middle', { kind: 'short', at: 20, bytes: 0 }, 'BODY.PEEK[]<20.40>', /BODY\[\]<20> ""\)\n/],
	])('gives %s', async (_name, fault, what, answer) => {
		const { mailbox, ask } = await reader();
		sandbox.exchange.mailFaults.add({ ...fault, mailbox, uid: 2 });
		expect(await ask('UID SEARCH ALL')).toContain('* SEARCH 1 2 3');
		expect((await ask(`UID FETCH 2 (UID ${what})`)).join('\n')).toMatch(answer);
		expect((await ask(`UID FETCH 3 (UID ${what})`)).join('\n')).not.toMatch(answer);
	});

	it.each(['Request is throttled. Suggested Backoff Time: 299961 milliseconds', 'Server Unavailable. 15'])(
		'refuses for now: %s',
		async (words) => {
			const { ask } = await reader();
			sandbox.exchange.endsThrottled = false;
			sandbox.exchange.plan('imap', 'UID SEARCH', { reply: `%t BAD ${words}` });
			expect([await ask('UID SEARCH ALL'), await ask('UID SEARCH ALL')]).toEqual([
				[`q BAD ${words}`],
				['* SEARCH 1 2 3', expect.stringMatching(/^q OK/)],
			]);
		},
	);

	it('ends the session with the words that a command is throttled', async () => {
		const { ask } = await reader();
		const throttled = 'BAD Request is throttled. Suggested Backoff Time: 89117 milliseconds';
		sandbox.exchange.plan('imap', 'UID SEARCH', { reply: `%t ${throttled}` });
		expect([await ask('UID SEARCH ALL'), await ask('UID SEARCH ALL')]).toEqual([[`q ${throttled}`], ['* BYE Connection closed. 14']]);
	});

	it('lists an email with the size in its store', async () => {
		const { mailbox, ask } = await reader();
		const size = async (uid: number): Promise<number> =>
			Number(/RFC822\.SIZE (\d+)/.exec((await ask(`UID FETCH ${uid} (UID RFC822.SIZE)`)).join('\n'))?.[1]);
		const before = [await size(2), await size(3)];
		sandbox.exchange.mailFaults.add({ kind: 'size', factor: 3, mailbox, uid: 2 });
		expect([await size(2), await size(3)]).toEqual([3 * Number(before[0]), before[1]]);
	});

	it('makes no parent of a folder for RENAME', async () => {
		const { ask } = await reader();
		const refused = ['q BAD Command Argument Error. 11'];
		await ask('CREATE "Old one"');
		await ask('LIST "" "*"');
		expect(await ask('RENAME "Old one" "Above/New one"')).toEqual(refused);
		await ask('CREATE Above');
		expect(await ask('RENAME "Old one" "Above/New one"')).toEqual([expect.stringMatching(/^q OK/)]);
	});
});
