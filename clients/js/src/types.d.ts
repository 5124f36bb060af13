/**
 * The types of odoo-jwt-api. Kept by hand; the modules are checked against them.
 */

// --- create a client -----------------------------------------------------------------------

/** A storage: `localStorage`, `AsyncStorage`, or three functions around the secure storage of a system. */
export interface ClientStorage {
    getItem(key: string): string | null | Promise<string | null>;
    setItem(key: string, value: string): void | Promise<void>;
    removeItem(key: string): void | Promise<void>;
}

export interface ClientOptions {
    /** The address of Odoo, such as `https://odoo.example.com`. A page that Odoo serves can leave it out. */
    url?: string;
    /** The database, where the server has several and does not find it by the host name. */
    database?: string;
    /**
     * `browser`: the refresh token is in a cookie that no script can read. `app`: it is in the storage. By default
     * `browser` in a page, `app` elsewhere.
     */
    mode?: "browser" | "app";
    /** Where an app keeps its refresh token: a secure place. By default in memory, until the app ends. */
    storage?: ClientStorage;
    /** Where the queue keeps writes that wait, in clear text. By default in `storage`. */
    queueStorage?: ClientStorage;
    /** In place of the global `fetch`. */
    fetch?: typeof fetch;
    /** How long to wait for a response, in milliseconds; 0: forever. Default: 60,000. Files have no limit. */
    timeout?: number;
    /** How often a request is sent again after 429, 503 or a failure of the network. Default: 3. */
    retries?: number;
    /** A longer `Retry-After`, in milliseconds, is an error at once. Default: 30,000. */
    maxRetryDelay?: number;
    /** The language of reads and messages, such as `fr-FR`. By default that of the user. */
    language?: string;
    /** The company or companies for which requests are executed. */
    company?: number | string;
}

/** Names of models and the types of their records; `any` where you have no types. */
export type Models = Record<string, object>;

/** A record whose model has no type of its own. */
export type AnyRecord = {id: number} & Record<string, any>;

export type RecordOf<M, N extends string> = N extends keyof M ? M[N] : AnyRecord;

/** Names of a model: those with types are proposed, all others are allowed. */
export type ModelName<M> = (keyof M & string) | (string & {});

/** A many2one that is not expanded. */
export interface Reference {
    id: number;
    display_name: string;
}

/**
 * Creates a client of one server. A page or an app needs one of each.
 *
 *     interface Partner {id: number; name: string; parent_id: Reference | null}
 *     const odoo = createClient<{"res.partner": Partner}>({url: "https://odoo.example.com"});
 */
export function createClient<M extends object = Models>(options?: ClientOptions): Client<M>;

// --- options of calls ----------------------------------------------------------------------

export interface CallOptions {
    /** Ends the call; its error is the signal's reason. */
    signal?: AbortSignal;
    /** In place of the client's, in milliseconds. */
    timeout?: number;
    company?: number | string;
    /** The user whose request it is: if another one is logged in by then, it is a `UserChangedError`. */
    userId?: number;
}

export type Condition = [field: string, operator: string, value: unknown];
/** Odoo's domain: conditions, and `&`, `|`, `!` before those that they join. */
export type Domain = (Condition | "&" | "|" | "!")[];

/** Relations to return as objects: their names alone, their fields, or more. */
export type Expand = string[] | {[relation: string]: string[] | ExpandOptions};

export interface ExpandOptions {
    fields?: string[];
    expand?: Expand;
    order?: string;
    limit?: number;
}

export interface ReadOptions extends CallOptions {
    fields?: string[];
    expand?: Expand;
    /** A many2one as `{id, display_name}` (default) or as its id. */
    relations?: "object" | "id";
    /** Empty values as null (default) or as Odoo's `false`. */
    nulls?: boolean;
    lang?: string;
}

export interface PageOptions extends ReadOptions {
    domain?: Domain;
    /** Part of the name, as in Odoo's search. */
    search?: string;
    order?: string | string[];
    /** The size of a page. The connection has a largest one. */
    limit?: number;
    count?: "exact" | "estimated" | "none";
    /** Archived records too. */
    archived?: boolean;
    /**
     * In place of page numbers: empty for the first page, then the `nextCursor` of each page. `pages` and `iterate` go on
     * from there.
     */
    cursor?: string;
}

export interface ListOptions extends PageOptions {
    /** The number of the page, from 1. */
    page?: number;
    groupby?: string[];
    aggregates?: string[];
}

export interface WriteOptions extends ReadOptions {
    /** The tag of the version that was read: if the record has changed since, the error is `precondition_failed`. */
    etag?: string | null;
    /** Files by the names of their binary fields; a `File` also tells its name. */
    files?: Record<string, Blob>;
}

export interface CreateOptions extends ReadOptions {
    /** Files by the names of their binary fields; a `File` also tells its name. */
    files?: Record<string, Blob>;
    /** A key of your own, for a request that is repeated after a restart. By default each call has a new one. */
    idempotencyKey?: string;
}

export interface ActionOptions extends CallOptions {
    args?: unknown[];
    kwargs?: Record<string, unknown>;
    context?: Record<string, unknown>;
    lang?: string;
    idempotencyKey?: string;
}

export interface UploadOptions extends CallOptions {
    /** The media type of the file. By default that of the `Blob`. */
    type?: string;
    etag?: string | null;
}

export interface PasskeyOptions {
    signal?: AbortSignal;
    /** Asks the person in place of `navigator.credentials`, such as a function of a native app. */
    ask?: (options: Record<string, any>, signal?: AbortSignal) => Promise<unknown>;
}

export interface RequestOptions extends CallOptions {
    params?: Record<string, string>;
    headers?: Record<string, string>;
    /** The body, as a value. */
    json?: unknown;
    /** The body, as it is. */
    body?: BodyInit;
    /** Whether to send it again after a failure of the network. By default all but POST. */
    repeatable?: boolean;
}

// --- results -------------------------------------------------------------------------------

/** A value that could not be read; it is empty in the record. */
export interface ValueError {
    model: string;
    ids: number[];
    field: string;
    error: string;
    message: string;
}

export interface Page<T> {
    records: T[];
    /** Not with a cursor. */
    page?: number;
    pageSize: number;
    /** Not with `count: "none"` or a cursor. */
    total?: number;
    totalPages?: number;
    /** Missing on the last page. */
    nextCursor?: string;
    errors?: ValueError[];
}

export interface One<T> {
    record: T;
    /** The version of the record, for `update` and `delete`. */
    etag: string | null;
    errors?: ValueError[];
}

export interface Download {
    blob: Blob;
    filename: string | null;
    etag: string | null;
}

export interface AuthState {
    /** `unknown` until `restore` or the first call. */
    status: "unknown" | "logged-in" | "logged-out";
    userId: number | null;
    /** What has led to this state. `expired`: the session has ended, nobody has logged out here. */
    reason: "start" | "login" | "refresh" | "logout" | "expired" | "other-tab";
}

export interface User {
    id: number;
    login: string;
    name: string;
    email: string | false;
    partner_id: number;
    lang: string;
    tz: string | false;
    company_id: [id: number, name: string];
    company_ids: [id: number, name: string][];
}

export interface SessionOfUser {
    id: number;
    device: string;
    client_type: string;
    ip_address: string;
    created_at: string;
    last_used_at: string;
    expires_at: string;
    current: boolean;
}

export interface ModelInfo {
    model: string;
    name: string;
    methods: string[];
    actions: {name: string; description: string}[];
    reports: {name: string; title: string}[];
    links: Record<string, string>;
}

export interface FieldInfo {
    type: string;
    label: string;
    help: string | null;
    required: boolean;
    readable: boolean;
    writable: boolean;
    readonly: boolean;
    stored: boolean;
    searchable: boolean;
    sortable: boolean;
    relation?: string;
    selection?: {value: string; label: string}[];
    size?: number;
    digits?: [number, number];
    currency_field?: string;
    default: unknown;
}

export interface ModelSchema extends ModelInfo {
    max_limit: number;
    fields: Record<string, FieldInfo>;
}

// --- the client ----------------------------------------------------------------------------

export interface Client<M extends object = Models> {
    /** The full address of Odoo, without a slash at its end. */
    readonly url: string;
    /** Who is logged in, as far as this page or app knows. */
    readonly authState: AuthState;
    /** Calls the listener with the state as it is, and after each change, also one of another tab. */
    onAuthStateChange(listener: (state: AuthState) => void): () => void;
    /** Logs in. An account with a second factor is a `MfaRequiredError`: ask for the code, then `logInWithCode`. */
    logIn(login: string, password: string, options?: {signal?: AbortSignal}): Promise<AuthState>;
    logInWithCode(mfaToken: string, code: string, options?: {signal?: AbortSignal}): Promise<AuthState>;
    logInWithPasskey(options?: PasskeyOptions): Promise<AuthState>;
    /** Finds out who is logged in, when a page or an app begins. */
    restore(): Promise<AuthState>;
    /**
     * Logs out, in all tabs; with `all` on all devices. Without a network it throws a `NetworkError`: the person is
     * logged out here, and a browser tells the server before it does anything else.
     */
    logOut(options?: {all?: boolean}): Promise<void>;
    /** Replaces the refresh token of an app. With the profile `strict`, each refresh does. */
    rotateRefreshToken(): Promise<void>;
    /** Returns an access token that is valid for a while, for requests of your own. */
    accessToken(options?: {signal?: AbortSignal}): Promise<string>;
    /** Ends what listens to other tabs. Waiting writes stay in their storage. */
    close(): void;

    me(options?: CallOptions): Promise<User>;
    sessions(options?: CallOptions): Promise<SessionOfUser[]>;
    endSession(id: number, options?: CallOptions): Promise<void>;

    /** The models that are open to the user. */
    models(options?: CallOptions): Promise<ModelInfo[]>;
    schema(model: ModelName<M>, options?: CallOptions): Promise<ModelSchema>;
    list<N extends ModelName<M>>(model: N, options?: ListOptions): Promise<Page<RecordOf<M, N>>>;
    /** Reads all pages, one after the other. They stay stable while records are added and deleted. */
    pages<N extends ModelName<M>>(model: N, options?: PageOptions): AsyncGenerator<Page<RecordOf<M, N>>, void>;
    /** Reads all records, page by page. */
    iterate<N extends ModelName<M>>(model: N, options?: PageOptions): AsyncGenerator<RecordOf<M, N>, void>;
    get<N extends ModelName<M>>(model: N, id: number, options?: ReadOptions): Promise<One<RecordOf<M, N>>>;

    create<N extends ModelName<M>>(
        model: N,
        values: Record<string, any>,
        options?: CreateOptions,
    ): Promise<One<RecordOf<M, N>>>;
    /** Creates all of them or none. */
    createMany<N extends ModelName<M>>(
        model: N,
        values: Record<string, any>[],
        options?: Omit<CreateOptions, "files">,
    ): Promise<RecordOf<M, N>[]>;
    update<N extends ModelName<M>>(
        model: N,
        id: number,
        values: Record<string, any>,
        options?: WriteOptions,
    ): Promise<One<RecordOf<M, N>>>;
    /** Changes all of them or none. */
    updateMany<N extends ModelName<M>>(
        model: N,
        records: {id: number; values: Record<string, any>}[],
        options?: ReadOptions,
    ): Promise<RecordOf<M, N>[]>;
    delete(model: ModelName<M>, id: number, options?: CallOptions & {etag?: string | null}): Promise<number>;
    /** Deletes all of them or none. */
    deleteMany(model: ModelName<M>, ids: number[], options?: CallOptions): Promise<number[]>;
    /** Calls an action of one record, of several, or (null) of the model itself. */
    action(model: ModelName<M>, records: number | number[] | null, name: string, options?: ActionOptions): Promise<any>;

    upload(
        model: ModelName<M>,
        id: number,
        field: string,
        data: Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer>,
        options?: UploadOptions,
    ): Promise<One<{id: number}>>;
    download(model: ModelName<M>, id: number, field: string, options?: CallOptions): Promise<Download>;
    /** Returns a link for `<img>`, which cannot send a token, and the seconds until it expires. */
    link(
        model: ModelName<M>,
        id: number,
        field: string,
        options?: CallOptions,
    ): Promise<{url: string; expiresIn: number}>;
    /** Returns the PDF of a report, such as `sale.report_saleorder`. */
    report(model: ModelName<M>, id: number, name: string, options?: CallOptions & {lang?: string}): Promise<Download>;

    /**
     * Sends any request as the user: the token, retries and errors are those of the other methods. A path that does not
     * begin with one "/" is an `AddressError`.
     */
    request(method: string, path: string, options?: RequestOptions): Promise<Response>;

    /** Writes for when there is no network. */
    readonly queue: WriteQueue;
}

// --- the queue -----------------------------------------------------------------------------

export interface QueueEntry {
    id: string;
    /** Its `Idempotency-Key`. */
    key: string;
    /** Who has written it: it is never sent as another user. */
    userId: number;
    kind: "create" | "update" | "delete" | "action";
    model: string;
    /** The id of the record; `new:…` while it waits to be created. */
    record: number | string;
    values?: Record<string, unknown>;
    etag?: string | null;
    name?: string;
    call?: Record<string, unknown>;
    createdAt: number;
    /** When it was sent for the first time, so that the server may have executed it; null if it cannot have. */
    sentAt: number | null;
    state: "waiting" | "refused";
    error: {
        code: string;
        message: string;
        status: number;
        fields: Record<string, string[]>;
        /** True if the server may have executed it all the same, such as an earlier try whose response was lost. */
        uncertain: boolean;
    } | null;
}

export type QueueEvent =
    /** A write is stored. */
    | {type: "queued"; entry: QueueEntry}
    /** The server has executed it. The result of a create is the record, with its `id`. */
    | {type: "done"; entry: QueueEntry; result: any}
    /** The server has refused it: `precondition_failed` if somebody else has changed the record. */
    | {type: "refused"; entry: QueueEntry; error: unknown}
    /** There is no network, the server is busy, or the storage is full: the queue tries again by itself. */
    | {type: "paused"; error: ApiError}
    /** Something else has changed, such as the queue of another tab: read `entries`. */
    | {type: "changed"};

export interface WriteQueue {
    /** Returns a preliminary id, `new:…`, which may stand for the record in everything that is queued later. */
    create(model: string, values: Record<string, any>): Promise<string>;
    update(
        model: string,
        record: number | string,
        values: Record<string, any>,
        options?: {etag?: string | null},
    ): Promise<QueueEntry>;
    delete(model: string, record: number | string, options?: {etag?: string | null}): Promise<QueueEntry>;
    action(
        model: string,
        record: number | string,
        name: string,
        call?: {args?: unknown[]; kwargs?: Record<string, unknown>; context?: Record<string, unknown>},
    ): Promise<QueueEntry>;
    /** What waits or was refused, in order. */
    entries(): Promise<QueueEntry[]>;
    /** The id of a record that was created with this preliminary id, or null. */
    idOf(record: string): Promise<number | null>;
    /** Sends what waits. The queue does it by itself after a log-in and when the network is back. */
    replay(): Promise<void>;
    /** Sends a refused entry again, with other values or another tag (null: whatever the version is). */
    retry(id: string, changes?: {values?: Record<string, unknown>; etag?: string | null}): Promise<void>;
    /** Removes an entry, and what needs the record that it would have created; returns them. */
    discard(id: string): Promise<QueueEntry[]>;
    onChange(listener: (event: QueueEvent) => void): () => void;
}

// --- errors --------------------------------------------------------------------------------

export interface ErrorDetails {
    code: string;
    status?: number;
    fields?: Record<string, string[]>;
    retryAfter?: number | null;
    uncertain?: boolean;
    body?: object | null;
    cause?: unknown;
}

/** A request that failed. */
export class ApiError extends Error {
    constructor(message: string, details: ErrorDetails);
    /** The machine-readable code, such as `validation_error`. Codes never change. */
    code: string;
    /** The HTTP status; 0 if there was no response. */
    status: number;
    /** The fields or parameters that the error is about, with a list of sentences for each. */
    fields: Record<string, string[]>;
    /** The number of seconds after which to try again, or null. */
    retryAfter: number | null;
    /** True if the server may have executed the request although it failed. */
    uncertain: boolean;
    body: object | null;
}

/** No usable response: the network or the server is down, or it redirects (`redirected`), which is never followed. */
export class NetworkError extends ApiError {}
/** The response did not come in time. */
export class TimeoutError extends NetworkError {}
/** The request was not sent: its path would lead away from Odoo, and the tokens with it. */
export class AddressError extends ApiError {
    constructor(path: string);
}
/** The storage of the device cannot be used: it is full, blocked or locked. */
export class StorageError extends ApiError {
    constructor(cause?: unknown);
}
/** Nobody is logged in. */
export class LoggedOutError extends ApiError {
    constructor(message?: string, cause?: unknown);
}
/** Another person has logged in in another tab: the request was not sent. */
export class UserChangedError extends ApiError {
    constructor();
}
/** Login and password are right, but the account has a second factor. */
export class MfaRequiredError extends ApiError {
    /** Send it with the code to `logInWithCode`. */
    mfaToken: string;
    /** `totp` (a code of the authenticator app) or `totp_mail` (a code that was sent by e-mail). */
    mfaType: string;
    /** How many seconds the `mfaToken` is valid. */
    expiresIn: number;
}

// --- helpers -------------------------------------------------------------------------------

/** A storage that forgets everything with the page or the process. */
export function memoryStorage(): ClientStorage;
/** Turns a file into base64, for the value of a binary field. */
export function toBase64(blob: Blob): Promise<string>;
