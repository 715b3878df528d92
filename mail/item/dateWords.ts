const CHINESE = ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '十一', '十二'];
/** Short names of the months. */
export const ENGLISH = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Lower case without accents. Numbers that are joined by dots, colons, slashes or hyphens stay one word. */
export function wordsOf(text: string): string[] {
	const plain = text
		// Java writes the digits of Arabic, Persian, Hindi and Thai.
		.replace(/[٠-٩۰-۹०-९๐-๙]/g, (digit) => String((digit.charCodeAt(0) - (digit >= '०' && digit <= '९' ? 6 : 0)) % 16))
		// Tuesday in Vietnamese, "the third".
		.replace(/thứ [2-7](?!\d)/giu, ' ')
		// 9時15分00秒, 9点15分, 9시 15분.
		.replace(
			/(\d{1,2}) ?[時时點点시] ?(\d{1,2}) ?[分분](?: ?(\d{1,2}) ?[秒초])?/g,
			(_, hours: string, minutes: string, seconds = '0') => `${hours}:${minutes}:${seconds} `,
		)
		.replace(/(\d{4})년 ?(\d{1,2})월 ?(\d{1,2})일/g, '$1-$2-$3')
		// The short form in Korean: 2026. 3. 3.
		.replace(/(?<!\d)(\d{4})\. ?(\d{1,2})\. ?(\d{1,2})\.(?=\s|$)/g, '$1-$2-$3')
		// 3月, 三月 and 3월 as the name of a month, with the day before it.
		.replace(/(?<!\d)(\d{1,2}) ?[月월](?=[\s,])/g, (_, month: string) => ENGLISH[Number(month) - 1] ?? '')
		.replace(/([一二三四五六七八九]|十[一二]?)月(?=[\s,])/g, (_, month: string) => ENGLISH[CHINESE.indexOf(month)] ?? '')
		// 3. 3. 2026, as Czech writes it.
		.replace(/(?<![\d.])(\d{1,2})\. (\d{1,2})\. (?=\d{4}(?!\d))/g, '$1.$2.')
		// Without its sign it is what Windows calls the middle of Australia.
		.replace(/(?<!\p{L})čen(?!\p{L})/giu, 'jun')
		.replace(/上午|午前|오전/g, ' am ')
		.replace(/下午|午後|오후/g, ' pm ')
		.normalize('NFKD')
		// In Thai, vowels are marks, and months differ in nothing else. Signs that nobody sees tell the direction of the text.
		.replace(/(?!\p{Script=Thai})\p{M}|\p{Cf}/gu, '')
		.toLowerCase()
		.replace(/[\u2212\u2013]/g, '-')
		// 3 thg 3 and 3 tháng 3 in Vietnamese.
		.replace(/(?<!\p{L})th(?:g|ang) ?(1[0-2]|0?[1-9])(?!\d)/gu, (_, month: string) => ENGLISH[Number(month) - 1] ?? '')
		// 19107, as programs wrote that count years from 1900.
		.replace(/(?<![\d+-])19(?=1\d\d(?!\d))/g, '')
		// 3Mar2026, 3Mar 2026, 09:15:00CEST.
		.replace(/(?<![\p{L}\d])(\d{1,2})(?=\p{L}{3,9}(?!\p{L}))/gu, '$1 ')
		.replace(/(?<=(?<!\p{L})\p{L}{3,9})(?=(?:19|20)\d\d(?!\d))/gu, ' ')
		// CEST+0200.
		.replace(/(?<=\p{L}{3})(?=\+\d{4}(?!\d))/gu, ' ')
		// 20260303T091500Z, the short form of ISO 8601, also without the T, or with colons in the time.
		.replace(/(?<!\d)(\d{4})(\d\d)(\d\d)[t ]?(\d\d)(\d\d)(\d\d)(?!\d)/g, '$1-$2-$3 $4:$5:$6')
		.replace(/(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?=[ t]\d\d:)/g, '$1-$2-$3')
		// 2026-03-03-09.15.00.
		.replace(/(?<=\d{4}-\d\d-\d\d)-(?=\d\d[.:]\d\d)/g, ' ')
		// 09 : 15 : 00 (RFC 5322, section 4.3).
		.replace(/(?<=\d)\s{0,9}:\s{0,9}(?=\d)/g, ':')
		// 09:15:00 + 0100.
		.replace(/(?<=:\d\d)\s{1,9}([+-])\s{1,9}(?=[01]\d[0-5]\d(?!\d)|(?<=:\d\d:\d\d\s{1,9}[+-]\s{1,9})[01]\d:[0-5]\d(?!\d))/g, ' $1')
		// 2026年3月3日, and 3-Mar-2026, 3/Mar/2026, 3.Mar.2026: separates the name of the month. GMT-0300 is a zone.
		.replace(/[年月]/g, '-')
		.replace(/日/g, ' ')
		.replace(
			/(?<=\d)[-./](?=\p{L})|(?<=\d[-./]\p{L}{3,9})[./](?=\d{4}(?!\d))|(?<=\p{L})(?<!(?<!\p{L})(?:gmt|utc|ut))-(?=\d{2,4}\b(?!:))/gu,
			' ',
		)
		// T between date and time, and 9h15 as in French.
		.replace(/(?<=\d) ?t(?=\d)/g, ' ')
		.replace(/(?<=\d) ?h ?(?=\d)/g, ':')
		.replace(/(?<=\d)(?=[ap]\.?m\b|z\b)/g, ' ')
		.replace(/(?<=\d:\d\d(?:[.,]\d{1,9})?)(?=[+-]\d)/g, ' ');
	return plain.split(/[\s,،;"'<>]+/).filter((word) => word !== '');
}
