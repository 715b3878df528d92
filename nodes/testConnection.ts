import type { IDataObject } from 'n8n-workflow';

import type { Account } from '../mail/account';
import type { Protocol } from '../mail/clouds';
import { runConnectionTest } from '../mail/connectionTest';

/** The steps as an item: the first failing one stands out as `problem` and `remedy`. */
export async function testConnection(account: Account, protocols: readonly Protocol[]): Promise<IDataObject> {
	const report = await runConnectionTest(account, protocols);
	const failed = report.steps.find(({ ok }) => !ok);
	return {
		ok: report.ok,
		mailbox: report.mailbox,
		...(failed !== undefined && { problem: `${failed.protocol} ${failed.step}: ${failed.detail}`, remedy: failed.remedy }),
		steps: report.steps.map((step) => ({ ...step })),
	};
}
