/** Parameters that tell the sender who clicked and change nothing else. */
const TRACKING =
	/^(?:utm_\w+|gclid|dclid|fbclid|msclkid|mc_[ce]id|mkt_tok|_hs(?:enc|mi)|hsctatracking|vero_id|oly_(?:enc|anon)_id|yclid|igshid|s_cid|icid|wt\.mc_id|trk|trkemail|elqtrackid|elqtrack)$/i;

/**
 * The address that a link leads to, as short as it is safe to make it: wrappers of Microsoft's Safe Links are taken off, since the
 * address stands in them as it is, and known tracking parameters go. Empty for what no reader of text can follow.
 */
export function plainAddress(href: string): string {
	const address = href.replace(/[\s\u0000-\u001f]+/g, '').slice(0, 2_000);
	if (/^mailto:|^tel:/i.test(address)) return address;
	if (!/^https?:\/\//i.test(address)) return '';
	try {
		const url = new URL(address);
		const target = url.hostname.endsWith('.safelinks.protection.outlook.com') ? url.searchParams.get('url') : null;
		if (target !== null && /^https?:\/\//i.test(target)) return withoutTracking(new URL(target));
		return withoutTracking(url);
	} catch {
		return address;
	}
}

function withoutTracking(url: URL): string {
	const names = [...url.searchParams.keys()];
	const tracking = names.filter((name) => TRACKING.test(name));
	// An address without them stays as it was written.
	for (const name of tracking) url.searchParams.delete(name);
	return url.href;
}
