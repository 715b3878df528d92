import { randomBytes } from 'node:crypto';

import { personCredential, uses, type Credential } from '../sandbox/credentials';
import { aimAt, type Aim, type Part, type Stage } from './harness';
import { mail } from './imap';
import type { Held, Stalls } from './probe';
import { counted, memoryOf, resetPeak, serveTrigger, startProbed, within, type ProbedN8n } from './probed';

const BACKLOG = Number(process.env.BENCH_BACKLOG ?? 10_000);
/** Of the backlog, with a CPU profile: whose code runs when the event loop stands still. */
const PROFILED = Math.min(1_000, BACKLOG / 4);
/** Memory is looked at so often on the way. */
const LOOKS = 9;
const LARGE_MAILS = Number(process.env.BENCH_LARGE ?? 10);
const LARGE_BYTES = 20 * 1024 * 1024;
/** The whole part takes ten minutes at most. */
const BACKLOG_MS = 6 * 60_000;
const LARGE_MS = 2 * 60_000;

/** What a real n8n suffers while an IMAP Trigger takes a backlog, one execution for each email. */
export const part: Part = {
	title: "n8n's process: backlog and large attachments",
	run: async (stage) => {
		const { sandbox } = stage;
		const person = await personCredential(sandbox, 'process@example.test', sandbox.straight);
		const large = await personCredential(sandbox, 'large@example.test', { ...sandbox.straight, smtp: sandbox.exchange.smtp });
		const n8n = await startProbed(sandbox, [person, large]);
		try {
			await backlog(stage, n8n, person);
			await attachments(stage, n8n, large);
		} finally {
			await n8n.stop();
		}
	},
};

async function backlog({ sandbox, note }: Stage, n8n: ProbedN8n, credential: Credential): Promise<void> {
	const mailbox = 'process@example.test';
	await sandbox.fill(mailbox, mails(BACKLOG + PROFILED));
	const done = async (): Promise<number> => (await counted(sandbox, mailbox, 'messages')) - (await counted(sandbox, mailbox, 'unseen'));
	const before = resetPeak(n8n.instance.pid);
	await n8n.begin(true);
	const id = await serveTrigger(n8n, credential, 'backlog', {
		postProcessAction: 'read',
		options: { firstEmails: { start: { from: 'unread' } } },
	});
	await within(BACKLOG_MS / 4, async () => (await done()) >= PROFILED);
	const profiled = await n8n.end();
	note(`Backlog of ${PROFILED} emails of 10 KB, with a profile: ${told(profiled)}.`, stallAim(profiled));
	// From here on without the profile, which holds memory itself.
	const since = performance.now();
	const first = await done();
	await n8n.begin();
	const looks: Array<Held & { at: number }> = [{ at: await done(), ...(await n8n.held()) }];
	for (let look = 1; look <= LOOKS && performance.now() - since < BACKLOG_MS; look += 1) {
		const upTo = first + ((BACKLOG + PROFILED - first) * look) / LOOKS;
		await within(BACKLOG_MS - (performance.now() - since), async () => (await done()) >= upTo);
		looks.push({ at: await done(), ...(await n8n.held()) });
	}
	const stalls = await n8n.end();
	const executions = (looks.at(-1)?.at ?? NaN) - first;
	note(
		`${executions} executions of that backlog in ${stalls.seconds.toFixed(0)} s; longest stall, with our collecting of garbage ${LOOKS} times, ${stalls.longestMs.toFixed(0)} ms; highest resident memory ${(memoryOf(n8n.instance.pid, 'VmHWM') - before).toFixed(0)} MiB above the start.`,
	);
	note(
		`Memory after garbage collection, without compiled code, by executions: ${looks.map(({ at, ...held }) => `${at}: ${mebibytes(held)}`).join(', ')} MiB. Growth: ${growth(looks).toFixed(0)} bytes an execution (least squares, without the first third).`,
		aimAt(growth(looks), 100, 'bytes an execution, which are 1 MB in 10,000'),
	);
	await n8n.api.deactivate(id);
}

/** Emails with 20 MB each come in as files and are sent on with them. */
async function attachments({ sandbox, note }: Stage, n8n: ProbedN8n, credential: Credential): Promise<void> {
	const mailbox = 'large@example.test';
	const receiver = 'large-receiver@example.test';
	const content = randomBytes(LARGE_BYTES).toString('base64').replace(/.{76}/g, '$&\r\n');
	const { authentication, credentials } = uses(credential);
	const id = await serveTrigger(
		n8n,
		credential,
		'attachments',
		{ downloadAttachments: true, postProcessAction: 'read', options: { maxInFlight: 2 } },
		{
			...{ type: 'n8n-nodes-office365-mail.office365SmtpSend', typeVersion: 1, credentials },
			parameters: {
				...{ authentication, fromEmail: mailbox, toEmail: receiver, subject: 'on its way', text: 'hello' },
				options: { attachments: 'attachment_0' },
			},
		},
	);
	const before = resetPeak(n8n.instance.pid);
	await n8n.begin(true);
	for (let count = 0; count < LARGE_MAILS; count += 1) await sandbox.deliver(mailbox, largeMail(count, content));
	const arrived = async (): Promise<number> => (await sandbox.messages(receiver)).length;
	await within(LARGE_MS, async () => (await arrived()) >= LARGE_MAILS, 1_000);
	const stalls = await n8n.end();
	note(
		`${await arrived()} of ${LARGE_MAILS} emails with an attachment of 20 MB, received and sent on: ${told(stalls)}; highest resident memory ${(memoryOf(n8n.instance.pid, 'VmHWM') - before).toFixed(0)} MiB above the start.`,
		stallAim(stalls),
	);
	await n8n.api.deactivate(id);
}

function told({ seconds, longestMs, over50, oursMs = NaN, where = [] }: Stalls): string {
	return `${seconds.toFixed(0)} s, longest stall of n8n's event loop ${longestMs.toFixed(0)} ms (${over50} above 50 ms); the most of our code and its libraries in one of them ${oursMs.toFixed(0)} ms${where.length === 0 ? '' : ` (${where.join(', ')})`}`;
}

/** Of our code alone: n8n's own takes longer at times. */
function stallAim({ oursMs = NaN }: Stalls): Aim {
	return aimAt(oursMs, 50, 'ms of ours');
}

const mebibytes = ({ heapUsed, external }: Pick<Held, 'heapUsed' | 'external'>): string => ((heapUsed + external) / 2 ** 20).toFixed(1);

/** Bytes for each execution, by the line that fits best. */
function growth(looks: ReadonlyArray<Held & { at: number }>): number {
	const points = looks.slice(Math.ceil(LOOKS / 3)).map(({ at, heapUsed, external }) => ({ x: at, y: heapUsed + external }));
	const mean = (of: (point: { x: number; y: number }) => number): number =>
		points.reduce((sum, point) => sum + of(point), 0) / points.length;
	const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
	return mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
}

function* mails(count: number): Generator<string> {
	for (let number = 0; number < count; number += 1) yield mail(number, 10_000);
}

function largeMail(number: number, content: string): string {
	return `Message-ID: <large-${number}@example.test>\r\nFrom: bob@example.test\r\nSubject: large ${number}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/octet-stream; name=data.bin\r\nContent-Disposition: attachment; filename=data.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${content}\r\n--b--\r\n`;
}
