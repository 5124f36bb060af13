/**
 * The client: one method for each thing that the API does.
 *
 * @module
 */

import {fullAddress} from "./address.js";
import {createsRecords} from "./commands.js";
import {ApiError, UserChangedError, withUncertainty} from "./errors.js";
import {readFile} from "./files.js";
import {parametersOf} from "./query.js";
import {Queue} from "./queue.js";
import {Session} from "./session.js";
import {localStorageOrNull, memoryStorage} from "./storage.js";
import {readJson, Transport} from "./transport.js";
import {randomId} from "./waiting.js";

/**
 * @typedef {import("./types.js").CallOptions} CallOptions
 * @typedef {Record<string, any>} Options
 * @typedef {Omit<import("./transport.js").Sending, "path" | "method">} Rest what a request has beside method and path
 */

/** Returns whether the page can keep the cookie, which is for https only. */
const isInsecurePage = () => globalThis.window !== undefined && globalThis.isSecureContext === false;

export class Client {
    /** @type {Session} */
    #session;
    /** @type {Transport} */
    #transport;

    /** @param {import("./types.js").ClientOptions} options */
    constructor(options) {
        const inPage = globalThis.document !== undefined;
        const mode = options.mode ?? (inPage ? "browser" : "app");
        const url = (options.url ?? "").replace(/\/+$/, "");
        if (!url && !inPage) throw new TypeError("createClient needs a url.");
        if (mode === "browser" && isInsecurePage()) {
            console.warn(
                "odoo-jwt-api: without https the browser does not keep the refresh token, so the login ends with the " +
                    'access token. Serve https, or try it with mode "app" and a storage.',
            );
        }
        const local = localStorageOrNull();
        // what the browser keeps there in mode "browser" is no secret: the refresh token is in the cookie
        const storage = options.storage ?? (mode === "browser" && local ? local : memoryStorage());
        this.#transport = new Transport({
            url: fullAddress(url),
            mode,
            database: options.database,
            fetch: options.fetch ?? ((...call) => globalThis.fetch(...call)),
            timeout: options.timeout ?? 60_000,
            retries: options.retries ?? 3,
            maxRetryDelay: options.maxRetryDelay ?? 30_000,
        });
        // letters that every storage takes in a name
        const place = `${url || globalThis.location?.origin}/${options.database ?? ""}`;
        const key = `odoo-jwt-api.${place.replace(/[^\w.-]+/g, "_")}`;
        const shared = mode === "browser" || storage === local;
        this.#session = new Session(this.#transport, storage, key, shared);
        this.defaults = {language: options.language, company: options.company};
        this.queue = new Queue(this, this.#session, options.queueStorage ?? storage, `${key}.queue`);
    }

    get url() {
        return this.#transport.options.url;
    }

    // --- log in and out ----------------------------------------------------------------------

    get authState() {
        return this.#session.state;
    }

    /** @param {(state: import("./types.js").AuthState) => void} listener */
    onAuthStateChange(listener) {
        return this.#session.subscribe(listener);
    }

    /** @param {string} login @param {string} password @param {CallOptions} [options] */
    logIn(login, password, {signal} = {}) {
        return this.#session.logIn("/api/login", {login, password}, signal);
    }

    /** @param {string} mfaToken @param {string} code @param {CallOptions} [options] */
    logInWithCode(mfaToken, code, {signal} = {}) {
        return this.#session.logIn("/api/login/mfa", {mfa_token: mfaToken, code}, signal);
    }

    /** @param {import("./types.js").PasskeyOptions} [options] */
    logInWithPasskey(options = {}) {
        return this.#session.logInWithPasskey(options);
    }

    restore() {
        return this.#session.restore();
    }

    /** @param {{all?: boolean}} [options] */
    logOut(options = {}) {
        return this.#session.logOut(options);
    }

    rotateRefreshToken() {
        return this.#session.rotate();
    }

    /** @param {CallOptions} [options] */
    async accessToken({signal} = {}) {
        return (await this.#session.access(signal)).token;
    }

    close() {
        this.queue.close();
        this.#session.close();
    }

    /** @param {CallOptions} [options] */
    async me(options = {}) {
        return (await this.#json("GET", "/api/me", options)).data;
    }

    /** @param {CallOptions} [options] */
    async sessions(options = {}) {
        return (await this.#json("GET", "/api/sessions", options)).data;
    }

    /** @param {number} id @param {CallOptions} [options] */
    async endSession(id, options = {}) {
        await this.#json("DELETE", `/api/sessions/${id}`, options);
    }

    // --- read --------------------------------------------------------------------------------

    /** @param {CallOptions} [options] */
    async models(options = {}) {
        return (await this.#json("GET", "/api/v1", options)).data;
    }

    /** @param {string} model @param {CallOptions} [options] */
    async schema(model, options = {}) {
        return (await this.#json("GET", pathOf(model, "schema"), options)).data;
    }

    /** @param {string} model @param {Options} [options] */
    async list(model, options = {}) {
        const body = await this.#json("GET", pathOf(model), options, {params: parametersOf(options)});
        return {
            records: body.data,
            page: body.page,
            pageSize: body.page_size,
            total: body.total,
            totalPages: body.total_pages,
            nextCursor: body.next_cursor,
            errors: body.errors,
        };
    }

    /** @param {string} model @param {Options} [options] */
    async *pages(model, options = {}) {
        for (let cursor = options.cursor ?? ""; cursor !== undefined; ) {
            const page = await this.list(model, {...options, cursor});
            yield page;
            cursor = page.nextCursor;
        }
    }

    /** @param {string} model @param {Options} [options] */
    async *iterate(model, options = {}) {
        for await (const page of this.pages(model, options)) yield* page.records;
    }

    /** @param {string} model @param {number} id @param {Options} [options] */
    async get(model, id, options = {}) {
        return this.#tagged("GET", pathOf(model, id), options, {params: parametersOf(options)});
    }

    // --- write -------------------------------------------------------------------------------

    /** @param {string} model @param {Options} values @param {Options} [options] */
    async create(model, values, options = {}) {
        return this.#tagged("POST", pathOf(model), options, once(options, writing(options, {values})));
    }

    /** @param {string} model @param {Options[]} values @param {Options} [options] */
    async createMany(model, values, options = {}) {
        const rest = once(options, writing(options, {values}));
        return (await this.#json("POST", pathOf(model), options, rest)).data;
    }

    /** @param {string} model @param {number} id @param {Options} values @param {Options} [options] */
    async update(model, id, values, options = {}) {
        const rest = writing(options, {values});
        // the second of two such requests fails, because the first has changed the record, or creates records again
        if (options.etag || createsRecords(values)) rest.repeatable = false;
        return this.#tagged("PATCH", pathOf(model, id), options, rest);
    }

    /** @param {string} model @param {{id: number, values: Options}[]} records @param {Options} [options] */
    async updateMany(model, records, options = {}) {
        const rest = writing(options, {records});
        if (createsRecords(records)) rest.repeatable = false;
        return (await this.#json("PATCH", pathOf(model), options, rest)).data;
    }

    /** @param {string} model @param {number} id @param {Options} [options] */
    async delete(model, id, options = {}) {
        let repeated = false;
        const onUncertain = () => void (repeated = true);
        const rest = {params: parametersOf(options), onUncertain};
        try {
            await this.#json("DELETE", pathOf(model, id), options, rest);
        } catch (error) {
            // the try before has deleted it, only its response was lost
            const gone = repeated && error instanceof ApiError && error.code === "not_found";
            if (!gone) throw error;
        }
        return id;
    }

    /** @param {string} model @param {number[]} ids @param {Options} [options] */
    async deleteMany(model, ids, options = {}) {
        const params = {...parametersOf(options), ids: JSON.stringify(ids)};
        return (await this.#json("DELETE", pathOf(model), options, {params})).deleted_ids;
    }

    /**
     * @param {string} model
     * @param {number | number[] | null} records
     * @param {string} name
     * @param {Options} [options]
     */
    async action(model, records, name, options = {}) {
        const {args, kwargs, context} = options;
        const one = typeof records === "number";
        const path = one ? pathOf(model, records, name) : pathOf(model, name);
        const body = {ids: one ? undefined : (records ?? undefined), args, kwargs, context};
        const rest = once(options, writing(options, body, ["args", "kwargs", "context"]));
        return (await this.#json("POST", path, options, rest)).result;
    }

    // --- files -------------------------------------------------------------------------------

    /**
     * @param {string} model
     * @param {number} id
     * @param {string} field
     * @param {Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer>} data
     * @param {Options} [options]
     */
    async upload(model, id, field, data, options = {}) {
        const type = options.type ?? (data instanceof Blob && data.type);
        const rest = {
            timeout: 0,
            repeatable: !options.etag,
            body: data,
            headers: {"Content-Type": type || "application/octet-stream"},
            params: parametersOf(options, ["type"]),
        };
        return this.#tagged("PUT", pathOf(model, id, field), options, rest);
    }

    /** @param {string} model @param {number} id @param {string} field @param {Options} [options] */
    download(model, id, field, options = {}) {
        return this.#file(pathOf(model, id, field), options);
    }

    /** @param {string} model @param {number} id @param {string} field @param {CallOptions} [options] */
    async link(model, id, field, options = {}) {
        const rest = {json: {}, repeatable: true};
        const {data} = await this.#json("POST", pathOf(model, id, field, "link"), options, rest);
        return {url: this.url + data.url, expiresIn: data.expires_in};
    }

    /** @param {string} model @param {number} id @param {string} name @param {Options} [options] */
    report(model, id, name, options = {}) {
        return this.#file(pathOf(model, id, "report", name), options);
    }

    // --- any request -------------------------------------------------------------------------

    /**
     * @param {string} method
     * @param {string} path
     * @param {Options} [options]
     */
    request(method, path, options = {}) {
        const {params, headers, json, body, repeatable} = options;
        return this.#call(method, path, options, {params, headers, json, body, repeatable}, async (response) => response);
    }

    /** @param {string} path @param {Options} options */
    #file(path, options) {
        const rest = {timeout: 0, params: parametersOf(options), headers: {Accept: "*/*"}};
        return this.#call("GET", path, options, rest, readFile);
    }

    /** @param {string} method @param {string} path @param {Options} options @param {Rest} [rest] */
    #json(method, path, options, rest = {}) {
        return this.#call(method, path, options, rest, readJson);
    }

    /** @param {string} method @param {string} path @param {Options} options @param {Rest} rest */
    #tagged(method, path, options, rest) {
        return this.#call(method, path, options, rest, async (response) => {
            const body = await readJson(response);
            return {record: body.data, etag: response.headers.get("ETag"), errors: body.errors};
        });
    }

    /**
     * Sends a request as the user; once more with a new access token if the server refuses the old one.
     *
     * @template T
     * @param {string} method
     * @param {string} path
     * @param {Options} options those of the call
     * @param {Rest} rest
     * @param {(response: Response) => Promise<T>} read
     * @returns {Promise<T>}
     */
    async #call(method, path, options, rest, read) {
        const {signal, company = this.defaults.company} = options;
        const send = (/** @type {string} */ token) => {
            const headers = {
                "Accept-Language": this.defaults.language,
                "X-Odoo-Company": company === undefined ? undefined : String(company),
                "If-Match": options.etag ?? undefined,
                ...rest.headers,
                Authorization: `Bearer ${token}`,
            };
            const timeout = options.timeout ?? rest.timeout;
            return this.#transport.send({...rest, method, path, headers, signal, timeout}, read);
        };
        let access = await sure(this.#session.access(signal));
        if (options.userId && options.userId !== access.userId) throw new UserChangedError();
        try {
            return await send(access.token);
        } catch (error) {
            if (!(error instanceof ApiError) || error.code !== "invalid_token") throw error;
            // the server has refused the last try; an earlier one may have got through
            access = await sure(this.#session.accessAfter(access, signal), error.uncertain);
            return await sure(send(access.token), error.uncertain || null);
        }
    }
}

/**
 * Waits for a result; its error says whether the server may have executed the call.
 *
 * @template T
 * @param {Promise<T>} result
 * @param {boolean | null} [uncertain] null: as the error itself says
 * @returns {Promise<T>}
 */
async function sure(result, uncertain = false) {
    try {
        return await result;
    } catch (error) {
        throw uncertain === null ? error : withUncertainty(error, uncertain);
    }
}

/**
 * Returns the path of a model, of a record or of a part of it.
 *
 * @param {...(string | number)} parts
 */
function pathOf(...parts) {
    return ["/api/v1", ...parts.map((part) => encodeURIComponent(part))].join("/");
}

/**
 * Returns what a request that writes has beside its path.
 *
 * @param {Options} options
 * @param {Options} body
 * @param {string[]} [inBody] options that are in *body* already
 * @returns {Rest}
 */
function writing(options, body, inBody = []) {
    const {fields, expand, files} = options;
    const params = parametersOf(options, ["fields", "expand", "files", ...inBody]);
    const content = {...body, fields, expand};
    return files ? {params, body: formOf(content, files), timeout: 0} : {params, json: content};
}

/**
 * Returns a form with files and, as JSON, what else a body has.
 *
 * @param {Options} content
 * @param {Record<string, Blob>} files
 */
function formOf(content, files) {
    const form = new FormData();
    for (const [name, value] of Object.entries(content)) {
        if (value !== undefined) form.append(name, JSON.stringify(value));
    }
    for (const [name, file] of Object.entries(files)) form.append(name, file);
    return form;
}

/**
 * Adds the key that makes a POST safe to send twice.
 *
 * @param {Options} options
 * @param {Rest} rest
 * @returns {Rest}
 */
function once(options, rest) {
    const headers = {"Idempotency-Key": options.idempotencyKey ?? randomId()};
    return {...rest, headers, repeatable: true, hasKey: true};
}
