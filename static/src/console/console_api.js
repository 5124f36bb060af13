import { browser } from "@web/core/browser/browser";
import { session } from "@web/session";

/** Seconds before its end at which a token is no longer used. */
const MARGIN = 5;

/**
 * Send requests to the API as the current user.
 *
 * The access token is in the memory of this object only. Odoo's cookie is never sent with it.
 */
export class ConsoleApi {
    #token = null;
    #expires = 0;

    /**
     * @param {Object} orm
     * @param {Object} action
     */
    constructor(orm, action) {
        this.orm = orm;
        this.action = action;
    }

    get isOpen() {
        return Boolean(this.#token) && Date.now() < this.#expires;
    }

    /**
     * Get an access token, after Odoo has checked the user's identity.
     *
     * @returns {Promise<boolean>} whether there is a token: the user may have closed the dialog
     */
    async open() {
        if (this.isOpen) {
            return true;
        }
        const action = await this.orm.call("connection.api.console", "action_open", []);
        const infos =
            action.type === "ir.actions.act_window_close"
                ? action.infos
                : await new Promise((resolve) => this.action.doAction(action, { onClose: resolve }));
        if (!infos?.token) {
            return false;
        }
        this.#token = infos.token;
        this.#expires = Date.now() + (infos.seconds - MARGIN) * 1000;
        return true;
    }

    /** End the session; the page may be closing. */
    close() {
        if (this.#token) {
            browser.fetch("/api/revoke/token", {
                method: "POST",
                headers: this.#headers(),
                credentials: "omit",
                keepalive: true,
            });
        }
        this.#token = null;
    }

    #headers() {
        return { Authorization: `Bearer ${this.#token}`, "X-Odoo-Database": session.db };
    }

    /**
     * Send one request.
     *
     * @param {string} method
     * @param {string} path with the query string
     * @param {string} [body] JSON
     * @returns {Promise<Object>} status, headers, text and time of the response
     */
    async send(method, path, body) {
        const headers = this.#headers();
        if (body !== undefined) {
            headers["Content-Type"] = "application/json";
        }
        const started = performance.now();
        const response = await browser.fetch(path, {
            method,
            headers,
            body,
            credentials: "omit",
            cache: "no-store",
        });
        const text = await response.text();
        if (response.status === 401) {
            this.#token = null; // it ended elsewhere, for instance in the list of devices
        }
        return {
            status: response.status,
            headers: [...response.headers],
            text,
            milliseconds: Math.round(performance.now() - started),
            statements: statements(response.headers.get("Server-Timing")),
        };
    }
}

/** Return the number of SQL statements in a header `Server-Timing`; null without it. */
export function statements(timing) {
    const found = /sql;[^,]*desc="(\d+)"/.exec(timing || "");
    return found ? Number(found[1]) : null;
}
