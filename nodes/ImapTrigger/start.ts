import type { ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { requireRenewal } from '../credentialAccount';
import { nodeError } from '../nodeError';
import { fetchSample } from './manual';
import { readSettings, type Settings } from './settings';
import { activate, isUnattended, report } from './trigger';

/** Starts the watch or, in the editor, waits until one email is requested. Throws only if a person sees the error. */
export async function startTrigger(context: ITriggerFunctions): Promise<ITriggerResponse> {
	const attended = context.getMode() === 'manual' || !isUnattended(context);
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
	if (context.getMode() !== 'manual') return await activate(context, settings);
	return {
		manualTriggerFunction: async () => context.emit([[await fetchSample(context, settings)]]),
	};
}
