import { APP_PERMISSION, DELEGATED_PERMISSION, type Protocol } from '../clouds';
import type { TokenClaims } from '../signIn/token';
import { box, mailboxArgument, sender, type Circumstances } from './cause';
import { highVolumeRemedy, ofHighVolume } from './highVolume';
import { ownSwitch } from './personal';

/** The remedy for a refused token: what the token was for, as far as it can be read. */
export function authRemedy(at: Circumstances): string {
	const claims = at.token?.claims();
	const protocol = at.speaker === 'identity' || at.speaker === 'host' ? undefined : at.speaker;
	if (protocol === undefined) return 'Connect the credential again.';
	if (claims === undefined && ofHighVolume(at)) return highVolumeRemedy(at, claims);
	const general =
		`Check that the mailbox address is right and that the permission ${DELEGATED_PERMISSION[protocol]} (a person signs in) or ` +
		`${APP_PERMISSION[protocol]} (service account) is granted. Then connect the credential again.${ownSwitch(at)}`;
	if (claims === undefined) return general;
	if (claims.aud !== undefined && !/outlook|exchange|00000002-0000-0ff1-ce00-000000000000/i.test(claims.aud)) {
		return (
			`The token is for ${claims.aud}, not for Exchange Online. Email permissions cannot be mixed with those of Graph. ` +
			'Check "Cloud" and the scopes. Then connect the credential again.'
		);
	}
	if (ofHighVolume(at)) return highVolumeRemedy(at, claims);
	const isApp = ofApp(claims);
	const held = claims.scp ?? claims.roles?.join(' ') ?? '';
	const wanted = (isApp ? APP_PERMISSION : DELEGATED_PERMISSION)[protocol];
	if (!held.split(' ').includes(wanted)) {
		const remedy = isApp ? grantToApp(at, protocol, wanted) : grantToPerson;
		return `The token lacks the permission ${wanted} (it has: ${held || 'none'}). ${remedy}`;
	}
	if (isApp) {
		return (
			`The token is right (audience ${claims.aud ?? '?'}, ${wanted}), so Exchange does not know the app or the mailbox. ` +
			`Ask an admin to run New-ServicePrincipal -AppId ${claims.appid ?? 'CLIENT-ID'} -ObjectId OBJECT-ID ` +
			`and Add-MailboxPermission -Identity ${mailboxArgument(at)} -User OBJECT-ID -AccessRights FullAccess. ` +
			'OBJECT-ID is the object ID of the Enterprise application.'
		);
	}
	const right = `The token is right (audience ${claims.aud ?? '?'}, ${wanted}, user ${claims.upn ?? '?'})`;
	if (claims.guest) {
		return (
			`${right}, but this user is a guest of the tenant, and Exchange Online gives guests no mailbox. ` +
			'Connect with a member of the tenant, or enter the guest\'s home organization in "Tenant ID".'
		);
	}
	if (protocol === 'smtp') {
		return (
			`${right}, so check that ${at.user ?? box(at)} has its own mailbox and that SMTP AUTH is turned on for it. ` +
			`For SMTP, the person signs in, even for a shared mailbox. Sending from ${box(at)} needs Send As.`
		);
	}
	return (
		`${right}, so check that this user may open ${box(at)} (FullAccess for a shared mailbox) ` +
		`and that ${protocol.toUpperCase()} is turned on for it.`
	);
}

function grantToApp(at: Circumstances, protocol: Protocol, wanted: string): string {
	const other = protocol === 'smtp' ? ` Or give the app the Exchange role "Application ${wanted}" for ${box(at)}.` : '';
	return `Grant it in the app registration with admin consent.${other}`;
}

const grantToPerson =
	'Tick the protocol in the credential and connect again. ' +
	'If the credential uses a user name and password, grant it in the app registration with admin consent.';

/** An app needs the permission itself, even for the mailbox that it opens. A person has it for their own mailbox. */
export function appsOwnSendAs(at: Circumstances): string {
	const claims = at.token?.claims();
	if (claims === undefined || !ofApp(claims)) return '';
	return (
		` If it is the mailbox's own address, the app lacks the permission: ` +
		`Add-RecipientPermission ${mailboxArgument(at)} -AccessRights SendAs -Trustee OBJECT-ID, with the object ID of the ` +
		'Enterprise application.'
	);
}

/** What to check if Exchange Online cannot open the mailbox that sends. */
export function rightToOpen(at: Circumstances): string {
	const claims = at.token?.claims();
	if (claims === undefined || !ofApp(claims))
		return `check that ${sender(at)} has a mailbox of its own with a license, which opens in Outlook on the web.`;
	return (
		`ask an admin to run: Add-MailboxPermission -Identity ${mailboxArgument(at)} -User OBJECT-ID -AccessRights FullAccess, with the ` +
		'object ID of the Enterprise application. It takes up to two hours.'
	);
}

/** A person's token always has `scp`. An app's token may have no permission if Exchange's own RBAC allows sending. */
function ofApp(claims: TokenClaims): boolean {
	return claims.scp === undefined;
}
