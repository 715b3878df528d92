import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { toItem } from '../../mail/item/item';
import { differences, type Difference, type PeerReading, type Reading } from './compare';

const GENERATED = 400;
const PYTHON = process.env.PYTHON ?? 'python3';

interface Corpus {
	title: string;
	folder: string;
}

interface Compared {
	name: string;
	found: Difference[];
}

/** Reads every mail of a folder as the nodes do and as Python's email package does, and tells where the two differ. */
async function main(): Promise<void> {
	const scratch = mkdtempSync(join(tmpdir(), 'corpus-'));
	try {
		const named = process.argv.slice(2).map((folder): Corpus => ({ title: folder, folder: resolve(folder) }));
		const corpora = named.length > 0 ? named : usual(scratch);
		let isGood = true;
		for (const corpus of corpora) isGood = tell(corpus, await compare(corpus.folder)) && isGood;
		process.exitCode = isGood ? 0 : 1;
	} finally {
		rmSync(scratch, { recursive: true });
	}
}

/** What is at hand everywhere: our own cases, the test data of Python itself where it is installed, and generated mails. */
function usual(scratch: string): Corpus[] {
	const corpora: Corpus[] = [{ title: 'our own cases', folder: join(__dirname, '..', 'cases', 'mail') }];
	const found = spawnSync(PYTHON, ['-c', 'import os, test.test_email as t; print(os.path.join(os.path.dirname(t.__file__), "data"))'], {
		encoding: 'utf8',
	});
	const data = found.stdout.trim();
	if (found.status === 0 && existsSync(data)) corpora.push({ title: 'the test data of Python itself', folder: data });
	const made = spawnSync(PYTHON, [join(__dirname, 'odd.py'), scratch, String(GENERATED)], { encoding: 'utf8' });
	if (made.status !== 0) throw new Error(`${PYTHON} could not make mails: ${made.stderr}`);
	return [...corpora, { title: `${GENERATED} mails made by Python, every second one broken in one place`, folder: scratch }];
}

function mailsIn(folder: string): string[] {
	const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(?:eml|txt|mime|mail)$/i.test(name));
	return names
		.map((name) => join(folder, name))
		.filter((path) => statSync(path).isFile())
		.sort();
}

async function compare(folder: string): Promise<Compared[]> {
	const paths = mailsIn(folder);
	const peer = spawn(PYTHON, [join(__dirname, 'peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
	const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
	const compared: Compared[] = [];
	for (const path of paths) {
		peer.stdin.write(`${path}\n`);
		const line = await lines.next();
		if (line.done === true) throw new Error(`${PYTHON} ended at ${path}.`);
		const theirs: PeerReading | { failure: string } = JSON.parse(line.value);
		const mail = readFileSync(path);
		const name = path.slice(folder.length + 1);
		if ('failure' in theirs)
			compared.push({ name, found: [{ field: 'all', ours: '', theirs: '', reason: `Python cannot read it: ${theirs.failure}` }] });
		else
			compared.push({
				name,
				found: differences(
					await ourReading(mail),
					theirs,
					/^Date: *(.{1,100})$/im.exec(mail.toString('latin1').replaceAll('\r', ''))?.[1] ?? '',
				),
			});
	}
	peer.stdin.end();
	return compared;
}

/** What is read here of an item in the format "resolved". */
interface Item {
	subject: string;
	date: string;
	text: string;
	html: string;
	attachments: Array<{ property: string; fileName?: string; mimeType: string }>;
	from?: { value: Listed[] };
	to?: { value: Listed[] };
	cc?: { value: Listed[] };
	replyTo?: { value: Listed[] };
}

async function ourReading(mail: Buffer): Promise<Reading> {
	const provenance = { uid: 1, uidValidity: '1', size: mail.length, folder: 'INBOX' };
	const { json, binary } = await toItem(mail, provenance, {
		format: 'resolved',
		downloadAttachments: true,
		prefix: 'attachment_',
		store: sha256Of,
	});
	const item: Item = JSON.parse(JSON.stringify(json));
	return {
		subject: item.subject,
		people: {
			from: addressesIn(item.from?.value),
			to: addressesIn(item.to?.value),
			cc: addressesIn(item.cc?.value),
			'reply-to': addressesIn(item.replyTo?.value),
		},
		date: item.date === '' ? null : Math.floor(Date.parse(item.date) / 1000),
		plain: item.text,
		html: item.html,
		files: item.attachments.map(({ property, fileName, mimeType }) => ({
			name: fileName ?? '',
			type: mimeType,
			sha256: binary?.[property] ?? '',
		})),
	};
}

interface Listed {
	address: string;
	group?: Listed[];
}

function addressesIn(people: readonly Listed[] = []): string[] {
	return people.flatMap(({ address, group }) => (group === undefined ? [address] : addressesIn(group))).filter((address) => address !== '');
}

/** As the peer makes it: see `digest_of` there. */
async function sha256Of(content: Buffer | Readable, _name: string | undefined, type: string): Promise<string> {
	const pieces: Buffer[] = [];
	for await (const piece of Buffer.isBuffer(content) ? [content] : content) pieces.push(Buffer.from(piece));
	const text = Buffer.concat(pieces).toString('latin1');
	const plain = type.startsWith('message/') ? text.replace(/[ \t\r\n\v\f]+/g, '') : text.replaceAll('\r\n', '\n');
	return createHash('sha256').update(Buffer.from(plain, 'latin1')).digest('hex');
}

/** @returns whether every mail is read as by Python, or its difference explained */
function tell({ title }: Corpus, compared: readonly Compared[]): boolean {
	const differing = compared.filter(({ found }) => found.length > 0);
	const agreeing = compared.length - differing.length;
	const unexplained = differing.filter(({ found }) => found.some(({ reason }) => reason === undefined));
	console.log(`\nCorpus: ${title}`);
	for (const { name, found } of differing) {
		for (const { field, ours, theirs, reason } of found)
			console.log(`  ${name}: ${field}: ${reason ?? 'NOT EXPLAINED'}\n    ours   ${shown(ours)}\n    Python ${shown(theirs)}`);
	}
	const share = compared.length === 0 ? 0 : agreeing / compared.length;
	console.log(
		`${compared.length} mails, ${agreeing} read as by Python (${(share * 100).toFixed(1)} %), ${differing.length - unexplained.length} differ for a reason that is told, ${unexplained.length} without.`,
	);
	return unexplained.length === 0;
}

function shown(text: string): string {
	return JSON.stringify(text.length > 160 ? `${text.slice(0, 80)} … ${text.slice(-60)}` : text);
}

void main();
