/**
 * A client of the Odoo addon "JWT Authentication & API Controllers".
 *
 *     import {createClient} from "odoo-jwt-api";
 *
 *     const odoo = createClient({url: "https://odoo.example.com"});
 *     await odoo.logIn("demo", "demo");
 *     const {records} = await odoo.list("res.partner", {fields: ["name"], search: "azure"});
 *
 * @module
 */

import {Client} from "./client.js";

export {AddressError, ApiError, LoggedOutError, MfaRequiredError, NetworkError, StorageError, TimeoutError, UserChangedError} from "./errors.js";
export {toBase64} from "./files.js";
export {memoryStorage} from "./storage.js";

/**
 * Creates a client of one server. A page or an app needs one of each.
 *
 * @param {import("./types.js").ClientOptions} options
 * @returns {import("./types.js").Client<any>}
 */
export function createClient(options = {}) {
    return new Client(options);
}
