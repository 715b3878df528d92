import type { ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { requireRenewal } from '../signIn/credentialAccount';
import { nodeError } from '../nodeError';
import { readSettings, type Settings } from './settings';
import { activate, isUnattended, report } from './trigger';

/** Starts the watch. Throws only if a person sees the error. */
export async function startTrigger(context: ITriggerFunctions): Promise<ITriggerResponse> {
	const attended = !isUnattended(context);
	let settings: Settings;
	try {
		settings = readSettings(context);
		if (attended) requireRenewal(context, settings.account);
	} catch (error) {
		if (attended) throw nodeError(context.getNode(), error);
		// An expression gives another value today. If this threw, the trigger would stop until somebody activates it again; a restart reads
		// the expression again.
		report(context, error);
		return {};
	}
	return await activate(context, settings);
}
