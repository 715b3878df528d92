import { isHighVolume } from '../clouds';
import type { TokenClaims } from '../signIn/token';
import { mailboxArgument, type Circumstances } from './cause';

/**
 * High Volume Email has accounts of its own. They are not mailboxes. Commands and limits of mailboxes do not apply to them. Sources:
 * https://learn.microsoft.com/exchange/mail-flow-best-practices/oauth-high-volume-mails-m365,
 * …/high-volume-mails-m365 and …/troubleshoot-high-volume-email-m365
 */
export const ofHighVolume = ({ speaker, peer }: Circumstances): boolean => speaker === 'smtp' && isHighVolume(peer);

const PERMISSION = 'Mail.Send';
const APP_HAS_IT = `application permission ${PERMISSION} of Office 365 Exchange Online (not of Microsoft Graph)`;

/** The remedy for a refused token that is for Exchange Online. */
export function highVolumeRemedy(at: Circumstances, claims: TokenClaims | undefined): string {
	if (claims === undefined) return grantPermission(claims);
	const held = claims.scp ?? claims.roles?.join(' ') ?? '';
	if (!held.split(' ').includes(PERMISSION))
		return `The token lacks the permission ${PERMISSION} (it has: ${held || 'none'}). ${grantPermission(claims)}`;
	return (
		`The token is right (audience ${claims.aud ?? '?'}, ${PERMISSION}), so the account does not exist or does not allow the app. ` +
		`Check that "Mailbox" is the primary address of the High Volume Email account. ${allowApp(at)}`
	);
}

/** Only an app gets the permission: the credential of a person does not ask for it. */
export function grantPermission(claims: TokenClaims | undefined): string {
	return claims !== undefined && claims.scp === undefined
		? `In the app registration, add the ${APP_HAS_IT} and grant admin consent.`
		: `Choose "Service Account" under "Authentication", with an app that has the ${APP_HAS_IT}, or set "Sending Service" to Mailbox.`;
}

export function allowApp(at: Circumstances): string {
	return (
		`Ask an admin to run in Exchange Online PowerShell: Add-HVEAppAccess -Identity ${mailboxArgument(at)} -AppIds ` +
		`${at.token?.claims()?.appid ?? 'CLIENT-ID'}. It takes up to 5 minutes.`
	);
}

/** Measured on a tenant through the Postfix relay of a user: the account can only send as itself. */
export const OWN_ADDRESS_ONLY = 'Leave From Email empty, or enter the address of the High Volume Email account.';

/** Whether the size that the server accepts can be raised. */
export function sizeLimit(at: Circumstances): string {
	return ofHighVolume(at) ? 'High Volume Email accepts at most 10 MB.' : "An admin can raise the mailbox's maximum send size.";
}
