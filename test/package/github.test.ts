import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = resolve(__dirname, '..', '..');
const GITHUB = join(ROOT, '.github');
const manifest: { scripts: Record<string, string>; repository: { url: string }; homepage: string; bugs: { url: string } } = JSON.parse(
	readFileSync(join(ROOT, 'package.json'), 'utf8'),
);

interface Job {
	uses?: string;
	steps?: Array<{ uses?: string; run?: string }>;
	permissions?: Record<string, string>;
	'timeout-minutes'?: number;
	strategy?: { matrix: Record<string, unknown[]> };
}
interface Workflow {
	name: string;
	permissions: Record<string, string>;
	jobs: Record<string, Job>;
	[on: string]: unknown;
}

const files = (folder: string): string[] => readdirSync(join(GITHUB, folder)).filter((name) => /\.ya?ml$/.test(name));
const read = <T>(...path: string[]): T => {
	const content: T = JSON.parse(JSON.stringify(parse(readFileSync(join(GITHUB, ...path), 'utf8'))));
	return content;
};
const workflows = files('workflows').map((name) => ({ name, content: read<Workflow>('workflows', name) }));
const steps = workflows.flatMap(({ name, content }) =>
	Object.values(content.jobs).flatMap((job) => (job.steps ?? []).map((step) => ({ ...step, name }))),
);

describe('the workflows on GitHub', () => {
	it('are those for changes, nights, versions of n8n, analysis and publishing', () => {
		expect(workflows.map(({ name }) => name).sort()).toEqual(['ci.yml', 'codeql.yml', 'compat.yml', 'nightly.yml', 'publish.yml']);
	});

	it('call only scripts that there are', () => {
		const called = steps.flatMap(({ run = '' }) =>
			[...run.matchAll(/\bnpm (?:run ([\w:-]+)|(test|start)\b)/g)].map(([, script, own]) => script ?? own ?? ''),
		);
		expect(new Set(called)).toEqual(new Set(['compat', 'lint', 'test', 'build']));
		for (const script of called) expect(Object.keys(manifest.scripts)).toContain(script);
	});

	it("use GitHub's own actions alone, each of one major version, which Dependabot keeps current", () => {
		const used = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
		expect(used.length).toBeGreaterThan(8);
		expect(used.filter((action) => !/^(?:actions\/[\w-]+|github\/codeql-action\/\w+)@v\d+$/.test(action))).toEqual([]);
		expect(new Set(used).size).toBe(new Set(used.map((action) => action.split('@')[0])).size);
		expect(
			read<{ updates: Array<{ 'package-ecosystem': string }> }>('dependabot.yml').updates.map((one) => one['package-ecosystem']),
		).toEqual(['npm', 'github-actions']);
	});

	it('may read and no more, but for what a job says, and end in time', () => {
		for (const { name, content } of workflows) {
			expect(content.permissions, name).toEqual({ contents: 'read' });
			for (const job of Object.values(content.jobs))
				expect(job.uses ?? job['timeout-minutes'], name).toSatisfy((limit) => typeof limit === 'string' || Number(limit) <= 150);
		}
		expect(workflows.flatMap(({ name, content }) => Object.values(content.jobs).map((job) => [name, job.permissions ?? {}]))).toEqual(
			expect.arrayContaining([
				['publish.yml', { contents: 'write', 'id-token': 'write' }],
				['codeql.yml', { contents: 'read', 'security-events': 'write' }],
			]),
		);
	});

	it('test on each Node that is supported, and call workflows that there are', () => {
		const ci = read<Workflow>('workflows', 'ci.yml');
		expect(ci.jobs.test?.strategy?.matrix.node).toEqual([20, 22, 24]);
		// Otherwise most of the tests would run in the Node that n8n brings.
		expect(ci.jobs.test?.steps?.map((step) => step.run)).toContain('npm test -- --own-node');
		for (const { content } of workflows)
			for (const { uses } of Object.values(content.jobs)) if (uses !== undefined) expect(existsSync(resolve(ROOT, uses))).toBe(true);
	});

	it('publish with provenance, only what is tested and has no warning, with a bill of materials', () => {
		const run = steps.filter(({ name }) => name === 'publish.yml').map((step) => step.run ?? '');
		const at = (part: string): number => run.findIndex((line) => line.includes(part));
		expect(run.join('\n')).not.toMatch(/NODE_AUTH_TOKEN|NPM_TOKEN/);
		for (const earlier of ['--max-warnings 0', 'npm test', 'npm run build', 'npm sbom']) {
			expect(at(earlier)).toBeGreaterThan(-1);
			expect(at(earlier)).toBeLessThan(at('npm publish --provenance'));
		}
	});

	it('have a bill of materials that npm can make', () => {
		const sbom: { bomFormat: string; components: unknown[] } = JSON.parse(
			execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], {
				cwd: ROOT,
				encoding: 'utf8',
				maxBuffer: 64 * 1024 * 1024,
			}),
		);
		expect(sbom.bomFormat).toBe('CycloneDX');
		expect(sbom.components.length).toBeGreaterThan(10);
	});
});

describe('the issue forms', () => {
	it.each(['bug.yml', 'wish.yml', 'provider.yml'])('ask in full what is needed: %s', (name) => {
		const form = read<{
			name: string;
			description: string;
			body: Array<{ type: string; id?: string; attributes: Record<string, unknown> }>;
		}>('ISSUE_TEMPLATE', name);
		expect(form.name && form.description).toBeTruthy();
		const fields = form.body.filter(({ type }) => type !== 'markdown');
		expect(fields.every(({ id, attributes }) => id !== undefined && typeof attributes.label === 'string')).toBe(true);
		expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
		if (name === 'bug.yml') expect(fields.map(({ id }) => id)).toContain('log');
	});
});

describe('the repository', () => {
	const now = /github\.com\/([^/]+\/[^/]+?)\.git$/.exec(manifest.repository.url)?.[1] ?? '';
	const tracked = (): string[] => execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');

	it('is the same in each link to it', () => {
		expect([manifest.homepage, manifest.bugs.url]).toEqual([`https://github.com/${now}#readme`, `https://github.com/${now}/issues`]);
		for (const file of tracked().filter(
			(path) => /\.(?:json|ts|yml|md)$/.test(path) && !/^test\/|package-lock/.test(path) && existsSync(join(ROOT, path)),
		))
			for (const [, other] of readFileSync(join(ROOT, file), 'utf8').matchAll(/github\.com\/([\w-]+\/n8n-nodes-office365-mail)/g))
				expect(`${file}: ${other}`).toBe(`${file}: ${now}`);
	});

	it('is set in all places by one command', () => {
		const copy = mkdtempSync(join(tmpdir(), 'office365-mail-repository-'));
		try {
			for (const path of ['package.json', 'credentials', 'nodes', '.github', 'README.md'])
				cpSync(join(ROOT, path), join(copy, path), { recursive: true });
			execFileSync('git', ['init', '-q'], { cwd: copy });
			execFileSync('git', ['add', '-A'], { cwd: copy });
			const set = (name: string): string =>
				execFileSync(process.execPath, [join(ROOT, 'sandbox', 'repository.mjs'), name], { cwd: copy, encoding: 'utf8' });
			expect(set('ada/mail')).toMatch(/^\d+ files now name github\.com\/ada\/mail/);
			expect(spawnSync('grep', ['-rIl', now, '--exclude-dir=.git', '.'], { cwd: copy, encoding: 'utf8' }).stdout).toBe('');
			expect(readFileSync(join(copy, 'credentials', 'MicrosoftMailOAuth2Api.credentials.ts'), 'utf8')).toContain(
				'github.com/ada/mail/blob/main/docs/',
			);
			set('grace/post');
			expect(readFileSync(join(copy, 'package.json'), 'utf8')).toContain('git+https://github.com/grace/post.git');
			expect(() => set('nonsense')).toThrow();
		} finally {
			rmSync(copy, { recursive: true, force: true });
		}
	});

	it('is told by the lint while nobody has set it, so that it is not published', async () => {
		// While a command is waited for without a promise, vitest gives up its worker after a minute.
		const lint = async (...more: string[]): Promise<unknown> =>
			await promisify(execFile)(join(ROOT, 'node_modules', '.bin', 'eslint'), ['package.json', ...more], { cwd: ROOT }).then(
				() => 0,
				(error: unknown) => Object(error).code,
			);
		expect([await lint(), await lint('--max-warnings', '0')]).toEqual([0, now.startsWith('OWNER/') ? 1 : 0]);
	});
});
