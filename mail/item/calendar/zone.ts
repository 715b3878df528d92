import { DAY_MS } from '../../durations';

/**
 * IANA names without a slash that mean the same clock to everybody. Others, such as EST or MST, are clocks without daylight saving time
 * there, but people use them for another one.
 */
const SINGLE_NAMES = new Set(
	(
		'UTC GMT UCT Zulu Universal Greenwich CET EET MET WET EST5EDT CST6CDT MST7MDT PST8PDT Cuba Egypt Eire GB Hongkong Iceland ' +
		'Iran Israel Jamaica Japan Kwajalein Libya NZ Navajo PRC Poland Portugal ROC ROK Singapore Turkey W-SU'
	).split(' '),
);
/** Windows' and IANA's names in lower case, created at first use. */
let namesInAnyCase: ReadonlyMap<string, string> | undefined;

/** Returns the IANA name of a zone that a calendar names and may describe. Notes calls that of London GMT and describes its summer time. */
export async function namedZone(name: string, isDescribed: boolean): Promise<string | undefined> {
	if (isDescribed && name === 'GMT') return undefined;
	return (await ianaZone(name)) ?? (isDescribed ? undefined : await describedZone(name));
}

/**
 * Returns the IANA name of a zone that Node knows, in any case: IANA names, and Windows' names through the CLDR's table, as in ICU.
 * Undefined if the name means nothing, or more than one clock.
 */
export async function ianaZone(name: string): Promise<string | undefined> {
	const plain = name
		// Microsoft Graph uses it for events that were created in UTC.
		.replace(/^tzone:\/\/Microsoft\/Utc$/i, 'UTC')
		.replace(/^["']|["']$/g, '')
		.trim();
	if (plain === '' || plain.length > 100) return undefined;
	const found = await zoneNamed(plain);
	if (found !== undefined) return found;
	// Mozilla and others put a path before the name: /mozilla.org/20050126_1/Europe/Berlin, and Evolution /freeassociation.sourceforge.net/.
	for (const path of [/^\/?[\w.]{1,60}\/[\w]{1,40}\/(?=[A-Z])/i, /^\/\w{1,40}\.[\w.]{1,40}\/(?=[A-Z])/i]) {
		const behindPath = plain.replace(path, '');
		const zone = behindPath === plain ? undefined : await zoneNamed(behindPath);
		if (zone !== undefined) return zone;
	}
	return undefined;
}

/** What Windows shows to people in place of the names of its zones, without the offset before it. */
const SHOWN = new Map([
	['eastern time (us & canada)', 'America/New_York'],
	['central time (us & canada)', 'America/Chicago'],
	['mountain time (us & canada)', 'America/Denver'],
	['pacific time (us & canada)', 'America/Los_Angeles'],
	['atlantic time (canada)', 'America/Halifax'],
	['arizona', 'America/Phoenix'],
	['alaska', 'America/Anchorage'],
	['hawaii', 'Pacific/Honolulu'],
	['coordinated universal time', 'UTC'],
]);

/**
 * Returns the IANA name of a zone that is told in another way, for calendars that do not describe it: `(UTC+01:00) Amsterdam, Berlin`, as
 * Windows shows it to people, where a city has the offset, or `GMT+0200`. Undefined if it cannot be told.
 */
export async function describedZone(name: string): Promise<string | undefined> {
	const plain = name.replace(/^["']|["']$/g, '').trim();
	if (plain.length > 200) return undefined;
	const fixed = /^(?:GMT|UTC)([+-])(\d{1,2})(?::?00)?$/i.exec(plain);
	if (fixed !== null) {
		// In IANA's names the signs are the other way round.
		const zone = `Etc/GMT${fixed[1] === '+' ? '-' : '+'}${Number(fixed[2])}`;
		return Number(fixed[2]) > 0 && isKnown(zone) ? zone : undefined;
	}
	const [, sign, hours = '0', minutes = '0', places = plain] = /^\((?:UTC|GMT)(?:([+-])(\d\d):(\d\d))?\) ?(.*)$/i.exec(plain) ?? [];
	const shown = SHOWN.get(places.toLowerCase());
	if (shown !== undefined || places === plain) return shown;
	const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
	for (const place of places.split(',').slice(0, 10)) {
		const end = `/${place.trim().replaceAll(' ', '_').toLowerCase()}`;
		const zone = [...(await allNames()).values()].find((one) => one.toLowerCase().endsWith(end) && usualOffset(one) === offset);
		if (zone !== undefined) return zone;
	}
	return undefined;
}

/** Ms east of UTC, without daylight saving time; undefined if Node does not know the zone. */
function usualOffset(zone: string): number | undefined {
	if (!isKnown(zone)) return undefined;
	return Math.min(...[0, 6].map((month) => offsetIn(Date.UTC(2026, month, 1), zone)));
}

async function zoneNamed(name: string): Promise<string | undefined> {
	const usual = (await allNames()).get(name.toLowerCase()) ?? name;
	// Loaded at first use.
	const { findIana } = await import('windows-iana');
	const [found] = findIana(usual);
	if (found !== undefined) return found;
	return (SINGLE_NAMES.has(usual) || /^[A-Z][A-Za-z_]{1,30}(?:\/[\w+-]{1,60}){1,2}$/.test(usual)) && isKnown(usual) ? usual : undefined;
}

async function allNames(): Promise<ReadonlyMap<string, string>> {
	if (namesInAnyCase === undefined) {
		const { IANA_ALIAS_MAP, WINDOWS_TO_IANA_MAP } = await import('windows-iana');
		const names = [
			...SINGLE_NAMES,
			...IANA_ALIAS_MAP.flatMap(({ alias }) => alias).filter((one) => one.includes('/')),
			...Intl.supportedValuesOf('timeZone'),
			...WINDOWS_TO_IANA_MAP.map(({ windowsName }) => windowsName),
		];
		namesInAnyCase = new Map([...names.map((one): [string, string] => [one.toLowerCase(), one]), ['z', 'UTC']]);
	}
	return namesInAnyCase;
}

/** Whether Node knows a zone, in any case of its letters. */
export function isKnown(zone: string): boolean {
	try {
		return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
	} catch {
		return false;
	}
}

/**
 * Returns the moment at which the clock of `zone` shows what `utc` shows in UTC. If the clock is set back, it is the first of two moments.
 * If the clock leaves the time out, it is later by the length of the gap (RFC 5545, section 3.3.5).
 */
export function momentIn(utc: number, zone: string): Date {
	const [before, after] = [utc - DAY_MS, utc + DAY_MS].map((at) => offsetIn(at, zone));
	for (const offset of [before, after]) {
		const at = utc - (offset ?? 0);
		if (offsetIn(at, zone) === offset) return new Date(at);
	}
	return new Date(utc - (before ?? 0));
}

/** Local time, as people write it. */
export interface Local {
	year: number;
	month: number;
	day: number;
	hour: number;
	minute: number;
	second: number;
}

/** Creating a formatter takes longer than using it a hundred times, and the same zones are used again and again. */
let last: { zone: string; format: Intl.DateTimeFormat } | undefined;

/** The local time of `zone`. */
export function wallClock(moment: Date, zone: string): Local {
	if (last?.zone !== zone) {
		const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
		last = { zone, format: new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...numeric }) };
	}
	const parts = last.format.formatToParts(moment);
	const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
	return { year: part('year'), month: part('month'), day: part('day'), hour: part('hour'), minute: part('minute'), second: part('second') };
}

/** Ms east of UTC. */
export function offsetIn(at: number, zone: string): number {
	const { year, month, day, hour, minute, second } = wallClock(new Date(at), zone);
	return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}
