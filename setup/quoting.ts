/**
 * Text as one word of a shell, whatever is in it. Line breaks and other control characters are left out, since a line that is
 * pasted would end there.
 */
const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '');

/**
 * For PowerShell: within single quotes nothing is replaced, and a quote is written twice. PowerShell takes typographic single quotes
 * for quotes as well. Source: https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
 */
export function forPowerShell(text: string): string {
	return `'${plain(text).replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

/** For sh and bash: within single quotes nothing is replaced, and a quote ends them, so it is written outside. */
export function forShell(text: string): string {
	return `'${plain(text).replaceAll("'", "'\\''")}'`;
}
