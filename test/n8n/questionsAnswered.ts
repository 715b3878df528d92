import { expect, it } from 'vitest';

import { GRACE, SHARED, type QuestionsRig } from './questionsRig';

/** Questions that people answer. */
export function answered(use: () => QuestionsRig): void {
	it('is a form that a phone without JavaScript can fill in: its mistakes are told, its file becomes binary data', async () => {
		const rig = use();
		const values = [
			{ fieldLabel: 'Reason', fieldType: 'textarea', requiredField: true },
			{ fieldLabel: 'Amount', fieldType: 'number', defaultValue: '={{ $json.body.order }}' },
			{ fieldLabel: 'Sizes', fieldType: 'checkbox', fieldOptions: { values: [{ option: 'Small' }, { option: 'Large' }] } },
			{ fieldLabel: 'Plan', fieldType: 'file', maxFileSize: 1 },
		];
		const { id, links } = await rig.ask('form-me', [GRACE], { toEmail: GRACE, responseType: 'customForm', formFields: { values } });
		const phone = await rig.phone('dark');
		const page = await phone.newPage();
		await page.goto(links[0]?.[0] ?? '');
		expect(await page.getByText('May order 17 go?').count()).toBe(1);
		expect(await page.getByLabel('Amount').inputValue()).toBe('17');
		await page.getByLabel('Amount').fill('many');
		await page.getByLabel('Large').check();
		await page.getByRole('button', { name: 'Submit' }).click();
		expect(await page.getByRole('alert').textContent()).toContain('Please check your answer');
		expect(await page.getByLabel('Large').isChecked()).toBe(true);
		if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/form.png`, fullPage: true });
		await page.getByLabel('Amount').fill('12.5');
		await page.getByLabel('Reason').fill('Because');
		await page.getByLabel('Plan').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('a plan') });
		await page.getByRole('button', { name: 'Submit' }).click();
		await page.getByText('Got it, thanks').waitFor();
		await phone.close();
		expect(await rig.ended(id)).toMatchObject({
			json: {
				data: { Reason: 'Because', Amount: 12.5, Sizes: ['Large'], Plan: { filename: 'plan.txt', size: 6 } },
				emailQuestion: { recipients: [GRACE], message: 'May order 17 go?' },
			},
			binary: { Plan: { fileName: 'plan.txt', mimeType: 'text/plain' } },
		});
	});

	it('to two people is answered by both, with a restart of n8n in between', async () => {
		const rig = use();
		const { id, links } = await rig.ask('both-of-you', [GRACE, SHARED], {
			options: { approvers: { values: { emails: `${GRACE}, ${SHARED}`, rule: 'all' } } },
		});
		const [grace = '', shared = ''] = links.map(([link]) => link);
		expect(await (await fetch(grace, { method: 'POST' })).text()).toContain('Got it, thanks');
		expect((await rig.n8n.api.statuses(id))[0]).toBe('waiting');
		const before = rig.n8n.instance.url;
		await rig.n8n.restart();
		expect((await fetch(grace.replace(before, rig.n8n.instance.url), { method: 'POST' })).status).toBe(409);
		await fetch(shared.replace(before, rig.n8n.instance.url), { method: 'POST' });
		expect(await rig.ended(id)).toMatchObject({
			json: {
				data: {
					approved: true,
					answers: [
						{ email: GRACE, approved: true },
						{ email: SHARED, approved: true },
					],
				},
				emailQuestion: { rule: 'all', notAnswered: [] },
			},
		});
	});
}
