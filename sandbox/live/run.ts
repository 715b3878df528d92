// npm run live: the real flows against a real tenant or a personal account, and a report for an issue.
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { MailError } from '../../mail/errors';
import { tryWay, type WayReport } from './flows';
import { writeReport } from './report';
import { readSettings, SETTINGS_FILE } from './settings';

/** Lies beside the settings. */
const REPORT_FILE = 'live-report.md';

async function main(path: string): Promise<void> {
	if (!existsSync(path)) throw new Error(`There is no file ${path}. docs/live.md says what stands in it.`);
	const ways = readSettings(path);
	const reports: WayReport[] = [];
	for (const way of ways) {
		console.log(`${way.name} …`);
		const report = await tryWay(way);
		reports.push(report);
		const failed = [
			...report.connection.steps.filter(({ ok }) => !ok).map(({ protocol, step }) => `${protocol} ${step}`),
			...report.trials.filter(({ ok }) => !ok).map(({ name }) => name),
		];
		console.log(failed.length === 0 ? '  all passed' : `  failed: ${failed.join(', ')}`);
		if (failed.length > 0) process.exitCode = 1;
	}
	const reportFile = join(dirname(path), REPORT_FILE);
	writeFileSync(reportFile, writeReport(ways, reports));
	console.log(`The report is in ${reportFile}. Read it once before you attach it to an issue.`);
}

main(process.argv[2] ?? process.env.OFFICE365_MAIL_LIVE ?? SETTINGS_FILE).catch((error: unknown) => {
	console.error(
		error instanceof MailError
			? [error.message, error.remedy].filter(Boolean).join(' ')
			: error instanceof Error
				? error.message
				: String(error),
	);
	process.exitCode = 1;
});
