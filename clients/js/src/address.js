/**
 * The address of Odoo, and those below it. Tokens are sent nowhere else.
 *
 * @module
 */

import {AddressError} from "./errors.js";

/** What begins with a name of a protocol, such as `https:`. */
const FULL = /^[a-z][a-z\d+.-]*:/i;

/** A path of a server: after the first "/" comes no second one, which would begin the name of another host. */
const PATH = /^\/(?![/\\])[^\t\n\r]*$/;

/**
 * Returns the full address of Odoo, without a slash at its end. An empty one is that of the page.
 *
 * @param {string} url
 */
export function fullAddress(url) {
    const full = url && globalThis.document && !FULL.test(url) ? new URL(url, document.baseURI).href : url;
    return (full || globalThis.origin).replace(/\/+$/, "");
}

/**
 * Returns the full address of a path.
 *
 * What follows the first "/" cannot change the host of a full address. (`URL` would tell the origins, but not in every
 * version of React Native.)
 *
 * @param {string} url the full address of Odoo
 * @param {string} path
 */
export function addressOf(url, path) {
    if (!PATH.test(path)) throw new AddressError(path);
    return url + path;
}

/**
 * Returns the path of an address, if it is a full one below that of Odoo, and any other text as it is.
 *
 * @param {string} url the full address of Odoo
 * @param {string} address
 */
export function pathBelow(url, address) {
    return address.startsWith(`${url}/`) ? address.slice(url.length) : address;
}
