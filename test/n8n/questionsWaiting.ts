import { expect, it } from 'vitest';

import { uses } from '../../sandbox/credentials';
import { ADA, GRACE, linksIn, NODE, press, SHARED, type QuestionsRig } from './questionsRig';

const SECOND = 1 / 3_600;

const approvers = (rule: string, more: object = {}, options: object = {}): object => ({
	approvalOptions: { values: { approvalType: 'double' } },
	options: { approvers: { values: { emails: `${GRACE}, ${SHARED}`, rule, ...more } }, ...options },
});

/** Questions for which time passes, or which others than people answer. */
export function waiting(use: () => QuestionsRig): void {
	it('that is executed once is confirmed with the code that is mailed, on a phone without JavaScript; a forwarded link and a scanner answer nothing', async () => {
		const rig = use();
		const options = { confirmByCode: true, accentColor: '#7a1fa2' };
		const { id, links } = await rig.ask('code-me', [GRACE], { toEmail: GRACE, options }, { executeOnce: true });
		const link = links[0]?.[0] ?? '';
		// What scanners do: each link, by HEAD and GET, from several addresses.
		for (const method of ['HEAD', 'GET', 'GET']) await fetch(link, { method });
		const forwarded = await press(link, {});
		expect([forwarded.status, await forwarded.text()]).toEqual([422, expect.stringContaining('Enter the code from the email.')]);
		for (const colorScheme of ['light', 'dark'] as const) {
			const phone = await rig.phone(colorScheme);
			const page = await phone.newPage();
			const picture = async (name: string): Promise<void> => {
				if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/${name}-${colorScheme}.png`, fullPage: true });
			};
			await page.goto(link);
			if (colorScheme === 'light') {
				await picture('code-send');
				await page.getByRole('button', { name: 'Send me a code' }).click();
			}
			await page.getByLabel('Code from the email').fill('000000');
			await page.getByRole('button', { name: 'Approve' }).click();
			expect(await page.getByRole('alert').textContent()).toMatch(/not the right code/);
			await picture('code-wrong');
			await phone.close();
		}
		const code = /Your code is (\d{3} \d{3})/.exec((await rig.email(GRACE, 'Subject: Code for: code-me')).text ?? '')?.[1] ?? '';
		expect((await rig.n8n.api.statuses(id))[0]).toBe('waiting');
		expect(await (await press(link, { code })).text()).toContain('Got it, thanks');
		expect(await rig.ended(id)).toMatchObject({ json: { data: { approved: true, answers: [{ email: GRACE, confirmedByCode: true }] } } });
		expect(rig.n8n.instance.logText()).toContain('the code was wrong');
	});

	it('is reminded of though n8n was restarted in between, and a link of before the restart answers', async () => {
		const rig = use();
		const { id } = await rig.ask('remind-me', [GRACE], approvers('all', {}, { remindAfter: 15 * SECOND }));
		const before = rig.n8n.instance.url;
		await rig.n8n.crash();
		const email = await rig.email(GRACE, 'Subject: Reminder: remind-me');
		expect(email.text).toContain('May order 17 go?');
		// An answer ends what is still to be sent.
		await rig.email(SHARED, 'Subject: Reminder: remind-me');
		const other = await rig.email(SHARED, 'Subject: remind-me');
		for (const link of [linksIn(email)[0], linksIn(other)[0]]) await press(link?.replace(before, rig.n8n.instance.url));
		expect(await rig.ended(id)).toMatchObject({
			json: {
				data: { approved: true },
				emailQuestion: { emails: [{ kind: 'question' }, { kind: 'question' }, { kind: 'reminder' }, { kind: 'reminder' }] },
			},
		});
	});

	it('is decided by the person whom it was escalated to', async () => {
		const rig = use();
		const escalation = { values: { emails: ADA, afterHours: 5 * SECOND } };
		const { id, links } = await rig.ask('escalate-me', [GRACE], {
			toEmail: GRACE,
			approvalOptions: { values: { approvalType: 'double' } },
			options: { escalation },
		});
		const [, decline] = linksIn(await rig.email(ADA, 'Subject: escalate-me'));
		expect(await (await press(decline)).text()).toContain('Got it, thanks');
		expect(await rig.ended(id)).toMatchObject({ json: { data: { approved: false, answers: [{ email: ADA, escalated: true }] } } });
		expect(await (await fetch(links[0]?.[0] ?? '')).text()).toContain('No action required');
	});

	it('goes on at its time with the default answer, and with the answers that were given', async () => {
		const rig = use();
		// Time for n8n to send both emails and for one answer.
		const limitWaitTime = { values: { limitType: 'afterTimeInterval', resumeAmount: 0.7, resumeUnit: 'minutes' } };
		const { id, links } = await rig.ask('time-over', [GRACE, SHARED], approvers('all', {}, { limitWaitTime, defaultAnswer: 'decline' }));
		await press(links[0]?.[0]);
		const { json } = await rig.ended(id);
		expect(json).toMatchObject({
			body: { order: 17 },
			data: { approved: false, timedOut: true, answers: [{ email: GRACE, approved: true }] },
			emailQuestion: { timedOut: true, notAnswered: [SHARED], messageIds: [expect.any(String), expect.any(String)] },
		});
	});

	it.each<[string, object, Array<[number, number]>, object]>([
		['first', {}, [[1, 1]], { approved: false }],
		[
			'majority',
			{},
			[
				[0, 0],
				[1, 0],
			],
			{ approved: true },
		],
		[
			'all',
			{},
			[
				[0, 0],
				[1, 1],
			],
			{ approved: false },
		],
		[
			'count',
			{ neededAnswers: 1 },
			[
				[1, 1],
				[0, 0],
			],
			{ approved: true },
		],
	])('is decided by the rule %s', async (rule, more, presses, data) => {
		const rig = use();
		const { id, links } = await rig.ask(`rule-${rule}`, [GRACE, SHARED], approvers(rule, more));
		for (const [person, button] of presses) await press(links[person]?.[button]);
		expect(await rig.ended(id)).toMatchObject({ json: { data } });
	});

	it('goes on once though everybody presses at the same moment', async () => {
		const rig = use();
		const { id, links } = await rig.ask('at-once', [GRACE, SHARED], approvers('first'));
		const all = [...links.flat(), ...links.flat()];
		const pages = await Promise.all(all.map(async (link) => await (await press(link)).text()));
		expect(pages.filter((page) => page.includes('Got it, thanks')).length).toBeGreaterThan(0);
		await rig.ended(id);
		expect(await rig.n8n.api.statuses(id)).toHaveLength(1);
	});

	it('goes on waiting after HEAD, forged links, foreign forms and bodies of many megabytes', async () => {
		const rig = use();
		const { id, links } = await rig.ask('attack-me', [GRACE, SHARED], { ...approvers('all'), responseType: 'freeText' });
		const [grace = '', shared = ''] = links.map(([link]) => link);
		const mixed = new URL(grace);
		mixed.searchParams.set('who', new URL(shared).searchParams.get('who') ?? '');
		const own = new URL(grace);
		own.searchParams.set('own', 'true');
		const visits: Array<[string, RequestInit]> = [
			[grace, { method: 'HEAD' }],
			[grace, { method: 'PUT', body: 'text=x' }],
			[mixed.toString(), { method: 'POST' }],
			[own.toString(), { method: 'POST', body: '{"work":"due"}', headers: { 'content-type': 'application/json' } }],
			[grace.replace(/signature=\w+/, ''), { method: 'POST' }],
			[`${grace}%0d%0aSet-Cookie:%20x=y`, { method: 'POST' }],
			[grace, { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' }, body: new URLSearchParams({ text: 'x' }) }],
			[grace, { method: 'POST', body: new URLSearchParams({ text: 'x'.repeat(20_000_000) }) }],
			[grace, { method: 'POST', body: '{"text":', headers: { 'content-type': 'application/json' } }],
			[grace, { method: 'POST', body: '--x', headers: { 'content-type': 'multipart/form-data; boundary=x' } }],
		];
		for (const [link, init] of visits) {
			const answer = await fetch(link, init).catch(() => undefined);
			expect(answer?.headers.get('set-cookie') ?? '').toBe('');
			expect([init.method, (await answer?.text()) ?? '']).toEqual([init.method, expect.not.stringContaining('Got it')]);
		}
		expect((await rig.n8n.api.statuses(id))[0]).toBe('waiting');
		const [before, after] = [await press(grace, { text: 'Yes' }), await press(grace, { text: 'A second time' })];
		expect([before.status, after.status]).toEqual([200, 409]);
		await press(shared, { text: 'Me too' });
		expect(await rig.ended(id)).toMatchObject({ json: { data: { answers: [{ text: 'Yes' }, { text: 'Me too' }] } } });
	});

	it('is answered by a plain reply, which the IMAP Trigger gives to Take Answer', async () => {
		const rig = use();
		const { authentication, credentials } = uses(rig.ada);
		const replies = await rig.n8n.api.createWorkflow({
			name: 'replies',
			nodes: [
				{
					parameters: { authentication, folder: 'INBOX', options: {} },
					id: 'trigger',
					name: 'Trigger',
					type: 'n8n-nodes-office365-mail.imapTrigger',
					typeVersion: 1,
					position: [0, 0],
					credentials,
				},
				{
					parameters: { authentication, operation: 'takeAnswer', original: '={{ $json }}' },
					id: 'take',
					name: 'End',
					type: NODE,
					typeVersion: 1,
					position: [200, 0],
					credentials,
				},
			],
			connections: { Trigger: { main: [[{ node: 'End', type: 'main', index: 0 }]] } },
		});
		await rig.n8n.api.activate(replies);
		await expect.poll(() => rig.n8n.instance.logText()).toContain(`(INBOX of ${ADA}): watching`);
		const { id, messageIds } = await rig.ask('reply-me', [GRACE], { toEmail: GRACE });
		const reply = (text: string, from: string): string =>
			`From: ${from}\r\nTo: ${ADA}\r\nSubject: Re: reply-me\r\nMessage-ID: <${Math.random()}@example.test>\r\nIn-Reply-To: ${messageIds[0] ?? ''}\r\n\r\n${text}\r\n\r\nOn Friday Ada wrote:\r\n> May order 17 go?\r\n`;
		await rig.sandbox.deliver(ADA, reply('Yes', SHARED));
		expect(await rig.ended(replies)).toMatchObject({ json: { answerTaken: false, outcome: 'otherSender' } });
		await rig.sandbox.deliver(ADA, reply('Yes, please.', GRACE));
		expect(await rig.ended(replies, 2)).toMatchObject({ json: { answerTaken: true, approved: true, email: GRACE } });
		expect(await rig.ended(id)).toMatchObject({ json: { data: { approved: true }, emailQuestion: { by: 'email', answeredBy: GRACE } } });
		await rig.n8n.api.deactivate(replies);
	});
}
