import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { customCloud } from '../../sandbox/credentials';
import { tryWay } from '../../sandbox/live/flows';
import { writeReport } from '../../sandbox/live/report';
import { readSettings } from '../../sandbox/live/settings';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { withEnvironment } from '../support/environment';

const ADA = 'ada@example.test';
let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

describe('npm run live', () => {
	it('goes every way it is given, cleans up, and reports without a secret or a name', async () => {
		const { refresh_token: refreshToken } = await sandbox.identity.connect(ADA);
		withEnvironment({ LIVE_SECRET: sandbox.identity.app.clientSecret });
		const path = join(sandbox.folder, 'live.json');
		const ways = [
			{ name: 'an app', authentication: 'clientSecret', clientSecret: '$LIVE_SECRET' },
			{ name: 'a person', authentication: 'refreshToken', clientSecret: '$LIVE_SECRET', refreshToken, username: ADA },
			{ name: 'a wrong secret', authentication: 'clientSecret', clientSecret: 'hush-hush-hush' },
		];
		writeFileSync(path, JSON.stringify({ ...customCloud(sandbox), mailbox: ADA, ways }));
		await sandbox.deliver(ADA, 'Subject: stays\r\n\r\nhello\r\n');
		const given = readSettings(path);
		const reports = [];
		for (const way of given) reports.push(await tryWay(way));
		for (const { name, connection, trials } of reports.slice(0, 2)) {
			expect([name, connection.steps.filter(({ ok }) => !ok), trials.filter(({ ok }) => !ok)]).toEqual([name, [], []]);
			expect(trials.map((trial) => trial.name)).toEqual([
				'send an email',
				'find the email over IMAP',
				'list capabilities of IMAP',
				'list the mailbox over POP',
				'delete the test email again',
			]);
		}
		expect(reports[2]?.connection.ok).toBe(false);
		const left = (await sandbox.messages(ADA)).map((mail) => /^Subject: (.*?)\r?$/m.exec(mail.toString('latin1'))?.[1]);
		expect(left).toEqual(['stays']);
		const text = writeReport(given, reports);
		expect(text).toMatch(/## an app: all passed[^]*## a person: all passed[^]*## a wrong secret: not all passed/);
		expect(text).toMatch(/C: AUTH XOAUTH2 \[secret\]/);
		expect(text).toContain('IDLE');
		for (const hidden of [
			sandbox.identity.app.clientSecret,
			String(refreshToken),
			'hush-hush-hush',
			ADA,
			sandbox.identity.tenant,
			sandbox.identity.app.clientId,
		])
			expect(text).not.toContain(hidden);
		expect(text).not.toMatch(/eyJ[\w-]{10,}\.|dXNlcj/);
	}, 120_000);

	it('says in one sentence what is missing in its settings', () => {
		const path = join(sandbox.folder, 'empty.json');
		writeFileSync(path, '{ "mailbox": "ada@example.test" }');
		expect(() => readSettings(path)).toThrow(/has no list "ways"/);
	});
});
