/** Parameters that only tell the sender who clicked. */
const TRACKING =
	/^(?:utm_\w+|gclid|dclid|fbclid|msclkid|mc_[ce]id|mkt_tok|_hs(?:enc|mi)|hsctatracking|vero_id|oly_(?:enc|anon)_id|yclid|igshid|s_cid|icid|wt\.mc_id|trk|trkemail|elqtrackid|elqtrack)$/i;

/** The last one is that of the government clouds. */
const SAFE_LINKS = ['.safelinks.protection.outlook.com', '.safelinks.protection.office365.us'];

/**
 * Returns the address of a link, as short as is safe. Wrappers of Microsoft's Safe Links are removed, because they contain the address, and
 * so are known tracking parameters. Empty for a link that a reader of text cannot follow.
 */
export function plainAddress(href: string): string {
	const address = href.replace(/[\s\u0000-\u001f]+/g, '').slice(0, 2_000);
	if (/^mailto:|^tel:/i.test(address)) return address;
	if (!/^https?:\/\//i.test(address)) return '';
	try {
		const url = new URL(address);
		const target = SAFE_LINKS.some((host) => url.hostname.endsWith(host)) ? url.searchParams.get('url') : null;
		if (target !== null && /^https?:\/\//i.test(target)) return withoutTracking(new URL(target));
		return withoutTracking(url);
	} catch {
		return address;
	}
}

function withoutTracking(url: URL): string {
	const names = [...url.searchParams.keys()];
	const tracking = names.filter((name) => TRACKING.test(name));
	// An address without them stays as it is written.
	for (const name of tracking) url.searchParams.delete(name);
	return url.href;
}
