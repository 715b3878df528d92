import { isKnown } from './calendar/zone';

/** Minutes east of UTC; undefined if there is no zone. Military letters other than Z count as UTC (RFC 5322, section 4.3). */
export function zoneOf(words: readonly string[]): number | undefined {
	for (const word of words) {
		const offset = /^(?:utc|gmt|ut)?([+-])[+-]?(\d{1,2})(?:[:.]?(\d\d)(?::?00)?)?[.=]?$/.exec(word);
		if (offset !== null) {
			const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
			if (minutes > FARTHEST) return undefined;
			return offset[1] === '-' ? -minutes : minutes;
		}
	}
	const spelled = words.findIndex(
		(word, index) =>
			((word === 'standard' || word === 'daylight' || word === 'summer') && words[index + 1] === 'time') ||
			(word === 'time' && words[index - 1] === 'european'),
	);
	if (spelled > 0) return spelledZone(words.slice(0, spelled), words[spelled] === 'daylight' || words[spelled] === 'summer');
	// As Java writes it in German.
	const german = words.indexOf('mitteleuropaische');
	if (german !== -1) return words[german + 1] === 'sommerzeit' ? 120 : 60;
	const named = words.findIndex((word) => ZONES.has(word));
	const zone = ZONES.get(words[named] ?? '');
	// MET DST, as Unix writes it.
	return zone !== undefined && words[named + 1] === 'dst' ? zone + 60 : zone;
}

/** Minutes; the date line lies 14 hours from Greenwich, and no zone is farther. */
const FARTHEST = 15 * 60;
/** What stands before "Standard Time" as Windows writes it, in hours east of UTC. */
const SPELLED_NAMES: Array<[number, string]> = [
	[-10, 'hawaiian'],
	[-9, 'alaskan'],
	[-8, 'pacific'],
	[-7, 'mountain, us mountain'],
	[-6, 'central, canada central, central america'],
	[-5, 'eastern, us eastern, sa pacific'],
	[-4, 'atlantic, sa western'],
	[-3.5, 'newfoundland'],
	[-3, 'e. south america, sa eastern, argentina, brasilia'],
	[0, 'gmt, greenwich, british, western european'],
	[1, 'w. europe, central europe, central european, romance, w. central africa'],
	[2, 'e. europe, eastern european, fle, gtb, israel, south africa, egypt'],
	[3, 'russian, moscow, turkey, arab, e. africa'],
	[4, 'arabian'],
	[5, 'pakistan'],
	[5.5, 'india, sri lanka'],
	[7, 'se asia'],
	[8, 'china, singapore, taipei, w. australia'],
	[9, 'tokyo, japan, korea'],
	[9.5, 'aus central, cen. australia'],
	[10, 'aus eastern, e. australia, tasmania, west pacific'],
	[11, 'central pacific'],
	[12, 'new zealand'],
];
const SPELLED = new Map(SPELLED_NAMES.flatMap(([hours, names]) => names.split(', ').map((name): [string, number] => [name, hours * 60])));
/** What changes the meaning of the word behind it: Central Pacific is neither Central nor Pacific. */
const QUALIFYING =
	/^(?:central|us|sa|aus|cen\.?|[ewns]\.?|east|west|north|south|eastern|western|northern|southern|fle|gtb|se|new|kaliningrad|russia|canada|america|asia|mid-?|middle|magadan|pacific)$/;

/** By the longest name that stands there, and only by the whole of it. */
function spelledZone(words: readonly string[], isSummer: boolean): number | undefined {
	const count = [3, 2, 1].find((some) => some <= words.length && SPELLED.has(words.slice(-some).join(' ')));
	if (count === undefined || QUALIFYING.test(words.at(-count - 1) ?? '')) return undefined;
	const name = words.slice(-count).join(' ');
	const zone = SPELLED.get(name);
	// Turkey has kept its summer time.
	return zone === undefined || !isSummer || name === 'turkey' ? zone : zone + 60;
}

/** Europe/Berlin, America/Argentina/Buenos_Aires, EST5EDT. */
const PLACE = /^(?:[a-z]{2,20}\/[a-z_-]{2,30}(?:\/[a-z_-]{2,30})?|est5edt|cst6cdt|mst7mdt|pst8pdt)$/;

/** The zone of the IANA database that is named; undefined if there is none. */
export function placeOf(words: readonly string[]): string | undefined {
	return words.find((word) => PLACE.test(word) && isKnown(word));
}

/** Hours east of UTC. If a name has several meanings, that of RFC 5322 or of most people counts. */
const ZONE_NAMES: Array<[number, string]> = [
	[-10, 'hst hast'],
	[-9, 'akst hadt hdt'],
	[-8, 'pst akdt'],
	[-7, 'mst pdt'],
	[-6, 'cst mdt'],
	[-5, 'est cdt cot pet'],
	[-4, 'ast edt clt vet bot pyt'],
	[-3.5, 'nst'],
	[-3, 'adt brt art clst uyt'],
	[-2.5, 'ndt'],
	[-2, 'brst'],
	[0, 'ut utc gmt z wet'],
	[1, 'cet met mez bst west wat'],
	[2, 'cest cedt mest mesz eet sast cat'],
	[3, 'eest msk trt eat idt'],
	[3.5, 'irst'],
	[4, 'msd gst samt azt'],
	[4.5, 'aft irdt'],
	[5, 'pkt uzt yekt mvt tjt tmt'],
	[5.5, 'ist'],
	[5.75, 'npt'],
	[6, 'omst yekst kgt'],
	[7, 'ict wib novt krat'],
	[8, 'hkt sgt awst myt pht irkt wita ulat'],
	[9, 'jst kst yakt'],
	[9.5, 'acst'],
	[10, 'aest vlat chst'],
	[10.5, 'acdt'],
	[11, 'aedt magt'],
	[12, 'nzst pett fjt'],
	[13, 'nzdt'],
];
const ZONES = new Map(ZONE_NAMES.flatMap(([hours, names]) => names.split(' ').map((name): [string, number] => [name, hours * 60])));
