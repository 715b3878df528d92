import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import { MicrosoftMailOAuth2Api } from '../../credentials/MicrosoftMailOAuth2Api.credentials';
import { MicrosoftMailServiceAccountApi } from '../../credentials/MicrosoftMailServiceAccountApi.credentials';
import { APP_PERMISSION, CLOUDS, DELEGATED_PERMISSION } from '../../mail/clouds';
import { guide } from '../../setup/guide';
import { APPLICATION, DELEGATED, PLACES } from '../../setup/places';
import { QUESTIONS, readAnswers, type Answers } from '../../setup/questions';
import { forPowerShell, forShell } from '../../setup/quoting';
import type { Section } from '../../setup/section';

const ROOT = resolve(__dirname, '..', '..');
const ADMIN = readFileSync(resolve(ROOT, 'docs', 'admin.md'), 'utf8');

const WHO: Array<Answers['who']> = ['person', 'certificate', 'secret', 'workloadIdentity', 'managedIdentity'];
const PLACE: Array<Answers['cloud']> = ['global', 'personal', 'usGov', 'usGovDod', 'china'];
const TOOL: Array<Answers['tool']> = ['portal', 'graph', 'azureCli'];
const PROTOCOLS: Array<Answers['protocols']> = [['smtp'], ['imap'], ['pop'], ['smtp', 'imap', 'pop']];
const EVERY: Answers[] = WHO.flatMap((who) =>
	PLACE.filter((cloud) => cloud !== 'personal' || who === 'person').flatMap((cloud) =>
		TOOL.flatMap((tool) =>
			PROTOCOLS.map((protocols) => ({ who, cloud, tool, protocols, mailboxes: ['ada@example.com', 'shared@example.com'] })),
		),
	),
);

const text = (sections: Section[]): string =>
	sections
		.flatMap(({ title, parts }) => [
			title,
			...parts.map((part) => ('steps' in part ? part.steps.join('\n') : Object.values(part).join('\n'))),
		])
		.join('\n');
const codes = (sections: Section[]): Array<{ code: string; language: string }> =>
	sections.flatMap(({ parts }) => parts.flatMap((part) => ('code' in part ? [part] : [])));

describe('the setup guide', () => {
	it.each(
		WHO.flatMap((who) => PLACE.map((cloud) => ({ who, cloud }))).filter(({ who, cloud }) => cloud !== 'personal' || who === 'person'),
	)('has the key lines for $who in $cloud, with each tool and each choice of protocols', ({ who, cloud }) => {
		for (const answers of EVERY.filter((one) => one.who === who && one.cloud === cloud)) {
			const sections = guide(answers);
			const all = text(sections);
			const exchange = sections.find(({ title }) => title === 'Tell Exchange about the app');
			const permissions = answers.protocols.map((protocol) => (who === 'person' ? DELEGATED_PERMISSION : APP_PERMISSION)[protocol]);
			for (const permission of permissions) expect(all).toContain(permission);
			for (const other of Object.values(who === 'person' ? APP_PERMISSION : DELEGATED_PERMISSION))
				expect(all).not.toMatch(new RegExp(`\\b${other.replaceAll('.', '\\.')}\\b`));
			expect(all.includes('set Authentication to Service Account (No Person)')).toBe(who !== 'person');
			if (cloud === 'personal') {
				expect(all).toContain('consumers');
				expect(all).toContain('The step "claims" says that the token cannot be read.');
				expect(all).not.toContain('has to list');
				expect(all).not.toMatch(/Connect-ExchangeOnline|adminconsent/);
				continue;
			}
			expect(all).toContain(`${PLACES[cloud].exchange}\n`);
			expect(all).toContain('Since the end of 2025, an admin has to consent by default');
			if (who !== 'managedIdentity') expect(all).toContain(`${PLACES[cloud].authority}/TENANT-ID/adminconsent?client_id=CLIENT-ID`);
			const sends = answers.protocols.includes('smtp');
			expect(all.includes('-SmtpClientAuthenticationDisabled $false')).toBe(sends);
			expect(all.includes('-AccessRights SendAs')).toBe(sends);
			expect(all.includes('-ImapEnabled $true')).toBe(answers.protocols.includes('imap'));
			expect(all.includes('-PopEnabled $true')).toBe(answers.protocols.includes('pop'));
			if (who === 'person') {
				expect(exchange).toBeUndefined();
				expect(all).toContain("Add-MailboxPermission -Identity 'shared@example.com' -User 'ada@example.com' -AccessRights FullAccess");
				expect(all).not.toContain("Set-CASMailbox -Identity 'shared@example.com' -SmtpClientAuthenticationDisabled");
			} else {
				expect(text(exchange === undefined ? [] : [exchange])).toContain('New-ServicePrincipal -AppId $app -ObjectId $object');
				for (const mailbox of answers.mailboxes) expect(all).toContain(`Add-MailboxPermission -Identity '${mailbox}' -User $object`);
			}
		}
	});

	it('uses the tool that was chosen, and says so where that cannot reach the cloud', () => {
		const registration = (answers: Partial<Answers>): string =>
			text([
				guide({ who: 'secret', cloud: 'global', tool: 'portal', protocols: ['imap'], mailboxes: ['a@example.com'], ...answers })[1] ?? {
					title: '',
					parts: [],
				},
			]);
		expect(registration({})).toContain('New registration');
		expect(registration({ tool: 'graph' })).toContain('New-MgApplication');
		expect(registration({ tool: 'azureCli' })).toContain('az ad app create');
		expect(registration({ tool: 'azureCli', cloud: 'china' })).toContain('az cloud set --name AzureChinaCloud');
		expect(registration({ tool: 'azureCli', cloud: 'usGovDod' })).toMatch(/does not reach .*[\s\S]*-Environment USGovDoD/);
		expect(registration({ tool: 'portal', who: 'managedIdentity' })).toContain('Get-MgServicePrincipal');
	});

	it('fills in what is known, and has no word in its place then', () => {
		const clientId = '11111111-2222-3333-4444-555555555555';
		const all = text(
			guide({
				who: 'secret',
				cloud: 'global',
				tool: 'graph',
				protocols: ['imap'],
				mailboxes: ['a@example.com'],
				tenantId: 'contoso.com',
				clientId,
			}),
		);
		expect(all).toContain(`https://login.microsoftonline.com/contoso.com/adminconsent?client_id=${clientId}`);
		expect(all).toContain(`$app = '${clientId}'`);
		expect(all).toContain("-TenantId 'contoso.com'");
		expect(all).not.toMatch(/TENANT-ID|CLIENT-ID/);
	});

	it('names fields and choices as the forms do', () => {
		const forms = { person: new MicrosoftMailOAuth2Api(), app: new MicrosoftMailServiceAccountApi() };
		for (const answers of EVERY) {
			const form = answers.who === 'person' ? forms.person : forms.app;
			const labels = new Map(form.properties.map(({ displayName, options = [] }) => [displayName, options]));
			const section = guide(answers).find(({ title }) => title === 'Fill in the form in n8n');
			expect(text(section === undefined ? [] : [section])).toContain(`"${form.displayName}"`);
			for (const [name, value] of section?.parts.flatMap((part) => ('fields' in part ? part.fields : [])) ?? []) {
				expect([...labels.keys()]).toContain(name);
				const choices = labels.get(name) ?? [];
				const names = choices.flatMap((choice) => ('value' in choice ? [choice.name] : []));
				if (names.length > 0) for (const one of name === 'Protocols' ? value.split(', ') : [value]) expect(names).toContain(one);
			}
		}
	});

	it('says of each cloud what the table of clouds and docs/admin.md say', () => {
		for (const cloud of ['global', 'usGov', 'usGovDod', 'china'] as const) {
			expect(PLACES[cloud].authority).toBe(CLOUDS[cloud].authority);
			const row = ADMIN.split('\n').find((line) => line.includes(`\`${PLACES[cloud].exchange}\``) && line.includes('Connect-MgGraph'));
			expect(row).toContain(PLACES[cloud].portal);
			expect(row).toContain(`\`Connect-MgGraph${PLACES[cloud].graph}\``);
		}
		expect([DELEGATED, APPLICATION]).toEqual([DELEGATED_PERMISSION, APP_PERMISSION]);
	});

	it('has lines for sh that a shell can read', () => {
		for (const { code } of EVERY.flatMap((answers) => codes(guide(answers))).filter(({ language }) => language === 'sh'))
			expect(spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
	});

	it('has pairs of quotes and braces in its lines for PowerShell, whatever the address', () => {
		const mailboxes = ["o'brien@example.com", 'x’;Remove-Mailbox@example.com', '$(calc)@example.com', '`"@example.com'];
		for (const answers of EVERY) {
			for (const { code } of codes(guide({ ...answers, mailboxes })).filter(({ language }) => language === 'powershell')) {
				const outside = code.replace(/'(?:[^'\u2018-\u201b]|['\u2018-\u201b]{2})*'/g, "''");
				expect(outside).not.toContain('Remove-Mailbox');
				expect(outside).not.toContain('$(calc)');
				expect((outside.match(/\{/g) ?? []).length).toBe((outside.match(/\}/g) ?? []).length);
			}
		}
	});
});

describe('a word of a shell', () => {
	const odd = ["it's", '$(touch /tmp/x)', '`id`', 'a"b', 'a\\', "''", '-n', '', '‘’‚‛', 'a\nb; c', 'ü €'];

	it.each(odd)('comes out of sh as it went in, but for control characters: %j', (word) => {
		const seen = execFileSync('sh', ['-c', `printf %s ${forShell(word)}`], { encoding: 'utf8' });
		expect(seen).toBe(word.replace('\n', ''));
	});

	it.each(odd)('is one literal of PowerShell: %j', (word) => {
		const quoted = forPowerShell(word);
		// PowerShell's own rule: single quotes of any kind end a literal unless doubled.
		const match = /^'((?:[^'\u2018-\u201b\n]|['\u2018-\u201b]{2})*)'$/.exec(quoted);
		expect(match?.[1]?.replace(/(['\u2018-\u201b])\1/g, '$1')).toBe(word.replace('\n', ''));
	});
});

describe('what is typed', () => {
	const typed = {
		who: 'person',
		protocols: 'smtp,imap',
		mailboxes: 'ada@example.com; shared@example.com',
		cloud: 'global',
		tool: 'portal',
	};

	it('becomes answers', () => {
		expect(readAnswers(typed)).toEqual({
			answers: {
				who: 'person',
				protocols: ['smtp', 'imap'],
				mailboxes: ['ada@example.com', 'shared@example.com'],
				cloud: 'global',
				tool: 'portal',
			},
			problems: [],
		});
	});

	it.each([
		[{ who: 'nobody' }, 'Who signs in?'],
		[{ protocols: '' }, 'What should n8n do?'],
		[{ protocols: 'smtp,imap4' }, 'What should n8n do?'],
		[{ mailboxes: '' }, 'Enter at least one address.'],
		[{ mailboxes: 'ada' }, '"ada" is not an email address.'],
		[{ tenantId: 'a/b' }, 'The tenant ID is neither'],
		[{ clientId: 'secret' }, 'The client ID is not an ID'],
		[{ cloud: 'personal', who: 'secret' }, 'only a person can sign in'],
	])('is refused with a sentence: %j', (change, sentence) => {
		const { answers, problems } = readAnswers({ ...typed, ...change });
		expect(answers).toBeUndefined();
		expect(problems.join()).toContain(sentence);
	});

	it('has five questions', () => {
		expect(QUESTIONS.map(({ name }) => name)).toEqual(['who', 'protocols', 'mailboxes', 'cloud', 'tool']);
	});
});

describe('the command', () => {
	const run = (args: string[], input = ''): ReturnType<typeof spawnSync> =>
		spawnSync(process.execPath, ['--import', 'tsx', resolve(ROOT, 'setup', 'cli.ts'), ...args], {
			input,
			encoding: 'utf8',
			cwd: ROOT,
			env: { ...process.env, SETUP_ASK: input === '' ? '' : '1' },
		});

	it('prints the steps for the answers in its line', () => {
		const { stdout, status } = run(
			'setup --who secret --protocols imap --mailboxes reports@example.com --cloud global --tool portal'.split(' '),
		);
		expect(status).toBe(0);
		expect(stdout).toContain("Add-MailboxPermission -Identity 'reports@example.com' -User $object -AccessRights FullAccess");
	});

	it('asks what the line does not say, and asks again where the answer is none', () => {
		const { stdout, status } = run(['setup', '--cloud', 'global', '--tool', 'portal'], '9\n1\n1, 2\nada@example.com\n');
		expect([status, stdout]).toEqual([0, expect.stringContaining('Please choose from the list.')]);
		expect(stdout).toContain('SMTP.Send, IMAP.AccessAsUser.All');
	});

	it('says what is missing or wrong, and fails', () => {
		expect(run(['setup'])).toMatchObject({ status: 1, stderr: expect.stringContaining('Missing: --who, --protocols') });
		expect(run(['setup', '--colour', 'red'])).toMatchObject({
			status: 1,
			stderr: expect.stringContaining('There is no option "--colour"'),
		});
		expect(run(['--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: npx n8n-nodes-office365-mail setup') });
	});
});
