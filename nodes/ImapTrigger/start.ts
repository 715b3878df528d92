import type { ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { requireRenewal } from '../credentialAccount';
import { nodeError } from '../nodeError';
import { fetchSample } from './manual';
import { readSettings, type Settings } from './settings';
import { activate, isUnattended, report } from './trigger';

/** Watches, or in the editor waits to be asked for one mail. Throws only where a person sees it. */
export async function startTrigger(context: ITriggerFunctions): Promise<ITriggerResponse> {
	const attended = context.getMode() === 'manual' || !isUnattended(context);
	let settings: Settings;
	try {
		settings = readSettings(context);
		if (attended) requireRenewal(context, settings.account);
	} catch (error) {
		if (attended) throw nodeError(context.getNode(), error);
		// An expression that gives something else today: to throw would end the trigger for ever, a restart reads it again.
		report(context, error);
		return {};
	}
	if (context.getMode() !== 'manual') return await activate(context, settings);
	return {
		manualTriggerFunction: async () => context.emit([[await fetchSample(context, settings)]]),
	};
}
