/** The types of odoo-jwt-api/react-admin. They fit those of react-admin 5 without importing them. */

import type {ActionOptions, Client} from "./types.js";

export interface DataProviderOptions {
    /** The fields of each resource. By default all that are in its table, without files. */
    fields?: Record<string, string[]>;
    /** The models of resources whose names are others. */
    models?: Record<string, string>;
    /** Whether a form's changes are refused if somebody else has changed the record since it was read. Default: true. */
    guard?: boolean;
}

/**
 * What react-admin's `meta` may say: `fields` of this call, a `domain` beside the filter, `options` of a read
 * (`expand`, `archived`, `count` …), the `etag` of an update (null: whatever the version is).
 */
export interface Meta {
    fields?: string[];
    domain?: unknown[];
    options?: Record<string, unknown>;
    etag?: string | null;
}

interface Listed {
    data: any[];
    total?: number;
}

export interface DataProvider {
    supportAbortSignal: true;
    getList(resource: string, params: any): Promise<Listed>;
    getManyReference(resource: string, params: any): Promise<Listed>;
    getOne(resource: string, params: any): Promise<{data: any}>;
    getMany(resource: string, params: any): Promise<{data: any[]}>;
    create(resource: string, params: any): Promise<{data: any}>;
    update(resource: string, params: any): Promise<{data: any}>;
    updateMany(resource: string, params: any): Promise<{data: any[]}>;
    delete(resource: string, params: any): Promise<{data: any}>;
    deleteMany(resource: string, params: any): Promise<{data: any[]}>;
    /** Calls an action of a connection, such as `action_confirm`. */
    action(resource: string, params: {id: number | string; name: string} & ActionOptions): Promise<{data: any}>;
}

export interface AuthProvider {
    login(params: {username?: string; password?: string; code?: string}): Promise<void>;
    logout(params?: unknown): Promise<void>;
    checkAuth(params?: unknown): Promise<void>;
    checkError(error: any): Promise<void>;
    getIdentity(): Promise<{id: number; fullName: string; [key: string]: any}>;
    /** The methods of each open model. */
    getPermissions(params?: unknown): Promise<Record<string, string[]>>;
    canAccess(params: {action: string; resource: string}): Promise<boolean>;
}

export function dataProvider(odoo: Client<any>, options?: DataProviderOptions): DataProvider;
export function authProvider(odoo: Client<any>): AuthProvider;
