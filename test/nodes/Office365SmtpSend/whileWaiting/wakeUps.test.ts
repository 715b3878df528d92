import { once } from 'node:events';

import { afterEach, expect, it, vi } from 'vitest';

import { Office365SmtpSend } from '../../../../nodes/Office365SmtpSend/Office365SmtpSend.node';

vi.mock('../../../../nodes/Office365SmtpSend/whileWaiting/wakeUps.js', () => {
	throw new Error('Cannot find module wakeUps.js');
});

afterEach(() => vi.useRealTimers());

it('warns, and does not end n8n, if the package is replaced or removed in the seconds after the start', async () => {
	vi.useFakeTimers({ toFake: ['setTimeout'] });
	const warned = once(process, 'warning');
	new Office365SmtpSend();
	vi.runAllTimers();
	const [warning] = await warned;
	expect(warning).toMatchObject({
		name: 'Office365MailWarning',
		message: expect.stringContaining('The reminders and ends of waiting questions are not looked after until n8n starts again'),
	});
});
