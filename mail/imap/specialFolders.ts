import { addTo } from '../groups';
import type { Folder } from './folders';

export type SpecialFolder = 'inbox' | 'drafts' | 'sent' | 'deleted' | 'junk' | 'archive';

/** Attributes with which servers mark special folders (RFC 6154). */
const FLAGS: ReadonlyArray<readonly [flag: string, kind: SpecialFolder]> = [
	['\\Drafts', 'drafts'],
	['\\Sent', 'sent'],
	['\\Trash', 'deleted'],
	['\\Junk', 'junk'],
	['\\Archive', 'archive'],
];

/** Without the inbox, whose name is the same everywhere. */
export const SPECIAL_KINDS: readonly SpecialFolder[] = ['drafts', 'sent', 'deleted', 'junk', 'archive'];

/**
 * Names of special folders in Exchange and Outlook.com, by language, in the order drafts, sent, deleted, junk, archive; `|` separates
 * several names. Exchange gives no special use, and names the folders in the language in which the mailbox was first opened.
 */
const NAMES: Readonly<Record<string, readonly [string, string, string, string, string]>> = {
	en: [
		'Drafts|Draft',
		'Sent Items|Sent|Sent Mail|Sent Messages',
		'Deleted Items|Deleted|Trash|Deleted Messages|Bin',
		'Junk Email|Junk E-mail|Junk|Spam',
		'Archive|Archives',
	],
	de: [
		'Entwürfe',
		'Gesendete Elemente|Gesendete Objekte|Gesendet',
		'Gelöschte Elemente|Gelöschte Objekte|Papierkorb',
		'Junk-E-Mail|Junk-Email',
		'Archiv',
	],
	fr: [
		'Brouillons',
		'Éléments envoyés|Messages envoyés|Envoyés',
		'Éléments supprimés|Corbeille',
		'Courrier indésirable|Indésirables',
		'Archives|Archive',
	],
	es: [
		'Borradores',
		'Elementos enviados|Enviados',
		'Elementos eliminados|Elementos borrados|Eliminados|Papelera',
		'Correo no deseado|Correo electrónico no deseado',
		'Archivo|Archivo de almacenamiento|Archivar',
	],
	it: ['Bozze', 'Posta inviata|Inviati', 'Posta eliminata|Eliminati|Cestino', 'Posta indesiderata', 'Archivio'],
	pt: [
		'Rascunhos',
		'Itens Enviados|Enviados|Itens enviados',
		'Itens Excluídos|Itens Eliminados|Lixeira|Lixo',
		'Lixo Eletrônico|Lixo Eletrónico|E-mail de Lixo|Correio Electrónico Não Solicitado',
		'Arquivo Morto|Arquivo',
	],
	nl: ['Concepten', 'Verzonden items|Verzonden', 'Verwijderde items|Prullenbak', 'Ongewenste e-mail|Ongewenst', 'Archief'],
	sv: ['Utkast', 'Skickat|Skickade objekt', 'Borttaget|Borttagna objekt|Papperskorgen', 'Skräppost', 'Arkiv'],
	da: [
		'Kladder|Kladde',
		'Sendt post|Sendte elementer|Sendt',
		'Slettet post|Slettede elementer|Papirkurv',
		'Uønsket mail|Uønsket e-mail|Uønsket post',
		'Arkiv|Arkivér',
	],
	nb: ['Utkast|Kladd', 'Sendte elementer|Sendt', 'Slettede elementer|Slettet element|Slettet', 'Søppelpost|Søppel-e-post', 'Arkiv'],
	fi: ['Luonnokset', 'Lähetetyt|Lähetetyt viestit', 'Poistetut|Poistetut viestit|Roskakori', 'Roskaposti', 'Arkisto'],
	is: ['Drög', 'Sendir hlutir|Sent', 'Eytt|Eyddir hlutir', 'Ruslpóstur', 'Skjalasafn'],
	pl: [
		'Kopie robocze|Wersje robocze|Robocze',
		'Elementy wysłane|Wysłane',
		'Elementy usunięte|Usunięte|Kosz',
		'Wiadomości-śmieci|Wiadomości śmieci|Śmieci',
		'Archiwum',
	],
	cs: ['Koncepty', 'Odeslaná pošta|Odeslané', 'Odstraněná pošta|Odstraněné|Koš', 'Nevyžádaná pošta|Nevyžádaný e-mail', 'Archiv'],
	sk: ['Koncepty', 'Odoslaná pošta|Odoslané', 'Odstránená pošta|Odstránené|Kôš', 'Nevyžiadaná pošta', 'Archív'],
	hu: ['Piszkozatok', 'Elküldött elemek|Elküldött', 'Törölt elemek|Törölt|Kuka', 'Levélszemét', 'Archívum|Archív'],
	ro: [
		'Ciorne|Schițe',
		'Elemente trimise|Trimise',
		'Elemente șterse|Elemente şterse|Șterse',
		'E-mail nedorit|Mesaje nedorite|Email nedorit',
		'Arhivă|Arhiva',
	],
	bg: ['Чернови', 'Изпратени|Изпратени елементи', 'Изтрити|Изтрити елементи', 'Нежелана поща|Нежелани имейли', 'Архив|Архивиране'],
	hr: ['Skice', 'Poslano|Poslane stavke', 'Izbrisano|Izbrisane stavke', 'Neželjena pošta|Bezvrijedna e-pošta', 'Arhiva'],
	sl: ['Osnutki', 'Poslano|Poslani elementi', 'Izbrisano|Izbrisani elementi', 'Neželena e-pošta|Neželena pošta', 'Arhiv'],
	sr: ['Radne verzije|Nedovršene poruke', 'Poslate stavke', 'Izbrisane stavke', 'Neželjena e-pošta', 'Arhiva|Arhiviraj'],
	et: ['Mustandid', 'Saadetud|Saadetud üksused', 'Kustutatud|Kustutatud üksused', 'Rämpspost|Rämpsmeil', 'Arhiiv'],
	lv: ['Melnraksti', 'Nosūtītie|Nosūtītie vienumi', 'Izdzēstie|Izdzēstie vienumi', 'Mēstules|Nevēlamais e-pasts', 'Arhīvs'],
	lt: [
		'Juodraščiai',
		'Išsiųsta|Išsiųsti elementai|Išsiųsti',
		'Ištrinta|Naikinti elementai|Panaikinti elementai',
		'Šlamštas|Nepageidaujami laiškai',
		'Archyvas',
	],
	el: [
		'Πρόχειρα',
		'Απεσταλμένα|Απεσταλμένα στοιχεία',
		'Διαγραμμένα|Διαγραμμένα στοιχεία',
		'Ανεπιθύμητη αλληλογραφία|Ανεπιθύμητα',
		'Αρχειοθήκη|Αρχείο',
	],
	tr: ['Taslaklar', 'Gönderilmiş Öğeler|Gönderilenler', 'Silinmiş Öğeler|Silinenler', 'Gereksiz E-posta|Önemsiz E-posta|Önemsiz', 'Arşiv'],
	ru: [
		'Черновики',
		'Отправленные|Отправленные элементы',
		'Удаленные|Удалённые|Удаленные элементы|Корзина',
		'Нежелательная почта|Спам',
		'Архив',
	],
	uk: ['Чернетки', 'Надіслані|Надіслані елементи|Відправлені', 'Видалені|Видалені елементи|Видалене', 'Небажана пошта|Небажані', 'Архів'],
	he: ['טיוטות', 'פריטים שנשלחו', 'פריטים שנמחקו', 'דואר זבל', 'ארכיון'],
	ar: [
		'المسودات|مسودات',
		'العناصر المرسلة',
		'العناصر المحذوفة',
		'البريد الإلكتروني غير الهام|البريد غير الهام|البريد العشوائي',
		'الأرشيف|أرشيف',
	],
	ja: ['下書き', '送信済みアイテム|送信済み', '削除済みアイテム|削除済み|ごみ箱', '迷惑メール', 'アーカイブ'],
	ko: ['임시 보관함|초안', '보낸 편지함|보낸 항목', '지운 편지함|지운 항목|삭제된 항목', '정크 메일|정크 전자 메일', '보관|보관함'],
	zh: [
		'草稿|草稿箱',
		'已发送邮件|已发送项目|寄件備份|已傳送郵件|寄件匣',
		'已删除邮件|已删除项目|刪除的郵件|已刪除的郵件',
		'垃圾邮件|垃圾郵件',
		'存档|归档|封存|保存',
	],
	th: ['แบบร่าง', 'รายการที่ถูกส่ง|รายการที่ส่ง', 'รายการที่ถูกลบ', 'อีเมลขยะ', 'เก็บถาวร'],
	vi: ['Thư nháp|Bản nháp', 'Các mục đã Gửi|Thư đã gửi', 'Các mục đã Xóa|Thư đã xóa', 'Email Rác|Thư rác', 'Lưu trữ'],
	id: ['Draf|Konsep', 'Item Terkirim', 'Item Dihapus', 'Email Sampah', 'Arsip'],
	ca: ['Esborranys', 'Elements enviats', 'Elements suprimits', 'Correu brossa', 'Arxiu|Arxiva'],
};

interface Meaning {
	kind: SpecialFolder;
	language: string;
}

const MEANINGS = meanings();

function meanings(): ReadonlyMap<string, readonly Meaning[]> {
	const found = new Map<string, Meaning[]>();
	for (const [language, names] of Object.entries(NAMES)) {
		for (const [index, kind] of SPECIAL_KINDS.entries()) {
			for (const name of names[index]?.split('|') ?? []) addTo(found, folded(name), { kind, language });
		}
	}
	return found;
}

/** Writes a name in lower case, with one spelling of each letter. */
export function folded(name: string): string {
	return name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** Whether this is a name by which people everywhere mean a special folder, in whatever language the mailbox is. */
export function isExchangeName(name: string): boolean {
	return EVERYWHERE.has(folded(name));
}

const EVERYWHERE = new Set(['drafts', 'sent items', 'sent', 'deleted items', 'trash', 'junk email', 'junk', 'archive']);

/** Finds the special folder that a name means, in any language that is known here; undefined if there is none or more than one. */
export function specialNamed(name: string): SpecialFolder | undefined {
	if (folded(name) === 'inbox') return 'inbox';
	const kinds = new Set((MEANINGS.get(folded(name)) ?? []).map(({ kind }) => kind));
	return kinds.size === 1 ? [...kinds][0] : undefined;
}

/**
 * Finds the special folders of a mailbox by the server's attributes, otherwise by name, at the top or directly below INBOX. If
 * several names fit, the name in the language of most other folders counts.
 */
export function specialFolders(folders: readonly Folder[]): Map<SpecialFolder, Folder> {
	const found = new Map<SpecialFolder, Folder>();
	const inbox = folders.find(({ path }) => path.toUpperCase() === 'INBOX');
	if (inbox !== undefined) found.set('inbox', inbox);
	for (const folder of folders) {
		for (const [flag, kind] of FLAGS) if (folder.flags?.has(flag) === true && !found.has(kind)) found.set(kind, folder);
	}
	const named = folders
		.filter(isOutside)
		.flatMap((folder) => (MEANINGS.get(folded(folder.name)) ?? []).map((meaning) => ({ ...meaning, folder })));
	const votes = new Map<string, Set<SpecialFolder>>();
	for (const { kind, language } of named) votes.set(language, (votes.get(language) ?? new Set()).add(kind));
	const rank = ({ language, folder }: (typeof named)[number]): number =>
		(votes.get(language)?.size ?? 0) * 10 - depthOf(folder) * 5 - orderOf(folder, language);
	for (const kind of SPECIAL_KINDS) {
		const best = named.filter((one) => one.kind === kind).sort((one, other) => rank(other) - rank(one))[0];
		if (best !== undefined && !found.has(kind)) found.set(kind, best.folder);
	}
	return found;
}

function isOutside(folder: Folder): boolean {
	const parts = folder.delimiter === '' ? [folder.path] : folder.path.split(folder.delimiter);
	return parts.length === 1 || (parts.length === 2 && parts[0]?.toUpperCase() === 'INBOX');
}

function depthOf({ path, delimiter }: Folder): number {
	return delimiter === '' ? 0 : path.split(delimiter).length - 1;
}

/** The name that Exchange uses comes first. */
function orderOf({ name }: Folder, language: string): number {
	const places = (NAMES[language] ?? [])
		.map((names) => names.split('|').findIndex((one) => folded(one) === folded(name)))
		.filter((place) => place >= 0);
	return Math.min(4, ...places);
}
