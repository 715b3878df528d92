import type { ICredentialsDecrypted, ICredentialTestFunctions, IDataObject, INodeCredentialTestResult } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import type { Protocol } from '../../mail/clouds';
import { runConnectionTest } from '../../mail/connectionTest/connectionTest';
import { diagnose } from '../../mail/diagnosis';
import { describeEnding, type Ending } from '../../mail/endings';
import { MailError } from '../../mail/errors';
import { ProtocolLog } from '../../mail/protocolLog';
import { choices, flag } from '../parameters/parameterValues';
import { serviceAccountToTest } from './serviceAccountCredential';

/**
 * Returns the steps as an item. The first failed step is also in `problem` and `remedy`.
 * @param own the node's protocol, which is tested if the option `testProtocols` names none
 * @param options of the operation; with `protocolLog`, the item also has the conversation
 * @throws MailError `input` naming the option
 */
export async function testConnection(account: Account, own: Protocol, options: IDataObject): Promise<IDataObject> {
	const log = flag(options.protocolLog, 'Protocol Log') ? new ProtocolLog() : undefined;
	const chosen = choices(options.testProtocols, 'Protocols to Test', PROTOCOLS);
	const protocols = chosen.length > 0 ? chosen : [own];
	// A test always asks the server.
	const tested = { ...account, refusals: undefined, listen: log && ((protocol: Protocol) => log.listen(protocol)) };
	const report = await runConnectionTest(tested, protocols);
	const failed = report.steps.find(({ ok }) => !ok);
	return {
		ok: report.ok,
		mailbox: report.mailbox,
		...(report.signedInAs !== undefined && { signedInAs: report.signedInAs }),
		...(failed !== undefined && {
			problem: `${failed.protocol} ${failed.step}: ${failed.detail}`,
			remedy: failed.remedy,
			...(failed.said !== undefined && { said: failed.said }),
		}),
		...ends(account.endings),
		steps: report.steps.map((step) => ({ ...step })),
		...(log !== undefined && { protocolLog: { ...log.toJSON() } }),
	};
}

/** Everything that expires, with its day and a sentence. */
function ends(endings: readonly Ending[] = []): IDataObject {
	if (endings.length === 0) return {};
	return {
		ends: endings.map((ending) => ({
			what: ending.what,
			...(ending.at !== undefined && { on: new Date(ending.at).toISOString() }),
			detail: describeEnding(ending),
		})),
	};
}

/**
 * The Test button of the service account: the same steps for every protocol for which the credential's cloud has a host. An app may be
 * allowed for one protocol only, so one that works is enough; the others are named.
 */
export async function testServiceAccount(
	this: ICredentialTestFunctions,
	credential: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	try {
		const account = serviceAccountToTest(credential.data ?? {});
		const protocols = PROTOCOLS.filter((protocol) => account[protocol].host !== '');
		if (protocols.length === 0)
			throw new MailError('The credential has no mail host.', {
				code: 'input',
				remedy: 'Fill in "SMTP Host", "IMAP Host" or "POP Host" in the credential (cloud "Custom").',
			});
		const report = await runConnectionTest(account, protocols);
		const failed = report.steps.filter(({ ok }) => !ok);
		const working = protocols.filter(
			(protocol) => report.steps.some((step) => step.protocol === protocol) && !failed.some((step) => step.protocol === protocol),
		);
		const problems = failed
			.map(({ protocol, detail, remedy, said }) =>
				[`${protocol === 'identity' ? 'Token' : protocol.toUpperCase()}: ${detail}`, remedy, said]
					.filter((part) => part !== undefined)
					.join(' '),
			)
			.join(' — ');
		if (working.length === 0) return { status: 'Error', message: problems };
		const works = `Signed in to ${account.mailbox} over ${working.map((protocol) => protocol.toUpperCase()).join(', ')}.`;
		const until = (account.endings ?? []).map((ending) => describeEnding(ending));
		return { status: 'OK', message: [works, ...(problems === '' ? [] : [`Not usable: ${problems}`]), ...until].join(' ') };
	} catch (error) {
		const told = diagnose(error, { speaker: 'identity' });
		return { status: 'Error', message: [told.message, told.details].filter((part) => part !== undefined).join(' ') };
	}
}

const PROTOCOLS: readonly Protocol[] = ['smtp', 'imap', 'pop'];
