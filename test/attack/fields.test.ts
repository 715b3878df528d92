import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { describe, expect, it, onTestFinished } from 'vitest';

import { CLOUDS, cloudOf, tenantOf } from '../../mail/clouds';
import { diagnose } from '../../mail/diagnosis';
import { JournalFile } from '../../mail/journal';
import { HOST_IDENTITY_SERVERS, readFederatedToken, requireOwnMailHosts } from '../../mail/signIn/hostIdentity';
import { misplaced } from '../../mail/signIn/serviceAccount';
import { requireMailbox, serviceAccountToTest } from '../../nodes/signIn/serviceAccountCredential';
import { withEnvironment } from '../support/environment';
import { figuresOf } from './figures';

/** A folder that goes when the test ends. */
function folderOfTest(): string {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-fields-'));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

function failureOf(work: () => unknown): string {
	try {
		work();
	} catch (error) {
		return inspect(error, { depth: 9 });
	}
	throw new Error('it succeeded');
}

const SECRETS = ['abC8Q~x.7hJ-kL9mN0pQrStUvWxYz1234567890ab', 'Summer2024!', 'P@ss w0rd12', 'hunter2hunter2'];
const custom = (fields: Record<string, unknown>): Record<string, unknown> => ({
	cloud: 'custom',
	authorityUrl: 'https://login.example.com',
	...fields,
});

describe.each(SECRETS)('a secret in the wrong field', (secret) => {
	it.each<[string, () => unknown]>([
		['cloud', () => cloudOf({ cloud: secret })],
		['tenant', () => tenantOf({ tenantId: `${secret}/` })],
		['host', () => cloudOf(custom({ imapHost: `${secret} ` + 'x', imapPort: 993 }))],
		['port', () => cloudOf(custom({ imapHost: 'mail.example.com', imapPort: secret }))],
		['URL', () => cloudOf(custom({ authorityUrl: secret }))],
		['mailbox', () => requireMailbox(`${secret} `)],
	])('is not repeated: %s', (_field, work) => expect(failureOf(work)).not.toContain(secret));

	it('is not repeated as a token file', async () => {
		await expect(readFederatedToken(secret)).rejects.toSatisfy((error) => !inspect(error).includes(secret));
	});

	it("is not repeated in Microsoft's own words", () => {
		const error = diagnose(new Error(`AADSTS90002: Tenant '${secret}' not found.`), { speaker: 'identity', secrets: misplaced(secret) });
		expect(inspect(error, { depth: 9 })).not.toContain(secret);
	});
});

describe('a secret that looks like a name, in a field of its own credential', () => {
	const secret = 'correcthorsebattery';

	it.each<[string, string, Record<string, unknown>]>([
		['tenant', 'Tenant ID', { tenantId: secret }],
		['client ID', 'Client ID', { clientId: ` ${secret}` }],
		['mailbox', 'Mailbox', { mailbox: secret }],
		['host', 'IMAP Host', custom({ imapHost: secret, imapPort: 993 })],
		['port', 'SMTP Port', custom({ smtpHost: 'mail.example.com', smtpPort: secret })],
		['URL', 'Authority URL', custom({ authorityUrl: secret })],
		['cloud', 'Cloud', { cloud: secret }],
	])('is not repeated, and the field is named: %s', (_name, field, wrong) => {
		const form = {
			authentication: 'clientSecret',
			tenantId: 'contoso.example',
			clientId: 'app',
			mailbox: 'ada@example.test',
			clientSecret: secret,
			...wrong,
		};
		for (const work of [() => cloudOf(form), () => tenantOf(form), () => serviceAccountToTest(Object(form))]) {
			const shown = failureOf(work);
			expect(shown).not.toContain(secret);
			expect(shown).toContain(`${field}: the value is also a secret of this credential.`);
		}
		expect(failureOf(() => cloudOf({ ...form, clientSecret: '', password: secret }))).not.toContain(secret);
	});
});

describe('an ordinary wrong value', () => {
	it('is quoted', () => {
		expect(failureOf(() => tenantOf({ tenantId: 'contoso com' }))).toContain('"contoso com"');
		expect(failureOf(() => requireMailbox('ada at example'))).toContain('"ada at example"');
	});

	it('that looks right is made right, or refused if it is another address', () => {
		for (const given of ['\u200bada@example.test', 'ada@exam\u00adple.test\u200e']) expect(requireMailbox(given)).toBe('ada@example.test');
		expect(failureOf(() => requireMailbox('\u0430da@example.test'))).toContain('contains "\u0430" (U+0430), a letter of another script');
	});
});

describe('the token of this machine', () => {
	const { endpoints } = CLOUDS.global;
	const foreign = { ...CLOUDS.global, endpoints: { ...endpoints, imap: { ...endpoints.imap, host: 'mail.evil.example' } } };

	it('goes to no mail host that a credential names', () => {
		withEnvironment({ [HOST_IDENTITY_SERVERS]: undefined });
		expect(() => requireOwnMailHosts('Managed Identity', foreign)).toThrow(/Microsoft's own mail hosts/);
		expect(() => requireOwnMailHosts('Managed Identity', CLOUDS.china)).not.toThrow();
	});

	it('goes to hosts that the operator lists', () => {
		withEnvironment({ [HOST_IDENTITY_SERVERS]: 'smtp.example.com, MAIL.evil.example' });
		expect(() => requireOwnMailHosts('Managed Identity', foreign)).not.toThrow();
	});

	it.each(['/proc/self/pagemap', '/dev/zero', '/proc/kmsg'])('is not read from %s', async (file) => {
		const figures = await figuresOf(
			`token file ${file}`,
			async () => await expect(readFederatedToken(file)).rejects.toMatchObject({ field: 'Federated Token File' }),
		);
		expect(figures.memoryMb).toBeLessThan(50);
	});

	it('is not waited for at a pipe', async () => {
		const pipe = join(folderOfTest(), 'token');
		execFileSync('mkfifo', [pipe]);
		await expect(readFederatedToken(pipe)).rejects.toMatchObject({ field: 'Federated Token File' });
	});
});

describe('a link that somebody planted where the journal writes', () => {
	it('is not followed', async () => {
		const folder = folderOfTest();
		const target = join(folder, 'target');
		writeFileSync(target, 'untouched');
		const journal = new JournalFile<unknown>(join(folder, 'own'), 'key', (value) => value);
		journal.write({ a: 1 });
		await journal.flushed();
		expect(journal.read()).toEqual({ a: 1 });
		const [name] = execFileSync('ls', [join(folder, 'own')], { encoding: 'utf8' })
			.trim()
			.split('\n');
		symlinkSync(target, join(folder, 'own', `${name}.new`));
		journal.write({ a: 2 });
		await journal.flushed();
		expect(execFileSync('cat', [target], { encoding: 'utf8' })).toBe('untouched');
		expect(journal.read()).toEqual({ a: 2 });
	});

	it('is not read, nor is what belongs to others or what everybody may write', async () => {
		const folder = folderOfTest();
		const journal = new JournalFile<unknown>(folder, 'key', (value) => value);
		journal.write({ a: 1 });
		await journal.flushed();
		const [name = ''] = readdirSync(folder);
		const path = join(folder, name);
		chmodSync(path, 0o666);
		expect(journal.read()).toBeUndefined();
		chmodSync(path, 0o600);
		expect(journal.read()).toEqual({ a: 1 });
		renameSync(path, join(folder, 'elsewhere'));
		symlinkSync(join(folder, 'elsewhere'), path);
		expect(journal.read()).toBeUndefined();
	});

	it('belongs to another user and is not used, neither as file nor as folder', async () => {
		const folder = folderOfTest();
		const told: string[] = [];
		const journal = new JournalFile<unknown>(
			folder,
			'key',
			(value) => value,
			(reason) => told.push(reason),
		);
		journal.write({ a: 1 });
		await journal.flushed();
		const [name = ''] = readdirSync(folder);
		const own = process.getuid?.() ?? 0;
		// Root may give files away; who is not root becomes another user here, whom these files do not belong to.
		if (own === 0) for (const path of [folder, join(folder, name)]) chownSync(path, 4_711, 4_711);
		const { getuid } = process;
		process.getuid = () => own + 4_712;
		try {
			expect(journal.read()).toBeUndefined();
			journal.write({ a: 2 });
			await journal.flushed();
		} finally {
			process.getuid = getuid;
		}
		expect(told).toEqual([expect.stringContaining('belongs to another user')]);
		expect(JSON.parse(readFileSync(join(folder, name), 'utf8'))).toEqual({ a: 1 });
	});

	it('is no folder for it', async () => {
		const folder = folderOfTest();
		const elsewhere = folderOfTest();
		symlinkSync(elsewhere, join(folder, 'own'));
		const told: string[] = [];
		const journal = new JournalFile<unknown>(
			join(folder, 'own'),
			'key',
			(value) => value,
			(reason) => told.push(reason),
		);
		journal.write({ a: 1 });
		await journal.flushed();
		expect(told).toHaveLength(1);
		expect(existsSync(elsewhere) && execFileSync('ls', [elsewhere], { encoding: 'utf8' })).toBe('');
	});
});
