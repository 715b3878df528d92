import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { redact } from '../../mail/redact';
import type { WayReport } from './flows';
import type { Way } from './settings';

const ROOT = join(__dirname, '..', '..');
const LIBRARIES = ['@azure/msal-node', 'imapflow', 'nodemailer', 'mailparser', 'undici', 'socks'];

/**
 * The report as Markdown. Whatever the settings hold as a secret is replaced in the whole text, then what tells who it is,
 * then what looks like a secret: so it is fit for an issue whatever a server repeats.
 */
export function writeReport(ways: readonly Way[], reports: readonly WayReport[], at = new Date()): string {
	const lines = [
		'# Live test',
		'',
		`${at.toISOString()}, Node ${process.version}, ${process.platform}`,
		'',
		...[['n8n-nodes-office365-mail', ROOT], ...LIBRARIES.map((name) => [name, join(ROOT, 'node_modules', name)])].map(
			([name = '', folder = '']) => `- ${name} ${versionIn(folder)}`,
		),
		...reports.flatMap(partOf),
		'',
	];
	return conceal(lines.join('\n'), ways);
}

function partOf({ name, connection, trials, transcripts }: WayReport): string[] {
	const cell = (value: string): string => value.replaceAll('|', '\\|').replace(/\s+/g, ' ');
	return [
		'',
		`## ${name}: ${connection.ok && trials.every(({ ok }) => ok) ? 'all passed' : 'not all passed'}`,
		'',
		'| what | result | detail |',
		'| --- | --- | --- |',
		...connection.steps.map(
			({ protocol, step, ok, tookMs, detail, remedy, said }) =>
				`| ${protocol} ${step} | ${ok ? 'passed' : 'failed'}, ${tookMs} ms | ${cell([detail, remedy, said].filter(Boolean).join(' '))} |`,
		),
		...trials.map(({ name: what, ok, detail }) => `| ${what} | ${ok ? 'passed' : 'failed'} | ${cell(detail)} |`),
		...Object.entries(transcripts).flatMap(([protocol, said]) => ['', `### ${protocol.toUpperCase()}`, '', '```', ...said, '```']),
	];
}

function conceal(text: string, ways: readonly Way[]): string {
	const all = (pick: (way: Way) => string[]): string[] => [...new Set(ways.flatMap(pick))].sort((one, other) => other.length - one.length);
	let safe = text;
	for (const secret of all(({ secrets }) => secrets)) safe = safe.replaceAll(secret, '[secret]');
	for (const [index, name] of all(({ names }) => names).entries()) {
		const stand = name.includes('@') ? `mailbox-${index + 1}@example.com` : `ID-${index + 1}`;
		safe = safe.replace(new RegExp(name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'gi'), stand);
	}
	return safe.split('\n').map(redact).join('\n');
}

function versionIn(folder: string): string {
	try {
		const about: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
		return typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : '?';
	} catch {
		return '?';
	}
}
