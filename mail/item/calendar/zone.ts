/** Wall-clock time in a zone that Node knows, as ICU does: IANA names, and Windows' names by way of the CLDR's table. */
export async function ianaZone(name: string): Promise<string | undefined> {
	// Mozilla and others put a path before the name: /mozilla.org/20050126_1/Europe/Berlin.
	const plain = name
		// Microsoft Graph of events that were made in UTC.
		.replace(/^tzone:\/\/Microsoft\/Utc$/i, 'UTC')
		.replace(/^\/?[\w.]{1,60}\/[\w]{1,40}\/(?=[A-Z])/, '')
		.replace(/^"|"$/g, '')
		.trim();
	if (plain === '' || plain.length > 100) return undefined;
	// Loaded at first use.
	const { findIana } = await import('windows-iana');
	const found = findIana(plain)[0];
	if (found !== undefined) return found;
	return /^(?:UTC|GMT|[A-Z][A-Za-z_]{1,30}\/[\w+/-]{1,60})$/.test(plain) && isKnown(plain) ? plain : undefined;
}

function isKnown(zone: string): boolean {
	try {
		return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
	} catch {
		return false;
	}
}

/** The moment at which the clock of `zone` shows what `utc` shows in UTC. */
export function momentIn(utc: number, zone: string): Date {
	const first = utc - offset(utc, zone);
	return new Date(utc - offset(first, zone));
}

function offset(at: number, zone: string): number {
	const parts = new Intl.DateTimeFormat('en-US', {
		...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
		...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
	}).formatToParts(new Date(at));
	const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
	const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
	return shown - Math.floor(at / 1000) * 1000;
}
