/** Minutes east of UTC; undefined if there is no zone. Military letters other than Z count as UTC (RFC 5322, section 4.3). */
export function zoneOf(words: readonly string[]): number | undefined {
	for (const word of words) {
		const offset = /^(?:utc|gmt|ut)?([+-])[+-]?(\d{1,2}):?(\d\d)?[.=]?$/.exec(word);
		if (offset !== null) {
			const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
			if (minutes > FARTHEST) return undefined;
			return offset[1] === '-' ? -minutes : minutes;
		}
	}
	const spelled = words.findIndex(
		(word, index) => (word === 'standard' || word === 'daylight' || word === 'summer') && words[index + 1] === 'time',
	);
	if (spelled > 0) return spelledZone(words.slice(0, spelled), words[spelled] !== 'standard');
	const named = words.findIndex((word) => ZONES.has(word));
	const zone = ZONES.get(words[named] ?? '');
	// MET DST, as Unix writes it.
	return zone !== undefined && words[named + 1] === 'dst' ? zone + 60 : zone;
}

/** Minutes; the date line lies 14 hours from Greenwich, and no zone is farther. */
const FARTHEST = 15 * 60;
/** What stands before "Standard Time" as Windows writes it, in hours east of UTC. */
const SPELLED: Array<[string, number]> = [
	['hawaiian', -10],
	['alaskan', -9],
	['pacific', -8],
	['mountain', -7],
	['central', -6],
	['eastern', -5],
	['atlantic', -4],
	['gmt', 0],
	['w. europe', 1],
	['central europe', 1],
	['central european', 1],
	['romance', 1],
	['e. europe', 2],
	['fle', 2],
	['gtb', 2],
	['russian', 3],
	['india', 5.5],
	['china', 8],
	['singapore', 8],
	['tokyo', 9],
	['korea', 9],
	['aus eastern', 10],
];

function spelledZone(words: readonly string[], isSummer: boolean): number | undefined {
	for (const count of [2, 1]) {
		const name = words.slice(-count).join(' ');
		const found = SPELLED.find(([spelled]) => spelled === name);
		if (found !== undefined) return (found[1] + (isSummer ? 1 : 0)) * 60;
	}
	return undefined;
}

/** Hours east of UTC. If a name has several meanings, that of RFC 5322 or of most people counts. */
const ZONE_NAMES: Array<[number, string]> = [
	[-10, 'hst'],
	[-9, 'akst'],
	[-8, 'pst akdt'],
	[-7, 'mst pdt'],
	[-6, 'cst mdt'],
	[-5, 'est cdt cot pet'],
	[-4, 'ast edt clt vet'],
	[-3.5, 'nst'],
	[-3, 'adt brt art clst'],
	[-2.5, 'ndt'],
	[-2, 'brst'],
	[0, 'ut utc gmt z wet'],
	[1, 'cet met mez bst west wat'],
	[2, 'cest mest mesz eet sast cat'],
	[3, 'eest msk trt eat idt'],
	[4, 'msd gst'],
	[5, 'pkt uzt'],
	[5.5, 'ist'],
	[7, 'ict wib'],
	[8, 'hkt sgt awst myt pht'],
	[9, 'jst kst'],
	[9.5, 'acst'],
	[10, 'aest'],
	[10.5, 'acdt'],
	[11, 'aedt'],
	[12, 'nzst'],
	[13, 'nzdt'],
];
const ZONES = new Map(ZONE_NAMES.flatMap(([hours, names]) => names.split(' ').map((name): [string, number] => [name, hours * 60])));
