import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { HIDDEN, redact, Secrets } from '../../mail/redact';
import type { WayReport } from './flows';
import type { Way } from './settings';

const ROOT = join(__dirname, '..', '..');
const LIBRARIES = ['@azure/msal-node', 'imapflow', 'nodemailer', 'mailparser', 'undici', 'socks'];

/**
 * The report as Markdown. Whatever the settings hold as a secret is replaced in the whole text, in parts and in base64 too, and
 * what looks like a secret; then what tells who it is: names of the settings, addresses, IP addresses,
 * folders. So it is fit for an
 * issue whatever a server repeats.
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
		`## ${name} (${connection.ok && trials.every(({ ok }) => ok) ? 'all passed' : 'not all passed'})`,
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

/** Domains that are parts of the servers' names, so they stay. */
const MICROSOFT = /^(?:outlook|office|office365|microsoft|microsoftonline)\.(?:com|us|cn)$/i;
const ADDRESS = /(?<![\w.+'-])[\w.+'-]{1,64}@((?:[\w-]{1,63}\.){1,8}[a-z][\w-]{1,62})(?![\w.-])/gi;
/** What Exchange calls an email looks like an address. */
const NO_PERSON = /^example\.com$|\.prod\.(?:outlook|exchangelabs)\.[a-z]+$/i;
const IP = /(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}|[\da-f:]{3,39})(?![\w.:])/gi;
/** The cleaning lists all folders, and their names are the user's own. */
const FOLDER = /^(S: \* (?:LIST|LSUB) \([^)\n]*\) (?:"[^"\n]*"|NIL) )"?(?!INBOX\b|Sent\b)[^\n]+$/gim;
const LOOPBACK = /^(?:127\.|::1$)/;

function conceal(text: string, ways: readonly Way[]): string {
	const all = (pick: (way: Way) => string[]): string[] =>
		[...new Set(ways.flatMap(pick))].filter((one) => one !== '').sort((one, other) => other.length - one.length);
	const secrets = new Secrets(all((way) => way.secrets));
	let safe = text;
	for (const secret of all((way) => way.secrets)) safe = safe.replaceAll(secret, HIDDEN);
	safe = safe
		.split('\n')
		.map((line) => redact(secrets.hide(line)))
		.join('\n');
	const known = all(({ names }) => names);
	const addresses = known.filter((name) => name.includes('@'));
	for (const [index, address] of addresses.entries()) safe = safe.replace(whole(address), `mailbox-${index + 1}@example.com`);
	// A server may name others: who signed in, or who has a right.
	safe = safe.replace(ADDRESS, (address, domain: string) => (NO_PERSON.test(domain) ? address : 'somebody@example.com'));
	const domains = addresses.map((address) => address.slice(address.lastIndexOf('@') + 1)).filter((domain) => !MICROSOFT.test(domain));
	const others = new Set([...known.filter((name) => !name.includes('@')), ...domains, hostname()]);
	for (const [index, name] of [...others].entries()) safe = safe.replace(whole(name), `NAME-${index + 1}`);
	safe = safe.replace(FOLDER, '$1(a folder)');
	// A greeting says from where the call came.
	return safe.replace(IP, (address) => (isIP(address) === 0 || LOOPBACK.test(address) ? address : 'IP-ADDRESS'));
}

function whole(name: string): RegExp {
	return new RegExp(`(?<![\\w-])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'gi');
}

function versionIn(folder: string): string {
	try {
		const about: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
		return typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : '?';
	} catch {
		return '?';
	}
}
