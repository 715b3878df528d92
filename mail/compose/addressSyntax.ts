/** Maximum length of an address in characters: 64 for the local part, 255 for the domain (RFC 5321, section 4.5.3.1). */
export const LONGEST_ADDRESS = 320;
// U+FFFC and U+FFFD stand for something that is lost.
const LOCAL_PART = String.raw`(?:[^\s@<>"(),;:\\[\]\ufffc\ufffd]+|"(?:[^"\\\r\n]|\\.)+")`;
const DOMAIN = String.raw`(?:[^\s@<>"(),;:\\[\]]+|\[[^\]\s]+\])`;
/**
 * A name of a host has letters, digits and hyphens; underscores, emoji and the dots within words of some languages are seen
 * too, but not in the last part. No part is empty.
 */
const LABELS = /^(?:[\p{L}\p{M}\p{N}\p{Extended_Pictographic}\u00b7\u30fb_-]+\.)+[\p{L}\p{M}\p{N}-]+$/u;
const ADDRESS = new RegExp(`^${LOCAL_PART}@${DOMAIN}$`);
/** Control characters and line ends except the tab, which headers may contain. */
export const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f\u2028\u2029]/;

/** Whether the text is one address and nothing else. */
export function isAddress(text: string): boolean {
	if (text.length > LONGEST_ADDRESS || CONTROL.test(text) || !ADDRESS.test(text)) return false;
	const domain = text.slice(text.lastIndexOf('@') + 1);
	return domain === 'localhost' || domain.startsWith('[') || (domain.includes('.') && LABELS.test(domain));
}
