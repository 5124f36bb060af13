/**
 * Providers for react-admin.
 *
 *     import {authProvider, dataProvider} from "odoo-jwt-api/react-admin";
 *
 *     <Admin dataProvider={dataProvider(odoo)} authProvider={authProvider(odoo)}>
 *         <Resource name="res.partner" list={…} edit={…} />
 *
 * A resource is a model. A many2one is its id, as `ReferenceField` and `ReferenceInput` want it.
 *
 * @module
 */

import {ApiError, LoggedOutError, MfaRequiredError, NetworkError} from "./errors.js";
import {largestPages} from "./sizes.js";

/**
 * @typedef {import("./types.js").Client<any>} Client
 * @typedef {import("./types.js").Domain} Domain
 * @typedef {import("./react-admin-types.js").DataProviderOptions} DataProviderOptions
 * @typedef {Record<string, any>} Values
 */

/** What the end of a filter's name says, as in the stacked filters of react-admin: `amount_gte`, `name_q`. */
const OPERATORS = /** @type {const} */ ([
    ["_eq_any", "in"],
    ["_neq_any", "not in"],
    ["_neq", "!="],
    ["_eq", "="],
    ["_gte", ">="],
    ["_lte", "<="],
    ["_gt", ">"],
    ["_lt", "<"],
    ["_q", "ilike"],
]);

/** How many ids are asked for at once: their list is a part of the URL. */
const IDS_AT_ONCE = 200;
/** So many that it is not worth asking how many a connection allows. */
const IDS_ALWAYS = 10;

/** The method of a connection that each of react-admin's actions needs. */
const METHOD_OF = /** @type {Record<string, string>} */ ({create: "POST", edit: "PUT", delete: "DELETE"});

/**
 * Creates a data provider.
 *
 * @param {Client} odoo
 * @param {DataProviderOptions} [options]
 * @returns {import("./react-admin-types.js").DataProvider}
 */
export function dataProvider(odoo, {fields = {}, models = {}, guard = true} = {}) {
    /** @type {Map<string, string>} the version of each record that a form shows */
    const versions = new Map();
    /** @type {Map<string, Promise<string[]>>} */
    const known = new Map();
    const largestPage = largestPages(odoo);
    const modelOf = (/** @type {string} */ resource) => models[resource] ?? resource;

    /** Returns the fields of a resource: the chosen ones, or all that are in its table and no files. */
    async function fieldsOf(/** @type {string} */ resource, /** @type {any} */ meta) {
        if (meta?.fields ?? fields[resource]) return meta?.fields ?? fields[resource];
        const model = modelOf(resource);
        if (!known.has(model)) known.set(model, tableOf(model));
        return known.get(model);
    }

    async function tableOf(/** @type {string} */ model) {
        try {
            const {fields: all} = await odoo.schema(model);
            return Object.keys(all).filter((name) => all[name].readable && all[name].stored && all[name].type !== "binary");
        } catch (error) {
            known.delete(model);
            throw error;
        }
    }

    /** Returns what each read of a resource asks for. */
    async function reading(/** @type {string} */ resource, /** @type {any} */ {meta, signal}) {
        const chosen = await fieldsOf(resource, meta);
        return {fields: chosen, relations: /** @type {const} */ ("id"), ...meta?.options, signal};
    }

    async function page(/** @type {string} */ resource, /** @type {any} */ params, /** @type {Domain} */ more) {
        const {pagination, sort, filter = {}, meta} = params;
        const {q, ...rest} = filter;
        const result = await odoo.list(modelOf(resource), {
            ...(await reading(resource, params)),
            domain: [...more, ...domainOf(rest), ...(meta?.domain ?? [])],
            ...(q && {search: q}),
            ...(sort && {order: `${sort.field} ${sort.order.toLowerCase()}`}),
            ...(pagination && {page: pagination.page, limit: pagination.perPage}),
        });
        return {data: result.records, total: result.total};
    }

    /** Keeps the version of a record, and returns the record. */
    function seen(/** @type {string} */ resource, /** @type {import("./types.js").One<any>} */ {record, etag}) {
        if (etag) versions.set(`${resource} ${record.id}`, etag);
        return {data: record};
    }

    const versionOf = (/** @type {string} */ resource, /** @type {any} */ id, /** @type {any} */ meta) =>
        meta?.etag !== undefined ? meta.etag : guard ? versions.get(`${resource} ${id}`) : undefined;
    const forget = (/** @type {string} */ resource, /** @type {any[]} */ ids) =>
        ids.forEach((id) => versions.delete(`${resource} ${id}`));

    const provider = {
        supportAbortSignal: true,

        async getList(/** @type {string} */ resource, /** @type {any} */ params) {
            return page(resource, params, []);
        },

        async getManyReference(/** @type {string} */ resource, /** @type {any} */ params) {
            return page(resource, params, [[params.target, "=", numberOf(params.id)]]);
        },

        async getOne(/** @type {string} */ resource, /** @type {any} */ params) {
            const asked = await reading(resource, params);
            return seen(resource, await odoo.get(modelOf(resource), numberOf(params.id), asked));
        },

        async getMany(/** @type {string} */ resource, /** @type {any} */ params) {
            const asked = await reading(resource, params);
            const ids = params.ids.map(numberOf);
            const data = [];
            const size = ids.length > IDS_ALWAYS ? Math.min(IDS_AT_ONCE, await largestPage(modelOf(resource))) : IDS_ALWAYS;
            for (let start = 0; start < ids.length; start += size) {
                const some = ids.slice(start, start + size);
                // an archived record may still be referred to
                const options = {...asked, archived: true, count: /** @type {const} */ ("none")};
                const domain = /** @type {Domain} */ ([["id", "in", some]]);
                data.push(...(await odoo.list(modelOf(resource), {...options, domain, limit: some.length})).records);
            }
            return {data};
        },

        async create(/** @type {string} */ resource, /** @type {any} */ params) {
            const asked = await reading(resource, params);
            const {values, files} = writable(params.data);
            return seen(resource, await odoo.create(modelOf(resource), values, {...asked, files}));
        },

        async update(/** @type {string} */ resource, /** @type {any} */ params) {
            const {id, data, previousData, meta} = params;
            const asked = await reading(resource, params);
            const {values, files} = writable(changesOf(data, previousData));
            const options = {...asked, files, etag: versionOf(resource, id, meta)};
            return seen(resource, await odoo.update(modelOf(resource), numberOf(id), values, options));
        },

        async updateMany(/** @type {string} */ resource, /** @type {any} */ {ids, data}) {
            const {values} = writable(data);
            await odoo.updateMany(modelOf(resource), ids.map((/** @type {any} */ id) => ({id: numberOf(id), values})));
            forget(resource, ids);
            return {data: ids};
        },

        async delete(/** @type {string} */ resource, /** @type {any} */ {id, previousData, meta}) {
            await odoo.delete(modelOf(resource), numberOf(id), {etag: versionOf(resource, id, meta)});
            forget(resource, [id]);
            return {data: previousData ?? {id}};
        },

        async deleteMany(/** @type {string} */ resource, /** @type {any} */ {ids}) {
            await odoo.deleteMany(modelOf(resource), ids.map(numberOf));
            forget(resource, ids);
            return {data: ids};
        },

        /** Calls an action of a connection, such as `action_confirm`. */
        async action(/** @type {string} */ resource, /** @type {any} */ {id, name, ...call}) {
            const result = await odoo.action(modelOf(resource), numberOf(id), name, call);
            forget(resource, [id]);
            return {data: result};
        },
    };
    return /** @type {any} */ (withFormErrors(provider));
}

/**
 * Creates an authentication provider.
 *
 * The form of the log-in sends `username` and `password`; after a `mfa_required` it sends `code`.
 *
 * @param {Client} odoo
 * @returns {import("./react-admin-types.js").AuthProvider}
 */
export function authProvider(odoo) {
    /** @type {string | null} */
    let mfaToken = null;
    /** @type {Promise<Map<string, string[]>> | null} the methods of each open model */
    let open = null;
    odoo.onAuthStateChange(() => {
        open = null;
    });

    const methods = () => {
        open ??= odoo.models().then(
            (models) => new Map(models.map((each) => [each.model, each.methods])),
            (error) => {
                open = null;
                throw error;
            },
        );
        return open;
    };

    return {
        async login({username = "", password = "", code}) {
            if (code && mfaToken) {
                await odoo.logInWithCode(mfaToken, code);
                mfaToken = null;
                return;
            }
            try {
                await odoo.logIn(username, password);
            } catch (error) {
                if (error instanceof MfaRequiredError) mfaToken = error.mfaToken;
                throw error;
            }
        },

        async logout() {
            // a session that is over: by now, another tab may have a new one
            if (odoo.authState.status === "logged-out") return;
            // without a network the person is logged out here all the same
            await odoo.logOut().catch(unlessPassing);
        },

        async checkAuth() {
            const state = await odoo.restore().catch(unlessPassing);
            if (state?.status === "logged-out") throw new Error("Log in.");
        },

        async checkError(error) {
            if (error instanceof LoggedOutError) throw error;
        },

        async getIdentity() {
            const {id, name, ...user} = await odoo.me();
            return {...user, id, fullName: name};
        },

        async getPermissions() {
            return Object.fromEntries(await methods());
        },

        async canAccess({action, resource}) {
            const allowed = (await methods()).get(resource);
            return allowed?.includes(METHOD_OF[action] ?? "GET") ?? false;
        },
    };
}

/** @param {unknown} error */
function unlessPassing(error) {
    if (!(error instanceof NetworkError)) throw error;
}

/**
 * Adds to each error what react-admin shows beside the inputs of a form.
 *
 * @param {Record<string, any>} provider
 */
function withFormErrors(provider) {
    const wrapped = Object.entries(provider).map(([name, method]) => {
        if (typeof method !== "function") return [name, method];
        const call = async (/** @type {any[]} */ ...given) => {
            try {
                return await method(...given);
            } catch (error) {
                if (error instanceof ApiError && Object.keys(error.fields).length) {
                    const errors = Object.entries(error.fields).map(([field, texts]) => [field, texts.join(" ")]);
                    error.body = {...error.body, errors: Object.fromEntries(errors)};
                }
                throw error;
            }
        };
        return [name, call];
    });
    return Object.fromEntries(wrapped);
}

/**
 * Turns a filter of react-admin into a domain.
 *
 * @param {Values} filter
 * @param {string} [prefix] the relation that it is about
 * @returns {Domain}
 */
function domainOf(filter, prefix = "") {
    return Object.entries(filter).flatMap(([key, value]) => {
        const name = prefix + key;
        if (value === undefined) return [];
        // a form makes an object of a source with a dot
        if (isObject(value)) return domainOf(value, `${name}.`);
        const found = OPERATORS.find(([end]) => name.endsWith(end));
        if (found) return [[name.slice(0, -found[0].length), found[1], value]];
        return [[name, Array.isArray(value) ? "in" : "=", value === null ? false : value]];
    });
}

/**
 * Returns the values that a form has changed.
 *
 * @param {Values} data
 * @param {Values} [before]
 */
function changesOf(data, before = {}) {
    const same = (/** @type {unknown} */ a, /** @type {unknown} */ b) => JSON.stringify(a) === JSON.stringify(b);
    return Object.fromEntries(Object.entries(data).filter(([name, value]) => !same(value, before[name])));
}

/**
 * Returns values as the API takes them: without the id, and the files of a form beside them.
 *
 * @param {Values} data
 * @returns {{values: Values, files: Record<string, Blob> | undefined}}
 */
function writable(data) {
    /** @type {Values} */
    const values = {};
    /** @type {Record<string, Blob>} */
    const files = {};
    for (const [name, value] of Object.entries(data)) {
        if (value?.rawFile instanceof Blob) files[name] = value.rawFile;
        else if (name !== "id") values[name] = value;
    }
    return {values, files: Object.keys(files).length ? files : undefined};
}

/** @param {unknown} value */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Returns an id as a number: in the path of a page it is text.
 *
 * @param {unknown} id
 */
const numberOf = (id) => Number(id);
